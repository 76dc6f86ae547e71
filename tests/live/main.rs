//! Real sockets and processes, each with a deadline, port 0 and a directory of its own.

mod engine;
