//! The mix: what is played, by whom, and how often.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Client, World};
use crate::dice::Dice;
use crate::{faults, good, overload};

/// What a client does: its name, how often it comes beside the others, and how it goes. It
/// panics where an answer is wrong.
pub(crate) type Scene = (&'static str, usize, fn(&mut Client<'_>));

/// Every scene, by what it is to the server.
pub(crate) const ACTS: [(&str, &[Scene]); 3] = [
    ("decent clients", good::SCENES),
    ("faults", faults::SCENES),
    ("too many at once", overload::SCENES),
];

const CLIENTS: usize = 24;
/// After so many wrong answers more of them tell nothing new.
const MOST_WRONG: usize = 20;

/// All clients at once, for so long; then every connection is closed.
pub(crate) fn play(world: &World, seed: u64, length: Duration) {
    let until = Instant::now() + length;
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            let client = Client {
                world,
                dice: Dice::new(seed ^ ((number as u64) << 32)),
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
    for scene in scenes().skip(number).step_by(CLIENTS) {
        play_scene(&mut client, number, scene);
    }
    let weights: usize = scenes().map(|(_, weight, _)| weight).sum();
    while Instant::now() < until && client.world.wrong() < MOST_WRONG {
        let scene = scene_at(client.dice.below(weights));
        play_scene(&mut client, number, scene);
    }
}

fn play_scene(client: &mut Client<'_>, number: usize, (name, _, scene): Scene) {
    client.scene = name;
    let played = panic::catch_unwind(AssertUnwindSafe(|| scene(client)));
    if let Err(payload) = played {
        let wrong = format!("client {number}, {name}: {}", message_of(&*payload));
        client.world.tally.lock().unwrap().wrong.push(wrong);
    }
}

fn scenes() -> impl Iterator<Item = Scene> {
    ACTS.iter().flat_map(|(_, scenes)| scenes.iter().copied())
}

/// The scene at this place, where each is as wide as its weight.
fn scene_at(mut place: usize) -> Scene {
    let mut scenes = scenes();
    let found = scenes.find(|(_, weight, _)| match place.checked_sub(*weight) {
        Some(left) => {
            place = left;
            false
        }
        None => true,
    });
    found.expect("the place is below the sum of all weights")
}

fn message_of(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words")
}
