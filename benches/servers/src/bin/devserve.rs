//! devserve: a view, as its users write it, under the engine with its default settings; but
//! for the number of connections, which idle ones are counted with.

use std::thread;

use devserve::net::Address;
use devserve::server::Server;
use devserve::{Request, Response, Result};
use devserve_bench_servers as bench;

fn app(request: &Request) -> Result<Response> {
    Ok(match &*request.path() {
        "/" => Response::new(bench::TEXT, bench::HELLO),
        "/100k" => Response::new(bench::TEXT, bench::large()),
        "/1m" => Response::new(bench::TEXT, bench::huge()),
        "/upload" => Response::text(bench::length_of(request.stream())?.to_string()),
        "/stream" => Response::stream((0..bench::CHUNKS).map(|_| Ok(bench::chunk()))),
        "/block" => {
            thread::sleep(bench::BLOCK);
            Response::new(bench::TEXT, bench::HELLO)
        }
        _ => Response::empty().status(404),
    })
}

fn main() -> Result<()> {
    let server = Server::new(app).connections(16_000);
    let serving = server.bind(&Address::tcp("127.0.0.1", 0))?;
    bench::announce(serving.address());
    serving.wait();
    Ok(())
}
