use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use super::*;
use crate::dev::event::Effect;
use crate::pages::AppDied;

const FIRST: Generation = Generation::FIRST;

fn gate() -> (Arc<Gate>, Receiver<Event>) {
    let (events, heard) = mpsc::channel();
    (
        Gate::new(
            "building shop".to_owned(),
            events,
            Lookout::new(|| Outlook::Calm),
        ),
        heard,
    )
}

fn socket() -> Upstream {
    Upstream::Own(Path::new("/run/shop.sock").into())
}

fn page() -> Arc<Page> {
    Arc::new(
        AppDied {
            target: "shop".to_owned(),
            how: "exit code 3".to_owned(),
            when_ready: true,
            ..AppDied::default()
        }
        .page(),
    )
}

fn now() -> Instant {
    Instant::now()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

#[track_caller]
fn lease(verdict: Verdict) -> Lease {
    match verdict {
        Verdict::Pass(lease) => lease,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_waits_and_then_passes() {
    let (gate, _heard) = gate();
    assert!(
        matches!(gate.pass(now()), Verdict::Late(progress) if progress.doing == "building shop")
    );
    let waiting = thread::spawn({
        let gate = Arc::clone(&gate);
        move || gate.pass(soon())
    });
    gate.open(FIRST, socket());
    let lease = lease(waiting.join().unwrap());
    assert_eq!(*lease.upstream(), socket());
    assert!(gate.progress().is_none());
}

#[test]
fn saying_anew_what_is_done_does_not_restart_the_clock() {
    let (gate, _heard) = gate();
    let since = gate.progress().unwrap().since;
    gate.hold("starting shop".to_owned());
    let progress = gate.progress().unwrap();
    assert_eq!((progress.since, &*progress.doing), (since, "starting shop"));
}

#[test]
fn a_retired_generation_is_drained_with_its_last_lease() {
    let (gate, heard) = gate();
    gate.open(FIRST, socket());
    let (one, two) = (lease(gate.pass(now())), lease(gate.pass(now())));
    gate.hold("building".to_owned());
    gate.retire(FIRST);
    drop(one);
    assert!(heard.try_recv().is_err());
    drop(two);
    assert!(matches!(heard.try_recv(), Ok(Event::Drained(FIRST))));
    assert!(heard.try_recv().is_err());
}

#[test]
fn an_idle_generation_is_drained_at_once() {
    let (gate, heard) = gate();
    gate.open(FIRST, socket());
    drop(lease(gate.pass(now())));
    gate.retire(FIRST);
    assert!(matches!(heard.try_recv(), Ok(Event::Drained(FIRST))));
}

#[test]
fn a_request_that_finds_the_disk_changed_is_held_with_all_after_it() {
    let (events, heard) = mpsc::channel();
    let looks = AtomicUsize::new(0);
    let lookout = move || match looks.fetch_add(1, Ordering::SeqCst) {
        0 => Outlook::Changed(Event::Changed {
            path: PathBuf::from("src/main.rs"),
            effect: Effect::Build,
        }),
        _ => Outlook::Announced,
    };
    let gate = Gate::new("building".to_owned(), events, Lookout::new(lookout));
    gate.open(FIRST, socket());
    let deadline = Instant::now() + Duration::from_millis(1);
    assert!(matches!(gate.pass(deadline), Verdict::Late(_)));
    assert!(matches!(heard.try_recv(), Ok(Event::Changed { .. })));
    assert!(matches!(gate.pass(now()), Verdict::Late(_)));
    assert!(heard.try_recv().is_err(), "one change is reported once");
}

#[test]
fn the_first_request_after_a_death_asks_for_the_app_and_the_cut_one_reads_the_page() {
    let (gate, heard) = gate();
    gate.open(FIRST, socket());
    let cut = lease(gate.pass(now()));
    assert!(cut.obituary(now()).is_none());
    gate.bury(FIRST, page(), Duration::ZERO);
    assert!(cut.obituary(now()).unwrap().text().contains("exit code 3"));
    assert!(heard.try_recv().is_err());
    assert!(matches!(gate.pass(now()), Verdict::Late(_)));
    assert!(matches!(gate.pass(now()), Verdict::Late(_)));
    assert!(matches!(heard.try_recv(), Ok(Event::Wanted)));
    assert!(heard.try_recv().is_err(), "asked once");
    assert!(cut.obituary(now()).is_some());
}

#[test]
fn a_closed_gate_stays_closed() {
    let (gate, _heard) = gate();
    gate.close();
    gate.hold("building".to_owned());
    gate.open(FIRST, socket());
    assert!(matches!(gate.pass(soon()), Verdict::Closed));
}

#[test]
fn explaining_answers_at_once() {
    let (gate, _heard) = gate();
    gate.explain(page());
    assert!(matches!(gate.pass(now()), Verdict::Explain(_)));
}

#[test]
fn a_death_is_explained_for_a_pause_before_a_request_asks_again() {
    let (gate, heard) = gate();
    gate.bury(FIRST, page(), Duration::from_secs(60));
    assert!(matches!(gate.pass(now()), Verdict::Explain(_)));
    assert!(heard.try_recv().is_err());
}

#[test]
fn a_hurried_generation_is_drained_of_all_but_answers_without_an_end() {
    let (gate, heard) = gate();
    gate.open(FIRST, socket());
    let (stream, request) = (lease(gate.pass(soon())), lease(gate.pass(soon())));
    stream.has_no_end();
    gate.retire(FIRST);
    gate.hurry(FIRST);
    assert!(heard.try_recv().is_err());
    drop(request);
    assert!(matches!(heard.try_recv(), Ok(Event::Drained(FIRST))));
    drop(stream);
    assert!(heard.try_recv().is_err());

    gate.open(FIRST.next(), socket());
    let stream = lease(gate.pass(soon()));
    gate.retire(FIRST.next());
    stream.has_no_end();
    assert!(heard.try_recv().is_err());
    gate.hurry(FIRST.next());
    assert!(matches!(heard.try_recv(), Ok(Event::Drained(_))));
}
