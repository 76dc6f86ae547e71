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
mod overload;
mod server;
mod tally;

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use client::{Client, World};
use dice::Dice;
use measure::Cost;
use server::{SERVERS, ServerProcess};

/// Seconds of a run where nothing else is asked for.
const SECONDS: u64 = 5;
const CLIENTS: usize = 24;
/// Workers that each server keeps when there is nothing to do.
const SPARE_WORKERS: usize = 4;
/// A worker beyond those waits 10 s for work, and may be in the middle of it; all time limits of
/// connections are shorter. The rest is for a busy machine.
const QUIET_PATIENCE: Duration = Duration::from_secs(60);
/// What memory may grow by between the first third and the end.
const MOST_GROWTH_KIB: usize = 16 << 10;
/// After so many wrong answers more of them tell nothing new.
const MOST_WRONG: usize = 20;

/// What a client does, how often beside the others, and how.
type Scene = (&'static str, usize, fn(&mut Client<'_>));

const SCENES: &[Scene] = &[
    ("keep-alive", 20, good::keep_alive),
    ("tls", 10, good::secure),
    ("pipelined", 10, good::pipelined),
    ("upload", 10, good::upload),
    ("upload that comes back", 5, good::mirror),
    ("head in drops", 5, good::in_drops),
    ("100-continue", 10, good::hundred_continue),
    ("download", 8, good::download),
    ("idle connection", 60, good::idle),
    ("connection: close", 15, good::close),
    ("half-close", 10, good::half_close),
    ("blocking handler", 15, good::block),
    ("upgrade", 10, good::upgrade),
    ("burst of connections", 2, good::burst),
    ("reset at once", 10, faults::reset_at_once),
    ("reset in a request", 20, faults::reset_in_request),
    ("reset in an answer", 15, faults::reset_in_answer),
    ("reset after an upgrade", 8, faults::reset_after_upgrade),
    ("half a head", 8, faults::half_head),
    ("half a body", 8, faults::half_body),
    ("body too long", 8, faults::long_body),
    ("body nobody reads", 4, faults::unread_body),
    ("silent in a head", 2, faults::silent_head),
    ("head without end, slowly", 2, faults::trickling_head),
    ("silent in a body", 1, faults::silent_body),
    ("reads nothing", 1, faults::slow_reader),
    ("head without end", 6, faults::endless_head),
    ("garbage", 10, faults::garbage),
    ("malformed", 15, faults::malformed),
    ("bad chunk", 8, faults::bad_chunk),
    ("handler panics", 10, faults::panic),
    ("app fails in its answer", 10, faults::late_failure),
    ("answer too long", 8, faults::long_answer),
    ("broken handshake", 5, faults::broken_handshake),
    ("reset in a tls session", 6, faults::reset_in_session),
    ("plain http to tls", 5, faults::plain_to_secure),
    (overload::REQUESTS, 2, overload::requests),
    (overload::CONNECTIONS, 1, overload::connections),
    ("idle for too long", 2, overload::idle_too_long),
];

#[test]
fn nothing_leaks_and_no_answer_is_wrong() {
    let total = Duration::from_secs(setting("DEVSERVE_SOAK_SECONDS").unwrap_or(SECONDS));
    let seed = setting("DEVSERVE_SOAK_SEED").unwrap_or_else(now_as_seed);
    println!("soak of {total:?} with DEVSERVE_SOAK_SEED={seed}");
    let world = World::new(ServerProcess::start());
    let process = world.server.id();
    let begin = Cost::of(process);
    let quiet = Cost {
        threads: begin.threads + SERVERS * SPARE_WORKERS,
        ..begin
    };

    let ended = AtomicBool::new(false);
    let (peak, third, end) = thread::scope(|scope| {
        let peak = scope.spawn(|| measure::peak(process, &ended));
        play(&world, seed, total / 3);
        // Not for the threads as well: they would take longer than a short run.
        let closed = Cost {
            threads: usize::MAX,
            ..begin
        };
        let third = measure::settle(process, closed, QUIET_PATIENCE);
        play(&world, !seed, total - total / 3);
        let end = measure::settle(process, quiet, QUIET_PATIENCE);
        ended.store(true, Ordering::Relaxed);
        (peak.join().unwrap(), third, end)
    });
    let World { server, tally, .. } = world;
    let tally = tally.into_inner().unwrap();
    let served = server.stop();

    print!("{tally}");
    println!("the server saw {served}");
    for (when, cost) in [
        ("begin", begin),
        ("peak", peak),
        ("a third, closed", third),
        ("end, quiet", end),
    ] {
        println!("{when:<16}{cost}");
    }
    println!("{} wrong answers", tally.wrong.len());

    assert!(tally.wrong.is_empty(), "seed {seed}: {:#?}", tally.wrong);
    assert!(
        end.threads <= quiet.threads,
        "threads leak: {begin} became {end}"
    );
    assert!(
        end.descriptors <= begin.descriptors,
        "descriptors leak: {begin} became {end}"
    );
    assert!(
        end.resident_kib <= third.resident_kib + MOST_GROWTH_KIB,
        "memory grows: {third} became {end}"
    );
    let is_overloaded = tally.count(Some(overload::REQUESTS), "503") > 0;
    assert!(is_overloaded, "it was not even busy");
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

/// All clients at once, for so long; then every connection is closed.
fn play(world: &World, seed: u64, length: Duration) {
    let until = Instant::now() + length;
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            let client = Client {
                world,
                dice: Dice::new(seed ^ (number as u64) << 32),
                scene: "",
            };
            thread::Builder::new()
                .name(format!("client-{number}"))
                .spawn_scoped(scope, move || play_one(client, number, until))
                .unwrap();
        }
    });
    world.idle.lock().unwrap().clear();
}

fn play_one(mut client: Client<'_>, number: usize, until: Instant) {
    // Each scene once by some client, however short the run is; then as chance has it.
    let first = SCENES.iter().skip(number).step_by(CLIENTS);
    let weights: usize = SCENES.iter().map(|(_, weight, _)| weight).sum();
    let mut first = first.copied();
    while let Some((name, _, scene)) = first.next().or_else(|| {
        let is_on = Instant::now() < until && !has_seen_enough(client.world);
        is_on.then(|| choose(client.dice.below(weights)))
    }) {
        client.scene = name;
        let played = panic::catch_unwind(AssertUnwindSafe(|| scene(&mut client)));
        if let Err(payload) = played {
            let wrong = format!("client {number}, {name}: {}", message_of(&*payload));
            client.world.tally.lock().unwrap().wrong.push(wrong);
        }
    }
}

fn has_seen_enough(world: &World) -> bool {
    world.tally.lock().unwrap().wrong.len() >= MOST_WRONG
}

/// The scene at this place, where each is as wide as its weight.
fn choose(mut place: usize) -> Scene {
    for scene in SCENES {
        match place.checked_sub(scene.1) {
            Some(left) => place = left,
            None => return *scene,
        }
    }
    unreachable!("the place is below the sum of all weights");
}

fn message_of(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words")
}

fn setting(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name}={value} is no number")),
    )
}

fn now_as_seed() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_millis() as u64
}
