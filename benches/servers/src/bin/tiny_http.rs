//! tiny_http 0.12 with eight workers that take requests from its queue.

use std::error::Error;
use std::sync::Arc;
use std::thread;

use devserve_bench_servers as bench;
use tiny_http::{Header, Request, Response, Server, StatusCode};

const WORKERS: usize = 8;

fn answer(mut request: Request, text: Header) -> std::io::Result<()> {
    let hello = || Response::from_string(bench::HELLO);
    match request.url() {
        "/" => request.respond(hello()),
        "/100k" => request.respond(Response::from_data(bench::large()).with_header(text)),
        "/1m" => request.respond(Response::from_data(bench::huge()).with_header(text)),
        "/upload" => {
            let length = bench::length_of(request.as_reader())?;
            request.respond(Response::from_string(length.to_string()))
        }
        "/stream" => {
            let reader = bench::chunks_reader();
            request.respond(Response::new(
                StatusCode(200),
                vec![text],
                reader,
                None,
                None,
            ))
        }
        "/block" => {
            thread::sleep(bench::BLOCK);
            request.respond(hello())
        }
        _ => request.respond(Response::empty(404)),
    }
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let server = Arc::new(Server::http("127.0.0.1:0")?);
    bench::announce(server.server_addr());
    let text = Header::from_bytes("Content-Type", bench::TEXT).expect("a field of plain ASCII");
    let workers = (0..WORKERS).map(|_| {
        let (server, text) = (Arc::clone(&server), text.clone());
        thread::spawn(move || {
            for request in server.incoming_requests() {
                answer(request, text.clone()).ok(); // the client may have gone
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.join().ok();
    }
    Ok(())
}
