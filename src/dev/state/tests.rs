use std::time::Duration;

use super::*;
use crate::dev::upstream::Habit;

/// Tells a story from the first build on: what happens on the left of each arrow, and on the
/// right what is done about it. Generations are numbered as the supervisor numbers them.
#[track_caller]
fn check(story: &[(&str, &str)]) {
    let (mut state, actions) = State::begin();
    assert_eq!(words(&actions), "build 1");
    for (happens, want) in story {
        let (next, actions) = step(state, event(happens));
        assert_eq!(words(&actions), *want, "after {happens:?} in {story:#?}");
        state = next;
    }
}

/// The story up to the first answer.
const LIVE: [(&str, &str); 2] = [
    ("built 1", "built, hold (Starting), start 1"),
    ("ready 1", "open 1 [], prime"),
];

#[track_caller]
fn check_live(story: &[(&str, &str)]) {
    check(&[&LIVE, story].concat());
}

fn event(words: &str) -> Event {
    let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
    let generation = || {
        let number: u64 = rest.parse().expect(words);
        (1..number).fold(Generation::FIRST, |generation, _| generation.next())
    };
    match verb {
        "save" => Event::Changed {
            path: rest.into(),
            effect: Effect::Build,
        },
        "asked" => Event::Asked,
        "env" => Event::Changed {
            path: rest.into(),
            effect: Effect::Restart,
        },
        "static" => Event::Changed {
            path: rest.into(),
            effect: Effect::Refresh,
        },
        "built" | "compiled" | "linked" => Event::Built {
            generation: generation(),
            built: Built {
                executable: Path::new("/shop").into(),
                elapsed: Duration::ZERO,
                warnings: Vec::new(),
                maker: match verb {
                    "built" => Maker::Cargo,
                    "compiled" => Maker::Compiler,
                    _ => Maker::ThinLink,
                },
            },
        },
        "failed" => Event::BuildFailed {
            generation: generation(),
            report: Arc::new(BuildFailed {
                package: "shop".to_owned(),
                target: "shop".to_owned(),
                diagnostics: Vec::new(),
                output: String::new(),
                elapsed: Duration::ZERO,
            }),
        },
        "cancelled" => Event::BuildCancelled(generation()),
        "ready" => ready(generation(), Tenancy::Shared),
        "alone" => ready(generation(), Tenancy::Sole),
        "unready" => Event::Unready(generation()),
        "exited" => {
            let how = "exit code 3".to_owned();
            Event::Exited {
                generation: generation(),
                how,
                stderr: Vec::new(),
            }
        }
        "clashed" => Event::Exited {
            generation: generation(),
            how: "exit code 1".to_owned(),
            stderr: vec!["Error: Address already in use (os error 98)".to_owned()],
        },
        "drained" => Event::Drained(generation()),
        "overstayed" => Event::Overstayed(generation()),
        "request" => Event::Wanted,
        "stop" => Event::Stop,
        other => panic!("no event is called {other}"),
    }
}

fn ready(generation: Generation, tenancy: Tenancy) -> Event {
    let upstream = Upstream::Tcp("127.0.0.1:3000".parse().unwrap());
    Event::Ready {
        generation,
        reached: Reached {
            upstream,
            tenancy,
            habit: Habit::Unknown,
        },
    }
}

fn words(actions: &[Action]) -> String {
    let words = actions.iter().map(|action| match action {
        Action::Hold(doing) => format!("hold ({doing:?})"),
        Action::Build(job) => match job.way {
            Way::Any => format!("build {}", job.generation),
            Way::Cargo => format!("build {} by cargo", job.generation),
        },
        Action::Prime => "prime".to_owned(),
        Action::CancelBuild => "cancel".to_owned(),
        Action::Start { generation, .. } => format!("start {generation}"),
        Action::Open {
            generation,
            changed,
            ..
        } => format!("open {generation} {changed:?}"),
        Action::Reroute { generation, .. } => format!("reroute {generation}"),
        Action::TellSole(upstream) => format!("sole at {upstream}"),
        Action::Refresh { path, .. } => format!("refresh {}", path.display()),
        Action::TellBuilt(_) => "built".to_owned(),
        Action::TellSlowStart => "slow".to_owned(),
        Action::ExplainBuild(_) => "explain build".to_owned(),
        Action::ExplainDeath {
            generation, when, ..
        } => format!("bury {generation} {when:?}"),
        Action::Retire(generation) => format!("retire {generation}"),
        Action::Hurry(generation) => format!("hurry {generation}"),
        Action::End(generation) => format!("end {generation}"),
        Action::Close => "close".to_owned(),
        Action::KillAll => "kill all".to_owned(),
        Action::Finish => "finish".to_owned(),
    });
    words.collect::<Vec<_>>().join(", ")
}

#[test]
fn a_save_is_built_started_and_served_while_the_old_one_finishes() {
    check_live(&[
        ("save a.rs", "hold (Building), retire 1, build 2"),
        ("drained 1", "end 1"),
        ("exited 1", ""),
        ("built 2", "built, hold (Starting), start 2"),
        ("ready 2", "open 2 [\"a.rs\"], prime"),
        ("overstayed 1", ""),
    ]);
}

#[test]
fn a_request_that_takes_long_is_cut_after_the_grace() {
    check_live(&[
        ("save a.rs", "hold (Building), retire 1, build 2"),
        ("built 2", "built, hold (Starting), start 2"),
        ("ready 2", "open 2 [\"a.rs\"], prime"),
        ("overstayed 1", "end 1"),
        ("drained 1", ""),
        ("exited 1", ""),
    ]);
}

#[test]
fn saves_while_building_cancel_and_build_once_more() {
    check_live(&[
        ("save a.rs", "hold (Building), retire 1, build 2"),
        ("save b.rs", "cancel"),
        ("save a.rs", ""),
        ("save c.rs", ""),
        ("cancelled 2", "build 3"),
        ("save b.rs", "cancel"),
        ("cancelled 3", "build 4"),
        ("built 4", "built, hold (Starting), start 4"),
        ("ready 4", "open 4 [\"a.rs\", \"b.rs\", \"c.rs\"], prime"),
    ]);
}

#[test]
fn a_build_that_ends_before_it_hears_of_its_cancellation_is_not_used() {
    check(&[
        ("save a.rs", "cancel"),
        ("built 1", "build 2"),
        ("failed 2", "explain build"),
    ]);
    check(&[("save a.rs", "cancel"), ("failed 1", "build 2")]);
}

#[test]
fn a_save_while_starting_ends_what_has_served_nobody() {
    check(&[
        ("built 1", "built, hold (Starting), start 1"),
        ("save a.rs", "hold (Building), end 1, build 2"),
        ("ready 1", ""),
        ("exited 1", ""),
        ("built 2", "built, hold (Starting), start 2"),
        ("ready 2", "open 2 [\"a.rs\"], prime"),
    ]);
}

#[test]
fn a_failed_build_is_explained_until_a_save_mends_it() {
    check_live(&[
        ("save a.rs", "hold (Building), retire 1, build 2"),
        ("failed 2", "explain build"),
        ("request", ""),
        ("save a.rs", "hold (Building), build 3"),
        ("built 3", "built, hold (Starting), start 3"),
        ("ready 3", "open 3 [\"a.rs\"], prime"),
    ]);
}

#[test]
fn a_death_at_start_is_explained_and_tried_again_on_request_only() {
    check(&[
        ("built 1", "built, hold (Starting), start 1"),
        ("exited 1", "bury 1 AtStart"),
        ("ready 1", ""),
        ("request", "hold (StartingAgain), start 2"),
        ("exited 2", "bury 2 AtStart"),
        ("save a.rs", "hold (Building), build 3"),
    ]);
}

#[test]
fn a_death_while_live_is_explained_and_the_next_request_starts_the_app_again() {
    check_live(&[
        ("exited 1", "bury 1 WhileLive"),
        ("request", "hold (StartingAgain), start 2"),
        ("request", ""),
        ("ready 2", "open 2 [], prime"),
        ("exited 2", "bury 2 WhileLive"),
    ]);
}

#[test]
fn the_end_of_a_retired_process_is_no_death() {
    check_live(&[
        ("save a.rs", "hold (Building), retire 1, build 2"),
        ("exited 1", ""),
        ("drained 1", ""),
        ("built 2", "built, hold (Starting), start 2"),
        ("exited 1", ""),
    ]);
}

#[test]
fn files_that_need_no_build_refresh_a_live_page_only() {
    check_live(&[
        ("static site.css", "refresh site.css"),
        ("save a.rs", "hold (Building), retire 1, build 2"),
        ("static site.css", ""),
        ("failed 2", "explain build"),
        ("static site.css", ""),
    ]);
}

#[test]
fn a_slow_start_is_said_while_it_lasts() {
    check(&[
        ("built 1", "built, hold (Starting), start 1"),
        ("unready 1", "slow"),
        ("ready 1", "open 1 [], prime"),
        ("unready 1", ""),
    ]);
}

#[test]
fn stopping_waits_for_requests_builds_and_processes() {
    check(&[("stop", "close, cancel"), ("cancelled 1", "finish")]);
    check(&[
        ("save a.rs", "cancel"),
        ("stop", "close"),
        ("built 1", "finish"),
    ]);
    check(&[
        ("built 1", "built, hold (Starting), start 1"),
        ("stop", "close, end 1"),
        ("ready 1", ""),
        ("exited 1", "finish"),
    ]);
    check_live(&[
        ("stop", "close, retire 1"),
        ("save a.rs", ""),
        ("drained 1", "end 1"),
        ("exited 1", "finish"),
    ]);
    check_live(&[
        ("save a.rs", "hold (Building), retire 1, build 2"),
        ("stop", "close, cancel"),
        ("cancelled 2", ""),
        ("overstayed 1", "end 1"),
        ("exited 1", "finish"),
    ]);
    check(&[("failed 1", "explain build"), ("stop", "close, finish")]);
    check_live(&[("exited 1", "bury 1 WhileLive"), ("stop", "close, finish")]);
}

#[test]
fn a_second_stop_waits_for_nothing() {
    check_live(&[("stop", "close, retire 1"), ("stop", "kill all, finish")]);
    check(&[("stop", "close, cancel"), ("stop", "kill all, finish")]);
}

#[test]
fn what_is_read_at_the_start_starts_the_app_anew_without_a_build() {
    check_live(&[
        ("env .env", "hold (Starting), retire 1, start 2"),
        ("drained 1", "end 1"),
        ("exited 1", ""),
        ("ready 2", "open 2 [\".env\"], prime"),
        ("env .env", "hold (Starting), retire 2, start 3"),
        // Not ready yet: it has no requests to finish.
        ("env .env", "hold (Starting), end 3, start 4"),
        ("ready 3", ""),
        ("exited 3", ""),
        ("exited 2", ""),
        ("save a.rs", "hold (Building), end 4, build 5"),
    ]);
    check_live(&[
        ("exited 1", "bury 1 WhileLive"),
        ("env .env", "hold (Starting), start 2"),
    ]);
}

#[test]
fn a_build_that_runs_or_is_needed_anyway_sees_to_what_is_read_at_the_start() {
    check_live(&[
        ("save a.rs", "hold (Building), retire 1, build 2"),
        ("env .env", ""),
        ("save b.rs", "cancel"),
        ("env .env", ""),
        ("cancelled 2", "build 3"),
        ("built 3", "built, hold (Starting), start 3"),
        ("ready 3", "open 3 [\"a.rs\", \".env\", \"b.rs\"], prime"),
    ]);
    check(&[
        ("failed 1", "explain build"),
        ("env .env", "hold (Building), build 2"),
    ]);
    check_live(&[("stop", "close, retire 1"), ("env .env", "")]);
}

/// The story up to the first answer of an app that listens where it wants to.
const ALONE: [(&str, &str); 2] = [
    ("built 1", "built, hold (Starting), start 1"),
    ("alone 1", "open 1 [], sole at 127.0.0.1:3000, prime"),
];

#[track_caller]
fn check_alone(story: &[(&str, &str)]) {
    check(&[&ALONE, story].concat());
}

#[test]
fn an_app_with_an_address_of_its_own_ends_before_the_next_begins() {
    // Mostly while that is built.
    check_alone(&[
        ("save a.rs", "hold (Building), retire 1, build 2"),
        ("drained 1", "end 1"),
        ("exited 1", ""),
        ("built 2", "built, hold (Starting), start 2"),
        ("alone 2", "open 2 [\"a.rs\"], prime"),
    ]);
    // Else the new one waits, and the old one for no streams.
    check_alone(&[
        ("save a.rs", "hold (Building), retire 1, build 2"),
        ("built 2", "built, hold (Starting), hurry 1"),
        ("request", ""),
        ("overstayed 1", "end 1"),
        ("exited 1", "hold (Starting), start 2"),
        ("alone 2", "open 2 [\"a.rs\"], prime"),
        ("save b.rs", "hold (Building), retire 2, build 3"),
        ("drained 2", "end 2"),
        ("built 3", "built, hold (Starting)"),
        ("exited 2", "hold (Starting), start 3"),
    ]);
}

#[test]
fn a_save_while_an_address_is_vacated_is_built() {
    check_alone(&[
        ("save a.rs", "hold (Building), retire 1, build 2"),
        ("built 2", "built, hold (Starting), hurry 1"),
        ("save b.rs", "hold (Building), build 3"),
        ("drained 1", "end 1"),
        ("exited 1", ""),
        ("built 3", "built, hold (Starting), start 3"),
        ("alone 3", "open 3 [\"a.rs\", \"b.rs\"], prime"),
    ]);
    check_alone(&[
        ("save a.rs", "hold (Building), retire 1, build 2"),
        ("built 2", "built, hold (Starting), hurry 1"),
        ("stop", "close"),
        ("drained 1", "end 1"),
        ("exited 1", "finish"),
    ]);
}

#[test]
fn an_app_that_learns_to_listen_where_it_is_told_to_runs_beside_the_next() {
    check_alone(&[
        ("save a.rs", "hold (Building), retire 1, build 2"),
        ("drained 1", "end 1"),
        ("exited 1", ""),
        ("built 2", "built, hold (Starting), start 2"),
        ("ready 2", "open 2 [\"a.rs\"], prime"),
        ("save b.rs", "hold (Building), retire 2, build 3"),
        ("built 3", "built, hold (Starting), start 3"),
    ]);
}

#[test]
fn two_generations_that_met_at_an_address_never_run_side_by_side_again() {
    // They seem to be able to, but have a second port that is always the same.
    check_live(&[
        ("save a.rs", "hold (Building), retire 1, build 2"),
        ("built 2", "built, hold (Starting), start 2"),
        ("clashed 2", "hold (Starting), hurry 1"),
        ("overstayed 1", "end 1"),
        ("exited 1", "hold (Starting), start 3"),
        ("ready 3", "open 3 [\"a.rs\"], prime"),
        ("save b.rs", "hold (Building), retire 3, build 4"),
        ("built 4", "built, hold (Starting), hurry 3"),
    ]);
}

#[test]
fn an_address_that_a_stranger_has_is_a_death_like_others() {
    check(&[
        ("built 1", "built, hold (Starting), start 1"),
        ("clashed 1", "bury 1 AtStart"),
        ("request", "hold (StartingAgain), start 2"),
    ]);
    check_live(&[("clashed 1", "bury 1 WhileLive")]);
}

#[test]
fn a_better_place_found_later_is_used_from_then_on() {
    check_alone(&[
        ("ready 1", "reroute 1"),
        ("save a.rs", "hold (Building), retire 1, build 2"),
        ("alone 1", ""),
    ]);
}

#[test]
fn an_app_with_an_address_of_its_own_is_started_anew_when_it_has_left_it() {
    check_alone(&[
        ("env .env", "hold (Starting), retire 1, hurry 1"),
        ("env .env.local", ""),
        ("drained 1", "end 1"),
        ("exited 1", "hold (Starting), start 2"),
        ("alone 2", "open 2 [\".env\", \".env.local\"], prime"),
    ]);
}

#[test]
fn what_was_linked_thin_needs_no_preparation() {
    check_live(&[
        ("save a.rs", "hold (Building), retire 1, build 2"),
        ("compiled 2", "built, hold (Starting), start 2"),
        ("ready 2", "open 2 [\"a.rs\"], prime"),
        ("save a.rs", "hold (Building), retire 2, build 3"),
        ("linked 3", "built, hold (Starting), start 3"),
        ("ready 3", "open 3 [\"a.rs\"]"),
    ]);
}

#[test]
fn a_thin_program_that_dies_at_the_start_is_built_by_cargo() {
    let story = [
        ("save a.rs", "hold (Building), retire 1, build 2"),
        ("linked 2", "built, hold (Starting), start 2"),
        ("exited 2", "hold (Building), build 3 by cargo"),
        ("built 3", "built, hold (Starting), start 3"),
    ];
    // It lives: so the link was at fault, and is not tried again.
    let lives = [
        ("ready 3", "open 3 [\"a.rs\"], prime"),
        ("save a.rs", "hold (Building), retire 3, build 4 by cargo"),
    ];
    check_live(&[&story[..], &lives].concat());
    // It dies too: so the source is.
    let dies = [
        ("exited 3", "bury 3 AtStart"),
        ("save a.rs", "hold (Building), build 4"),
    ];
    check_live(&[&story[..], &dies].concat());
    // Another save comes first, and says nothing about the link.
    let mended = [
        ("save a.rs", "hold (Building), end 3, build 4"),
        ("built 4", "built, hold (Starting), start 4"),
        ("ready 4", "open 4 [\"a.rs\"], prime"),
        ("save a.rs", "hold (Building), retire 4, build 5"),
    ];
    check_live(&[&story[..], &mended].concat());
}

#[test]
fn only_a_thin_program_s_death_at_the_start_leads_to_a_build() {
    check_live(&[
        ("save a.rs", "hold (Building), retire 1, build 2"),
        ("compiled 2", "built, hold (Starting), start 2"),
        ("exited 2", "bury 2 AtStart"),
    ]);
    check_live(&[
        ("save a.rs", "hold (Building), retire 1, build 2"),
        ("linked 2", "built, hold (Starting), start 2"),
        ("ready 2", "open 2 [\"a.rs\"]"),
        ("exited 2", "bury 2 WhileLive"),
    ]);
}

#[test]
fn whoever_asks_gets_a_new_build_by_cargo() {
    check_live(&[
        ("asked", "hold (Building), retire 1, build 2 by cargo"),
        ("asked", "cancel"),
        ("cancelled 2", "build 3 by cargo"),
        ("built 3", "built, hold (Starting), start 3"),
        ("ready 3", "open 3 [], prime"),
        ("save a.rs", "hold (Building), retire 3, build 4"),
    ]);
    check(&[
        ("failed 1", "explain build"),
        ("asked", "hold (Building), build 2 by cargo"),
    ]);
}
