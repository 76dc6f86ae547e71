//! A soak: decent clients and every fault there is, all at once, for `DEVSERVE_SOAK_SECONDS`.
//! No answer may be wrong, and once it is quiet again the server has given everything back.
//!
//! Chance follows from `DEVSERVE_SOAK_SEED`, which is printed; how the threads come to run does
//! not. See all of it with `cargo test --test soak -- --nocapture`.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops where something is missing"
)]

mod app;
mod client;
mod connection;
mod dice;
mod faults;
mod good;
mod measure;
mod mix;
mod overload;
mod server;
mod tally;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use client::World;
use measure::Cost;
use server::{SERVERS, ServerProcess};

/// Seconds of a run where nothing else is asked for.
const SECONDS: u64 = 5;
/// From here on a run is compared with itself at rest. Coming to rest takes longer than a short
/// run does, which cannot tell a slow leak anyway.
const LONG: Duration = Duration::from_secs(60);
/// Workers that each server may keep when there is nothing to do: four that wait in the poller,
/// four that sleep, a leader and its deputy. Who of them is there depends on how the mix ended.
const KEPT_WORKERS: usize = 10;
/// A worker beyond those waits 10 s for work, and may be in the middle of it; all time limits of
/// connections are shorter. The rest is for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// What memory may grow by between the first third and the end. In two minutes it grows by 1 to
/// 3 MiB, by less the longer a run is: caches fill, and the heap gets holes. A hundred bytes lost
/// with each request would be more than this.
const MOST_GROWTH_KIB: usize = 8 << 10;

#[test]
fn nothing_leaks_and_no_answer_is_wrong() {
    let length = Duration::from_secs(setting("DEVSERVE_SOAK_SECONDS").unwrap_or(SECONDS));
    let seed = setting("DEVSERVE_SOAK_SEED").unwrap_or_else(seed_of_now);
    println!("soak of {length:?} with DEVSERVE_SOAK_SEED={seed}");
    let world = World::new(ServerProcess::start());
    let costs = soak(&world, seed, length);
    let World { server, tally, .. } = world;
    let tally = tally.into_inner().unwrap();
    let served = server.stop();

    print!("{tally}");
    println!("the server counted {served}");
    println!("begin          {}", costs.begin);
    println!("peak           {}", costs.peak);
    println!("after a third  {}", costs.third);
    println!("end            {}", costs.end);
    println!("{} wrong answers", tally.wrong.len());

    assert!(tally.wrong.is_empty(), "seed {seed}: {:#?}", tally.wrong);
    costs.check();
    assert!(
        tally.count(overload::REQUESTS, "503") > 0,
        "it was not even busy"
    );
    assert!(
        served.ends_with("cut at the stop: 0, alarms: 0"),
        "{served}"
    );
}

/// The server's side, which the test above starts in a process of its own.
#[test]
#[ignore = "it is no test, and ends at once where it is run as one"]
fn serve() {
    server::run();
}

/// What the server cost, and when.
struct Costs {
    begin: Cost,
    peak: Cost,
    third: Cost,
    end: Cost,
}

fn soak(world: &World, seed: u64, length: Duration) -> Costs {
    let process = world.server.id();
    let begin = Cost::of(process);
    let at_rest = Costs::at_rest(begin);
    let closed = Cost {
        threads: usize::MAX,
        ..at_rest
    };
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let peak = scope.spawn(|| measure::peak(process, &ended));
        mix::play(world, seed, length / 3);
        let settled = if length < LONG { closed } else { at_rest };
        let third = measure::settle(process, settled, PATIENCE);
        mix::play(world, !seed, length - length / 3);
        let end = measure::settle(process, at_rest, PATIENCE);
        ended.store(true, Ordering::Relaxed);
        Costs {
            begin,
            peak: peak.join().unwrap(),
            third,
            end,
        }
    })
}

impl Costs {
    /// What a server may cost that has served and has nothing to do.
    fn at_rest(begin: Cost) -> Cost {
        Cost {
            threads: begin.threads + SERVERS * KEPT_WORKERS,
            ..begin
        }
    }

    #[track_caller]
    fn check(&self) {
        let Self { begin, end, .. } = self;
        let at_rest = Self::at_rest(*begin);
        assert!(
            end.threads <= at_rest.threads,
            "threads leak: {begin} became {end}"
        );
        assert!(
            end.descriptors <= at_rest.descriptors,
            "descriptors leak: {begin} became {end}"
        );
        let growth = end.resident_kib.saturating_sub(self.third.resident_kib);
        assert!(
            growth <= MOST_GROWTH_KIB,
            "memory grew by {growth} KiB: {} became {end}",
            self.third
        );
    }
}

fn setting(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    let number = value.parse();
    Some(number.unwrap_or_else(|_| panic!("{name}={value} is no number")))
}

fn seed_of_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_millis() as u64
}
