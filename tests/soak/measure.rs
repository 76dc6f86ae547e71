use std::fmt;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often a process is looked at.
const STEP: Duration = Duration::from_millis(50);

/// What a process costs at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) threads: usize,
    pub(crate) descriptors: usize,
    pub(crate) resident_kib: usize,
}

impl Cost {
    pub(crate) fn of(process: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let field = |name: &str| -> usize {
            let mut lines = status.lines();
            let line = lines.find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse().unwrap()
        };
        Self {
            threads: field("Threads:"),
            descriptors: fs::read_dir(format!("/proc/{process}/fd")).unwrap().count(),
            resident_kib: field("VmRSS:"),
        }
    }

    /// The higher of both, in each respect.
    pub(crate) fn max(self, other: Self) -> Self {
        Self {
            threads: self.threads.max(other.threads),
            descriptors: self.descriptors.max(other.descriptors),
            resident_kib: self.resident_kib.max(other.resident_kib),
        }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} threads, {} descriptors, {} KiB",
            self.threads, self.descriptors, self.resident_kib
        )
    }
}

/// The most a process costs until `ended`.
pub(crate) fn peak(process: u32, ended: &AtomicBool) -> Cost {
    let mut peak = Cost::of(process);
    while !ended.load(Ordering::Relaxed) {
        thread::sleep(STEP);
        peak = peak.max(Cost::of(process));
    }
    peak
}

/// Waits until a process costs no more threads and descriptors than `most`, for so long at most;
/// returns what it costs then. The kernel tells nobody when a thread has ended, so this looks.
pub(crate) fn settle(process: u32, most: Cost, patience: Duration) -> Cost {
    let deadline = Instant::now() + patience;
    loop {
        let cost = Cost::of(process);
        let has_settled = cost.threads <= most.threads && cost.descriptors <= most.descriptors;
        if has_settled || Instant::now() > deadline {
            return cost;
        }
        thread::sleep(STEP);
    }
}
