use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{RwLock, mpsc};
use std::thread;

use super::*;
use crate::net::Stream;

const PATIENCE: Duration = Duration::from_secs(20);
const ANSWER: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// Answers `/0` at once, `/300` after so many microseconds, and `/held` when its lock is free.
#[derive(Default)]
struct Waiter {
    held: Arc<RwLock<()>>,
}

impl Exchange for Waiter {
    fn exchange(&self, turn: Turn<'_>) -> After {
        match str::from_utf8(&turn.head.target.path[1..]).unwrap().parse() {
            Ok(0) => {}
            Ok(micros) => thread::sleep(Duration::from_micros(micros)),
            Err(_) => drop(self.held.read()),
        }
        let sent = turn.stream.write_all_parts(&[ANSWER]);
        sent.map_or(After::Cut, |()| After::Continue)
    }

    fn refuse(&self, _: &Fault, _: &Stream, _: Peer) {}

    fn busy(&self, _: &Stream, _: Peer) {}
}

fn start(exchange: Waiter, workers: usize) -> Arc<Pool> {
    let listener = Listener::bind(&Address::tcp("127.0.0.1", 0)).unwrap();
    let settings = Settings {
        workers,
        ..Settings::default()
    };
    Pool::start(listener, exchange, settings).unwrap()
}

fn connect(pool: &Pool) -> TcpStream {
    let stream = TcpStream::connect(pool.address().to_string()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn ask(stream: &mut TcpStream, path: &str) {
    let request = format!("GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
}

#[track_caller]
fn hear(stream: &mut TcpStream) {
    let mut answer = [0; ANSWER.len()];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, ANSWER);
}

#[track_caller]
fn wait_until(holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline);
        thread::yield_now();
    }
}

#[test]
fn who_waits_in_the_poller_is_called_to_what_was_heard() {
    let pool = start(Waiter::default(), 1);
    wait_until(|| pool.waiting.load(Ordering::SeqCst) == 1);
    // As if the last worker there may be had heard of two events, and were held up by the first.
    let (release, held) = mpsc::channel::<()>();
    let hold = move || {
        held.recv().ok();
    };
    pool.crew.start_worker(2, hold).unwrap();
    lock(&pool.heard).push_back(7);
    pool.call_another().unwrap();
    wait_until(|| lock(&pool.heard).is_empty());
    drop(release);
    assert_eq!(pool.stop(Instant::now() + PATIENCE), 0);
}

/// Some are held up for the whole time, whoever hears of them: leaders, deputies and those who
/// wait beside them. The few who are left answer all others; nobody is lost by a role that
/// changes hands.
#[test]
fn whoever_is_held_up_all_others_are_answered() {
    const HELD: usize = 4;
    const CLIENTS: usize = 6;
    const REQUESTS: usize = 60;
    for round in 0..4 {
        let waiter = Waiter::default();
        let held = Arc::clone(&waiter.held);
        let gate = held.write().unwrap();
        let pool = start(waiter, HELD + 1 + round % 3);
        let mut waiting = thread::scope(|scope| {
            for client in 0..CLIENTS {
                let mut stream = connect(&pool);
                scope.spawn(move || {
                    let mut random = (round * CLIENTS + client) as u64 + 1;
                    for request in 0..REQUESTS {
                        random = random
                            .wrapping_mul(6_364_136_223_846_793_005)
                            .wrapping_add(1);
                        // Long enough for quiet, and for the tempo to change, now and then.
                        let (chance, path) = (random >> 33, ["0", "300"][request / 15 % 2]);
                        if chance % 16 == 0 {
                            thread::sleep(Duration::from_millis(chance % 30));
                        }
                        ask(&mut stream, path);
                        hear(&mut stream);
                    }
                });
            }
            let held = (0..HELD).map(|_| {
                thread::sleep(Duration::from_millis(13));
                let mut stream = connect(&pool);
                ask(&mut stream, "held");
                stream
            });
            held.collect::<Vec<_>>()
        });
        drop(gate);
        waiting.iter_mut().for_each(hear);
        assert_eq!(pool.stop(Instant::now() + PATIENCE), 0);
    }
}
