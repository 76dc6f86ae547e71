//! Where the other server is: on a Unix socket, behind TLS.

use devserve::Request;
use devserve::middleware::HttpProxy;
use devserve::net::Address;
use devserve::server::Server;
use devserve::testing::Client;

use super::told;

#[test]
fn a_unix_socket_is_asked_below_a_path() {
    let folder = tempfile::tempdir().unwrap();
    let address = Address::unix(folder.path().join("app.sock"));
    let _serving = Server::new(told).bind(&address).unwrap();
    let site = HttpProxy::new(|_: &Request| "")
        .pass_below("/api", &format!("{address}:/v2"))
        .pass("/gone", &format!("{address}.gone"));
    let client = Client::new(site);
    let answer = client.get("/api/carts").send().unwrap();
    let want = "GET /v2/carts\nlocalhost\n127.0.0.1\nhttp\nlocalhost\n/api\n";
    assert!(answer.text().starts_with(want), "{}", answer.text());
    assert_eq!(client.get("/gone").send().unwrap().status(), 502);
}

#[cfg(feature = "tls")]
mod tls {
    use std::io::Write;
    use std::net::TcpListener;

    use devserve::middleware::Upstream;
    use devserve::net::{Identity, Trust};
    use devserve::server::Serving;
    use devserve::wsgi::App;
    use tempfile::TempDir;

    use super::*;
    use crate::engine::websocket::{check_echo, example, open};
    use crate::http_proxy::hear;

    /// A server on a CA of its own, whom this makes trust it, and the folder of the CA.
    fn secure(app: impl App) -> (Serving, String, Trust, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let identity = Identity::adhoc_in(folder.path(), "127.0.0.1").unwrap();
        let trust = Trust::from_pem(identity.authority().unwrap()).unwrap();
        let serving = Server::new(app)
            .tls(identity)
            .bind(&Address::tcp("127.0.0.1", 0))
            .unwrap();
        let origin = format!("https://{}", serving.address());
        (serving, origin, trust, folder)
    }

    #[track_caller]
    fn check(upstream: Upstream, status: u16) {
        let site = HttpProxy::new(|_: &Request| "").pass("/", upstream);
        let long = "0123456789".repeat(200_000);
        let client = Client::new(site);
        let answer = client.post("/a").body("text/plain", long.clone());
        let answer = answer.send().unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.text().ends_with(&long), status == 201);
    }

    #[test]
    fn only_a_server_that_somebody_vouches_for_is_asked() {
        let (_serving, origin, trust, _folder) = secure(told);
        let (_other, _, stranger, _other_folder) = secure(told);
        check(Upstream::at(&origin).trust(trust.clone()), 201);
        check(Upstream::at(&origin).trust(trust.clone()), 201); // a session that is taken up again
        check(Upstream::at(&origin).trust(stranger), 502);
        check(Upstream::at(&origin), 502); // the system's authorities do not know it
        let elsewhere = origin.replace("127.0.0.1", "127.0.0.2");
        check(Upstream::at(&elsewhere).trust(trust.clone()), 502);
        let localhost = origin.replace("127.0.0.1", "localhost");
        check(Upstream::at(&localhost).trust(trust), 201);
    }

    #[test]
    fn a_server_that_speaks_no_tls_is_a_bad_gateway() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("https://{}", listener.local_addr().unwrap());
        let plain = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .unwrap();
        });
        let (_serving, _, trust, _folder) = secure(told);
        check(Upstream::at(&origin).trust(trust), 502);
        plain.join().unwrap();
    }

    #[test]
    fn a_plain_server_is_asked_plainly_whoever_is_trusted() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let plain = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            hear(&mut stream);
            stream
                .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                .unwrap();
        });
        let (_serving, _, trust, _folder) = secure(told);
        let site = HttpProxy::new(|_: &Request| "").pass("/", Upstream::at(&origin).trust(trust));
        assert_eq!(Client::new(site).get("/").send().unwrap().status(), 204);
        plain.join().unwrap();
    }

    #[test]
    fn a_websocket_goes_through_to_it() {
        let (_serving, origin, trust, _folder) = secure(example::app());
        let site = HttpProxy::new(|_: &Request| "").pass("/", Upstream::at(&origin).trust(trust));
        let (proxy, _) = crate::http_proxy::serve(site);
        let stream = std::net::TcpStream::connect(proxy.address().to_string()).unwrap();
        check_echo(open(stream));
    }
}
