//! The router, as an app is written with it.

use devserve::http::{Method, StatusCode};
use devserve::router::{Router, RouterError};
use devserve::routing::{Rule, Uuid};
use devserve::testing::Client;
use devserve::wsgi::{self, App};
use devserve::{Request, Response, Result};

fn index(request: &Request) -> Result<String> {
    Ok(format!("index of {}", request.state::<Shop>().name))
}

fn user(request: &Request, id: u64) -> String {
    format!("user {id} by {}", request.endpoint().unwrap_or_default())
}

fn page(_: &Request, lang: String, rest: String, number: f32) -> String {
    format!("{lang} {rest} {number}")
}

struct Shop {
    name: &'static str,
}

fn shop() -> Router {
    Router::new()
        .state(Shop { name: "tea" })
        .get("/", index)
        .get("/user/<int:id>", user)
        .put("/user/<int:id>", |_: &Request, id: u8| format!("put {id}"))
        .get("/<lang>/<path:rest>/at/<float:number>", page)
}

#[track_caller]
fn check(app: impl App, method: Method, path: &str, status: u16, text: &str) {
    let answer = Client::new(app).request(method, path).send().unwrap();
    assert_eq!((answer.status().as_u16(), &*answer.text()), (status, text));
}

#[test]
fn views_get_the_variables_of_their_rule_as_their_types() {
    check(shop(), Method::GET, "/", 200, "index of tea");
    check(shop(), Method::GET, "/user/7", 200, "user 7 by user");
    check(shop(), Method::HEAD, "/user/7", 200, "");
    check(shop(), Method::PUT, "/user/7", 200, "put 7");
    check(shop(), Method::GET, "/de/a/b/at/1.5", 200, "de a/b 1.5");
    let uuid = |_: &Request, id: Uuid| format!("{:x}", id.0 & 0xff);
    let app = Router::new().get("/<uuid:id>", uuid);
    check(
        app,
        Method::GET,
        "/6a1f6a36-9c1d-4b31-8bb0-0a4c1b1e2cff",
        200,
        "ff",
    );
}

#[test]
fn a_value_that_does_not_fit_is_at_no_address() {
    let client = Client::new(shop());
    assert_eq!(client.put("/user/300").send().unwrap().status(), 404);
    assert_eq!(
        client
            .put("/user/299999999999999999999")
            .send()
            .unwrap()
            .status(),
        404
    );
}

#[test]
fn what_a_path_does_not_take_is_told_with_what_it_does() {
    let client = Client::new(shop());
    let refused = client.post("/user/7").send().unwrap();
    assert_eq!(refused.status(), 405);
    assert_eq!(refused.header("allow"), Some("GET, HEAD, OPTIONS, PUT"));
    let asked = client.request(Method::OPTIONS, "/user/7").send().unwrap();
    assert_eq!(
        (asked.status().as_u16(), asked.header("allow")),
        (204, refused.header("allow"))
    );
    assert_eq!(client.get("/nothing").send().unwrap().status(), 404);
    let app = Router::new().get("/folder/", |_: &Request| "listing");
    let moved = Client::new(app).get("/folder?a=1").send().unwrap();
    assert_eq!(moved.status(), 308);
    assert_eq!(
        moved.header("location"),
        Some("http://localhost/folder/?a=1")
    );
}

#[test]
fn urls_are_built_by_endpoint_also_from_within_and_below_a_mount() {
    let admin = Router::new()
        .get("/", |request: &Request| -> Result<String> {
            let own = request.url_for("log", [("day", 3)])?;
            let outer = request.url_for("user", [("id", 7)])?;
            Ok(format!("{own} {outer} {}", request.state::<Shop>().name))
        })
        .route(
            Rule::new("/log/<int:day>", "log").methods([Method::GET]),
            |_: &Request| "log",
        );
    let app = shop()
        .mount("/admin", admin)
        .get("/up", |request: &Request| {
            request.url_for("user", [("id", "7"), ("tab", "a b")])
        })
        .after(|request, mut reply| {
            let path = format!("{}|{}", request.script_root(), request.path());
            reply.headers_mut().insert("x-seen", path.parse()?);
            Ok(reply)
        });
    let client = Client::new(app);
    let answer = client.get("/admin/").send().unwrap();
    assert_eq!(answer.text(), "/admin/log/3 /user/7 tea");
    assert_eq!(answer.header("x-seen"), Some("|/admin/"));
    assert_eq!(client.get("/up").send().unwrap().text(), "/user/7?tab=a+b");
    assert_eq!(client.get("/admin/log/1").send().unwrap().text(), "log");
}

#[test]
fn rules_come_before_mounts_longer_mounts_before_shorter_and_the_fallback_last() {
    let says = |text: &'static str| {
        wsgi::app_fn(move |environ| {
            let place = format!("{text} {}", environ.path());
            Response::text(place).into_reply()
        })
    };
    let app = || {
        Router::new()
            .get("/a/rule", |_: &Request| "rule")
            .mount("/a", says("short"))
            .mount("/a/b/", says("long"))
            .fallback(says("fallback"))
    };
    check(app(), Method::GET, "/a/rule", 200, "rule");
    check(app(), Method::GET, "/a", 200, "short ");
    check(app(), Method::GET, "/a/x", 200, "short /x");
    check(app(), Method::GET, "/a/b/x", 200, "long /x");
    check(app(), Method::GET, "/ab", 200, "fallback /ab");
}

#[test]
fn hooks_run_around_views_and_handlers_answer_errors() {
    #[derive(Debug, thiserror::Error)]
    #[error("sold out")]
    struct SoldOut;
    let app = Router::new()
        .get("/buy", |_: &Request| -> Result<&str> { Err(SoldOut)? })
        .get("/fail", |_: &Request| -> Result<&str> { Err("broken")? })
        .before(|request| {
            let is_closed = request.args().get("closed").is_some();
            Ok(is_closed.then(|| Response::text("closed").status(503)))
        })
        .after(|_, mut reply| {
            reply.headers_mut().insert("x-after", "yes".parse()?);
            Ok(reply)
        })
        .on_error(|_, error: &SoldOut| (StatusCode::CONFLICT, error.to_string()))
        .on_status(StatusCode::NOT_FOUND, |request, exception| {
            format!("{} at {}", exception.name(), request.path())
        })
        .on_status(StatusCode::METHOD_NOT_ALLOWED, |_, _| "no");
    let client = Client::new(app);
    let ask = |method, path| {
        let answer = client.request(method, path).send().unwrap();
        assert_eq!(answer.header("x-after"), Some("yes"), "{path}");
        (answer.status().as_u16(), answer.text().into_owned())
    };
    assert_eq!(ask(Method::GET, "/buy"), (409, "sold out".into()));
    assert_eq!(ask(Method::GET, "/buy?closed"), (503, "closed".into()));
    assert_eq!(ask(Method::GET, "/no?closed"), (503, "closed".into()));
    assert_eq!(ask(Method::GET, "/no"), (404, "Not Found at /no".into()));
    assert_eq!(ask(Method::POST, "/buy"), (405, "no".into()));
    let refused = client.post("/buy").send().unwrap();
    assert_eq!(refused.header("allow"), Some("GET, HEAD, OPTIONS"));
    assert!(client.get("/fail").send().is_err(), "a failure goes up");
}

#[test]
fn hooks_run_before_the_router_s_own_answers_too() {
    let app = Router::new()
        .get("/folder/", |_: &Request| "listing")
        .before(|request| {
            let told = request.endpoint().unwrap_or("no endpoint");
            let is_closed = request.args().get("closed").is_some();
            Ok(is_closed.then(|| Response::text(told.to_owned()).status(503)))
        });
    let client = Client::new(app);
    let ask = |method, path| {
        let answer = client.request(method, path).send().unwrap();
        (answer.status().as_u16(), answer.text().into_owned())
    };
    let closed = |told: &str| (503, told.to_owned());
    assert_eq!(ask(Method::GET, "/folder/?closed"), closed("/folder/"));
    assert_eq!(ask(Method::GET, "/folder?closed"), closed("no endpoint"));
    assert_eq!(ask(Method::PUT, "/folder/?closed"), closed("no endpoint"));
    assert_eq!(
        ask(Method::OPTIONS, "/folder/?closed"),
        closed("no endpoint")
    );
    assert_eq!(ask(Method::GET, "/folder").0, 308);
    assert_eq!(ask(Method::PUT, "/folder/").0, 405);
    assert_eq!(ask(Method::OPTIONS, "/folder/").0, 204);
}

#[test]
fn a_websocket_s_rule_answers_nothing_else() {
    let app = || {
        Router::new()
            .websocket("/chat/<room>", |_: &Request, room: String| room)
            .get("/page", |_: &Request| "page")
    };
    check(app(), Method::GET, "/page", 200, "page");
    let client = Client::new(app());
    assert_eq!(client.get("/chat/tea").send().unwrap().status(), 400);
    let ask = |path| {
        let request = client.get(path).header("upgrade", "websocket");
        let answer = request.header("connection", "Upgrade").send().unwrap();
        (answer.status().as_u16(), answer.text().into_owned())
    };
    assert_eq!(ask("/chat/tea"), (200, "tea".to_owned()));
    assert_eq!(ask("/page").0, 400);
}

#[test]
fn middleware_learns_which_rule_has_answered() {
    use devserve::middleware::Profiler;
    let admin = Router::new().get("/log/<int:day>", |request: &Request, _: u8| {
        request.url_rule().unwrap()
    });
    let app = shop().mount("/admin", admin).after(|request, mut reply| {
        let rule = request.url_rule().unwrap_or_default();
        reply.headers_mut().insert("x-rule", rule.parse()?);
        Ok(reply)
    });
    let client = Client::new(Profiler::new(app, "/profile"));
    for path in ["/user/7", "/user/8", "/nothing"] {
        client.get(path).send().unwrap();
    }
    let log = client.get("/admin/log/3").send().unwrap();
    assert_eq!(log.text(), "/admin/log/<int:day>");
    assert_eq!(log.header("x-rule"), Some("/admin/log/<int:day>"));
    let table = client.get("/profile").header("accept", "text/plain");
    let table = table.send().unwrap().text().into_owned();
    let row = |count: usize, name: &str| {
        table
            .lines()
            .any(|line| line.trim_start().starts_with(&format!("{count} ")) && line.ends_with(name))
    };
    assert!(row(2, "GET /user/<int:id>"), "{table}");
    assert!(row(1, "GET /admin/log/<int:day>"), "{table}");
    assert!(row(1, "GET /nothing"), "{table}");
}

#[test]
fn a_router_tells_its_map_through_all_that_stands_around_it() {
    use devserve::local::InContext;
    use devserve::middleware::{
        BasicAuth, Cors, Dispatcher, Lint, ProxyFix, RequestId, SharedData,
    };
    use std::sync::Arc;

    let admin = Router::new()
        .get("/", |_: &Request| "")
        .fallback(|_: &Request| "");
    let router = shop().mount("/admin/", admin).mount("/", |_: &Request| "");
    let inner = Arc::new(RequestId::new(Lint::new(Cors::new(router))));
    let files = SharedData::new(ProxyFix::new(inner)).file("/icon.png", "icon.png");
    let site = Dispatcher::new(|_: &Request| "").mount("/shop", InContext::new(files));
    let boxed: Box<dyn App> = Box::new(BasicAuth::new(site, "shop", |_, _| true));

    let routes = boxed.routes().unwrap();
    let lines = routes.iter().map(|route| {
        let endpoint = route.endpoint.as_deref().unwrap_or("-");
        let methods = route.methods.iter().flatten().map(Method::as_str);
        let methods: Vec<_> = methods.collect();
        format!("{endpoint} {} {}", route.rule, methods.join(","))
    });
    let lines: Vec<_> = lines.collect();
    assert_eq!(
        lines,
        [
            "- /shop/icon.png ",
            "index /shop/ GET,HEAD,OPTIONS",
            "/user/<int:id> /shop/user/<int:id> OPTIONS,PUT",
            "user /shop/user/<int:id> GET,HEAD,OPTIONS",
            "page /shop/<lang>/<path:rest>/at/<float:number> GET,HEAD,OPTIONS",
            "/ /shop/admin/ GET,HEAD,OPTIONS",
            "- /shop/admin/… ",
            "- /shop/… ",
            "- /… ",
        ]
    );
}

#[test]
fn a_router_that_cannot_be_is_an_error_with_the_rule() {
    let error = |router: Router| router.build().unwrap_err().to_string();
    let told = error(Router::new().get("/user/<int:id", user));
    assert!(told.contains("/user/<int:id"), "{told}");
    let told = error(Router::new().get("/user", user));
    assert!(
        told.contains("\"user\" wants 1 arguments") && told.contains("\"/user\""),
        "{told}"
    );
    let twice = Router::new().get("/<a>", index).get("/<b>", index);
    assert!(matches!(twice.build(), Err(RouterError::Rule(_))));
    let client = Client::new(Router::new().get("user", index));
    assert!(
        client.get("/").send().is_err(),
        "without build it is the first request's"
    );
}

#[test]
fn a_router_shows_its_rules() {
    let shown = shop().mount("/admin", Router::new()).to_string();
    assert_eq!(shown.lines().count(), 5, "{shown}");
    assert!(
        shown.contains("/user/<int:id>") && shown.ends_with("/admin/…\n"),
        "{shown}"
    );
}
