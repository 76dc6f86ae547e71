use std::time::Duration;

use crate::http::h1::Limits;
use crate::serving::{LONGEST_WAIT, SERVER_NAME};

/// How the engine bounds what strangers and handlers may cost. The defaults suit a laptop.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bounds on heads and framing.
    pub limits: Limits,
    /// Requests that run at once. 256 blocking handlers are plenty for one person, and their
    /// stacks are only address space.
    pub workers: usize,
    /// Requests that wait, unread, for one of the workers; more get a 503. A browser's burst
    /// fits, a flood does not.
    pub queue: usize,
    /// Connections open at once. Beyond it the longest idle one is closed; where none is idle,
    /// the newcomer gets a 503. Well under the usual 1024 descriptors of a process.
    pub connections: usize,
    /// From the first byte of a head to its last; then 408. Slow senders hold no thread.
    pub head_timeout: Duration,
    /// Between two reads of a body; then the read fails.
    pub body_timeout: Duration,
    /// Bytes a second that a body must bring on the whole, with `body_timeout` to begin with;
    /// 0 asks for none. Slower than any line, and faster than who only wants to hold a thread.
    pub body_rate: u32,
    /// How long the other side may take nothing of an answer; then the connection is cut.
    pub write_timeout: Duration,
    /// Bytes a second that the other side must take of an answer on the whole, while there is
    /// some to be taken, with `write_timeout` to begin with; 0 asks for none. The same as
    /// `body_rate`, the other way.
    pub write_rate: u32,
    /// How long an idle connection stays open. Longer than browsers' own patience, so that
    /// they, and not we, close it: a request that crosses our closing would be lost.
    pub keep_alive: Duration,
    /// What is read away of a body nobody read, so that the connection can go on, in bytes.
    pub unread_body_bytes: u64,
    /// How long a connection that was ended early is still listened to, so that the answer is
    /// not lost to a reset; and how long the rest of a body nobody read is awaited.
    pub linger: Duration,
    /// The `Server` field, where the app sets none; empty sends none.
    pub server_name: String,
}

impl Settings {
    /// The same, with times that can be counted from any instant.
    pub(super) fn within_reach(mut self) -> Self {
        for time in [
            &mut self.head_timeout,
            &mut self.body_timeout,
            &mut self.write_timeout,
            &mut self.keep_alive,
            &mut self.linger,
        ] {
            *time = LONGEST_WAIT.min(*time);
        }
        self
    }
}

impl Default for Settings {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            limits: Limits::default(),
            workers: 256,
            queue: 512,
            connections: 768,
            head_timeout: seconds(10),
            body_timeout: seconds(30),
            body_rate: 256,
            write_timeout: seconds(30),
            write_rate: 256,
            keep_alive: seconds(75),
            unread_body_bytes: 64 << 10,
            linger: seconds(2),
            server_name: SERVER_NAME.into(),
        }
    }
}
