//! rouille 3: tiny_http with a thread for each request.

use std::error::Error;
use std::thread;

use devserve_bench_servers as bench;
use rouille::{Request, Response, ResponseBody, Server};

fn answer(request: &Request) -> Response {
    match request.raw_url() {
        "/" => Response::text(bench::HELLO),
        "/100k" => Response::from_data(bench::TEXT, bench::large()),
        "/1m" => Response::from_data(bench::TEXT, bench::huge()),
        "/upload" => match request.data().map(bench::length_of) {
            Some(Ok(length)) => Response::text(length.to_string()),
            _ => Response::empty_400(),
        },
        "/stream" => Response {
            data: ResponseBody::from_reader(bench::chunks_reader()),
            ..Response::text("")
        },
        "/block" => {
            thread::sleep(bench::BLOCK);
            Response::text(bench::HELLO)
        }
        _ => Response::empty_404(),
    }
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let server = Server::new("127.0.0.1:0", answer)?;
    bench::announce(server.server_addr());
    server.run();
    Ok(())
}
