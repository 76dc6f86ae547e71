use std::hint::black_box;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

const ROUNDS: usize = 15;
/// How long a subject runs in one round, if once is not longer.
const SLICE: Duration = Duration::from_millis(40);

/// One thing to do, and who can do it. The first subject is devserve.
pub struct Case {
    pub name: &'static str,
    /// How much one turn reads, where that is worth a rate.
    pub bytes: Option<usize>,
    subjects: Vec<Subject>,
}

struct Subject {
    name: &'static str,
    run: Box<dyn FnMut(u64) -> Duration>,
    turns: u64,
}

/// What came of a case: devserve's time for a turn, and the others' as multiples of it.
pub struct Outcome {
    name: &'static str,
    bytes: Option<usize>,
    time: Duration,
    ratios: Vec<(&'static str, f64)>,
}

impl Case {
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            bytes: None,
            subjects: Vec::new(),
        }
    }

    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// A subject that works in this process.
    pub fn with<T>(self, name: &'static str, mut turn: impl FnMut() -> T + 'static) -> Self {
        self.timed(name, move |turns| {
            let began = cpu_time();
            for _ in 0..turns {
                black_box(turn());
            }
            cpu_time() - began
        })
    }

    /// A subject that does so many turns and tells the time itself.
    pub fn timed(mut self, name: &'static str, run: impl FnMut(u64) -> Duration + 'static) -> Self {
        self.subjects.push(Subject {
            name,
            run: Box::new(run),
            turns: 1,
        });
        self
    }

    /// Every subject in turn, round after round. A ratio is taken between neighbours in time.
    pub fn measure(mut self) -> Outcome {
        for subject in &mut self.subjects {
            subject.calibrate();
        }
        let mut times = vec![Vec::new(); self.subjects.len()];
        for _ in 0..ROUNDS {
            for (subject, times) in self.subjects.iter_mut().zip(&mut times) {
                times.push(subject.turn());
            }
        }
        let (own, others) = times.split_first().expect("devserve is a subject");
        let ratios = self.subjects[1..]
            .iter()
            .zip(others)
            .map(|(subject, times)| {
                let ratios = times.iter().zip(own).map(|(theirs, ours)| theirs / ours);
                (subject.name, median(ratios.collect()))
            });
        Outcome {
            name: self.name,
            bytes: self.bytes,
            time: Duration::from_secs_f64(median(own.clone())),
            ratios: ratios.collect(),
        }
    }
}

impl Subject {
    /// Finds how many turns fill a slice; warms up by that.
    fn calibrate(&mut self) {
        while (self.run)(self.turns) < SLICE / 2 {
            self.turns *= 2;
        }
    }

    /// The seconds of one turn.
    fn turn(&mut self) -> f64 {
        (self.run)(self.turns).as_secs_f64() / self.turns as f64
    }
}

/// What this thread has used of the processor. On a busy machine the time that passes says as
/// much about who else ran, and favors whoever has just waited.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A table in Markdown, with a column for each peer.
pub struct Table(&'static [&'static str]);

impl Table {
    pub fn new(peers: &'static [&'static str]) -> Self {
        Self(peers)
    }

    pub fn head(&self) {
        let peers: String = self.0.iter().map(|peer| format!(" {peer} |")).collect();
        println!("| case | devserve |{peers}");
        println!("|---|---|{}", "---|".repeat(self.0.len()));
    }

    pub fn row(&self, outcome: Outcome) {
        let ratio = |peer: &&str| outcome.ratios.iter().find(|(name, _)| name == peer);
        let ratios = self.0.iter().map(|peer| match ratio(peer) {
            Some((_, ratio)) if *ratio < 9.95 => format!(" {ratio:.2} |"),
            Some((_, ratio)) => format!(" {ratio:.0} |"),
            None => " |".to_owned(),
        });
        let rate = outcome.bytes.map(|bytes| {
            let rate = bytes as f64 / outcome.time.as_secs_f64() / 1e9;
            format!(", {rate:.1} GB/s")
        });
        let (time, rate) = (shown(outcome.time), rate.unwrap_or_default());
        let ratios: String = ratios.collect();
        println!("| {} | {time}{rate} |{ratios}", outcome.name);
    }
}

fn shown(time: Duration) -> String {
    match time.as_nanos() {
        nanos @ 0..10_000 => format!("{nanos} ns"),
        nanos @ 10_000..10_000_000 => format!("{:.0} µs", nanos as f64 / 1e3),
        nanos => format!("{:.0} ms", nanos as f64 / 1e6),
    }
}
