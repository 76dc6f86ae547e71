//! More than the small server has room for. Here, and only here, it may turn clients away.

use std::time::Instant;

use crate::client::{Client, get};
use crate::mix::Scene;
use crate::server::{SMALL_CONNECTIONS, SMALL_KEEP_ALIVE, SMALL_QUEUE, SMALL_WORKERS};

pub(crate) const REQUESTS: &str = "more requests than are run or wait";
const CONNECTIONS: &str = "more connections than are kept";

pub(crate) const SCENES: &[Scene] = &[
    (REQUESTS, 2, requests),
    (CONNECTIONS, 1, connections),
    ("idle for too long", 2, idle_too_long),
];

/// More requests at once than run and wait: each is answered, or told to come again.
fn requests(client: &mut Client<'_>) {
    let _crowd = client.world.crowd.lock();
    ask_all(client, 4 * (SMALL_WORKERS + SMALL_QUEUE));
}

/// More connections than are kept: idle ones give way, and some newcomers are turned away.
fn connections(client: &mut Client<'_>) {
    let _crowd = client.world.crowd.lock();
    ask_all(client, SMALL_CONNECTIONS + SMALL_CONNECTIONS / 4);
}

fn ask_all(client: &mut Client<'_>, many: usize) {
    let wishes: Vec<_> = (0..many).map(|_| client.wish_to_wait(20)).collect();
    let mut connections: Vec<_> = wishes.iter().map(|_| client.connect_small()).collect();
    for (connection, wish) in connections.iter_mut().zip(&wishes) {
        connection.send(get(&wish.target)).ok(); // it may have been turned away already
    }
    for (connection, wish) in connections.iter_mut().zip(&wishes) {
        match connection.try_answer(false) {
            Ok(answer) if answer.status == 503 => {
                assert_eq!(answer.field("retry-after"), Some("1"), "{}", answer.head);
                client.count("503");
            }
            Ok(answer) => {
                assert!(answer.is_whole, "{}", answer.head);
                client.check(&answer, wish);
            }
            Err(_) => client.count("cut"), // it gave way
        }
    }
}

/// A connection that asks nothing for longer than the small server keeps it. Where it came among
/// too many others, it is turned away, or gives way to them earlier.
fn idle_too_long(client: &mut Client<'_>) {
    let begun = Instant::now();
    let mut connection = client.connect_small();
    match connection.try_answer(false) {
        Ok(answer) => {
            assert_eq!(answer.status, 503, "{}", answer.head);
            client.count("503");
        }
        Err(_) if begun.elapsed() >= SMALL_KEEP_ALIVE => client.count("cut in time"),
        Err(_) => client.count("cut for others"),
    }
}
