//! Crate `tiny_http` as a second engine, with the verbs of [`Server`](crate::server::Server):
//! [`TinyHttp`] is the builder, [`Serving`] the engine at work.
//!
//! Choose it to have an independent engine to compare with; it adds three small crates. Do not
//! choose it for strangers: it reads heads and framing by itself and gives nobody its sockets,
//! so some of what it does wrong can only be named, not mended.
//! Under `devserve run` the front is our own engine, which refuses what is malformed and bounds
//! what is slow or large in a head, and most of this list is out of a stranger's reach.
//!
//! What is mended here: `Host`, field, target and framing rules are checked again and answered
//! with a status; chunks go out one by one; bodies keep to their `Content-Length`; `HEAD`, 204
//! and 304 have none; a length that is not reached is an error to the app; what the app left of
//! a body is read away; a panic costs its request; a refused `accept` is got over. What is not:
//!
//! | fault | what happens |
//! |---|---|
//! | head without end, too long, or too slow | it is taken into memory, for ever; a status comes when it has ended |
//! | requests beyond the workers | they wait, without bound and without a 503 |
//! | TLS | not offered: its own rests on a rustls that is not mended any more; the front has it |
//! | one request and no more, several processes | not offered |
//! | leaving HTTP (101) | not offered: a connection is handed out in one piece |
//! | connections | each holds a thread; there is no cap and no time limit, not for one that is idle either |
//! | a body that drips, stalls or never comes | holds its worker for as long as the client likes |
//! | many connections at once | some wait until another one closes (a race in its pool) |
//! | pipelined requests | each runs at once, on a worker of its own, and without bound; the answers are in order |
//! | bytes above 0x7F in a head; a body of up to 1 KiB that is cut short | the connection ends without an answer |
//! | `HTTP/2.0`, bare LF, no blank line | the client waits for ever; the first costs a thread |
//! | empty line before a request, a request line that is none or has `HTTP/1.2`, `Expect: tea` | a bare 400 or 417, without a record |
//! | a fourth word in the request line, a folded line with a colon | ignored |
//! | a connection that must end: malformed request, app's `Connection: close` | `connection: close` is said; what follows is still taken for a request |
//! | chunks: trailers, malformed sizes, a cut | 400s for what follows; a size `+5`, one beyond 2^63 and a malformed extension are taken, and a body cut inside a chunk looks whole |
//! | `Connection: upgrade` with a chunked body | 400 |
//! | early answer to an upload | the upload is read first, and a late reader of it gets an error |
//! | `Expect: 100-continue` | is said before each answer, also when the app did not read |
//! | body declared beyond 1 GiB | no answer; a thread and two descriptors stay held, where `tiny_http` would abort the process |
//! | an answer that breaks off | a malformed chunk tells the client; under a `Content-Length` nothing can |
//! | HTTP/1.0 that keeps the connection | an answer of unknown length is held in memory until it is whole |
//! | a client that stops reading | holds a worker for the write timeout; on a Unix socket, for ever |
//! | out of descriptors | got over if `accept` failed; if the descriptor after it did, no connection is accepted any more |
//! | stop | running requests end; connections stay open and get no answer any more |

mod connection;
mod exchange;
mod head;
mod incoming;
mod pool;
mod server;
mod way;

pub use crate::serving::{Failure, Record, Serving, Stopped};
pub use server::TinyHttp;
