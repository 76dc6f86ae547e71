//! All of them around one app, in any order, with the contract watched between each two.

use std::time::Duration;

use devserve::http::Authorization;
use devserve::middleware::{
    BasicAuth, Cors, Dispatcher, Lint, Profiler, ProxyFix, RateLimit, RequestId, SharedData,
    TrustHosts,
};
use devserve::testing::Client;
use devserve::wsgi::{self, App};

/// An app that writes a part and returns the other.
fn classic() -> impl App {
    wsgi::application(|environ, start_response| {
        let path = environ.path().into_owned();
        start_response.start("200 OK", [("Content-Type", "text/plain")])?;
        start_response.write(b"you asked for ")?;
        Ok(path.into())
    })
}

type Wrap = fn(Box<dyn App>) -> Box<dyn App>;

const WRAPS: &[Wrap] = &[
    |app| Box::new(ProxyFix::new(app)),
    |app| Box::new(TrustHosts::new(app, ["localhost"])),
    |app| Box::new(Profiler::new(app, "/profile")),
    |app| Box::new(RequestId::new(app)),
    |app| Box::new(Cors::new(app).allow_origin("https://a.test")),
    |app| Box::new(RateLimit::new(app, 5, Duration::from_secs(9))),
    |app| Box::new(BasicAuth::with_users(app, "Shop", [("ada", "x")])),
    |app| Box::new(SharedData::new(app).data("/static", &[("a.txt", b"a")])),
    |app| Box::new(Dispatcher::new(classic()).mount("/shop", app)),
];

#[test]
fn they_nest_in_any_order() {
    let ada = Authorization::basic("ada", "x").to_header().unwrap();
    for first in 0..WRAPS.len() {
        let turned = (0..WRAPS.len()).map(|step| WRAPS[(first + step) % WRAPS.len()]);
        let app = turned.fold(Box::new(classic()) as Box<dyn App>, |app, wrap| {
            Box::new(Lint::new(wrap(app)).strict())
        });
        let client = Client::new(app);
        let get = |target| {
            let request = client
                .get(target)
                .header("authorization", ada.to_str().unwrap());
            request.send().unwrap()
        };
        let answer = get("/shop/cart");
        assert_eq!(answer.text(), "you asked for /cart", "{first}");
        assert!(answer.header("x-request-id").is_some(), "{first}");
        let refused = client.get("/shop/cart").send().unwrap();
        assert_eq!(refused.status(), 401, "{first}");
    }
}
