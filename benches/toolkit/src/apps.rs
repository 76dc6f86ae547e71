use std::time::Duration;

use devserve::http::{HeaderValue, Method, SetCookie};
use devserve::middleware::{
    BasicAuth, Compression, Cors, Dispatcher, ProxyFix, RateLimit, RequestId, SharedData,
    TrustHosts, TrustedHops,
};
use devserve::session::{Key, Sessions};
use devserve::templates::{Templates, context};
use devserve::testing::Client;
use devserve::wsgi::{self, App, Environ, Reply};
use devserve::{Request, Response};

use crate::python::Python;
use crate::rounds::Case;

/// A page with a table, for both engines: they take the same text.
const PAGE: &str = include_str!("apps/page.html");
const NOTE: &str = "<p>Hello, {{ name }}! You have {{ count }} messages.</p>";

pub fn cases(python: &Python) -> Vec<Case> {
    let templates = Templates::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/apps"));
    let templates: &Templates = Box::leak(Box::new(templates.configure(|environment| {
        let added = environment.add_template("note.html", NOTE);
        added.expect("it is one");
    })));
    vec![
        asking(python),
        sending(python),
        Case::new("a template, one line")
            .with("devserve", || templates.render("note.html", note()))
            .with("minijinja", bare("note.html", NOTE, note))
            .timed("Jinja2", python.turns("template", NOTE.as_bytes())),
        Case::new("a template, a table of 100 rows")
            .with("devserve", || templates.render("page.html", page()))
            .with("minijinja", bare("page.html", PAGE, page))
            .timed("Jinja2", python.turns("template", PAGE.as_bytes())),
        Case::new("a template, for a request")
            .with("devserve", || {
                let environ = Environ::new(Method::GET, "/");
                templates.render_for(&Request::new(&environ), "note.html", note())
            })
            .with("minijinja", bare("note.html", NOTE, note))
            .timed("Jinja2", python.turns("template", NOTE.as_bytes())),
        layers("ten that only pass on", ten_empty(), hello),
        layers("ten middlewares", ten_real(), hello),
        layers("ProxyFix", fixed(hello), hello),
        layers("TrustHosts", TrustHosts::new(hello, ["localhost"]), hello),
        layers("RequestId", RequestId::new(hello), hello),
        layers("RateLimit", limited(hello), hello),
        layers("Cors", shared_with(hello), hello),
        layers("BasicAuth", guarded(hello), hello),
        layers("SharedData", beside_files(hello), hello),
        layers("Dispatcher", mounted(hello), hello),
        layers("Sessions", remembering(hello), hello),
        layers("Compression", Compression::new(hello), hello),
    ]
}

fn hello(_: &Request<'_>) -> Result<Response, devserve::Error> {
    Ok(Response::text("Hello, World!"))
}

/// A `GET` by the test client, beside a call of the app with an environ, and beside Python's.
fn asking(python: &Python) -> Case {
    let client = Client::new(hello);
    let answer = client.get("/hello").send().expect("it answers");
    assert_eq!(answer.text(), "Hello, World!");
    Case::new("test client, a GET")
        .with("devserve", move || {
            let answer = client.get("/hello?who=world").send();
            answer.is_ok_and(|answer| answer.status() == 200)
        })
        .with("bare", || {
            let mut environ = Environ::new(Method::GET, "/hello?who=world");
            wsgi::call(&hello, &mut environ).is_ok_and(|answer| answer.status() == 200)
        })
        .timed("Werkzeug", python.turns("werkzeug_get", b"-"))
        .timed("Flask", python.turns("flask_get", b"-"))
}

/// A form that is read, by a client that has a cookie, and answered with another.
fn sending(python: &Python) -> Case {
    fn greet(request: &Request<'_>) -> Result<Response, devserve::Error> {
        let name = request.form()?.get("name").unwrap_or_default();
        let visits: u32 = request
            .cookie("visits")
            .and_then(|visits| visits.parse().ok())
            .unwrap_or(0);
        let cookie = SetCookie::new("visits", (visits % 9 + 1).to_string());
        Ok(Response::text(format!("Hello, {name}!")).set_cookie(cookie))
    }
    const BODY: &[u8] = b"name=Ada&born=1815";
    let client = Client::new(greet);
    Case::new("test client, a form and a cookie")
        .with("devserve", move || {
            let form = [("name", "Ada"), ("born", "1815")];
            let answer = client.post("/hello").form(form).send();
            answer.is_ok_and(|answer| answer.text() == "Hello, Ada!")
        })
        .with("bare", || {
            let mut environ = Environ::new(Method::POST, "/hello").with_input(BODY.to_vec());
            for (name, value) in [
                ("content-type", "application/x-www-form-urlencoded"),
                ("content-length", "18"),
                ("cookie", "visits=3"),
            ] {
                let value = HeaderValue::from_static(value);
                environ.headers_mut().insert(name, value);
            }
            wsgi::call(&greet, &mut environ).is_ok_and(|answer| answer.body() == "Hello, Ada!")
        })
        .timed("Werkzeug", python.turns("werkzeug_form", b"-"))
        .timed("Flask", python.turns("flask_form", b"-"))
}

/// What stands in both engines' contexts.
fn note() -> minijinja::Value {
    context! { name => "Ada & Charles", count => 3 }
}

fn page() -> minijinja::Value {
    let rows = (0..100).map(|n| {
        context! { name => format!("Tea & cake {n}"), price => f64::from(n) * 1.5, sold => n % 3 == 0 }
    });
    context! { title => "The shop", rows => rows.collect::<Vec<_>>() }
}

fn bare(
    name: &'static str,
    text: &'static str,
    values: fn() -> minijinja::Value,
) -> impl FnMut() -> Result<String, minijinja::Error> {
    let mut environment = minijinja::Environment::new();
    environment
        .add_template(name, text)
        .unwrap_or_else(|error| panic!("{error}"));
    move || environment.get_template(name)?.render(values())
}

/// A request through layers, beside one to the app alone.
fn layers(name: &'static str, layers: impl App, app: impl App) -> Case {
    let run = |app: Box<dyn App>| {
        move || {
            let mut environ = Environ::new(Method::GET, "/hello?who=world");
            for (name, value) in [
                ("authorization", "Basic YWRhOmVuZ2luZQ=="),
                ("x-forwarded-for", "203.0.113.7"),
                ("x-forwarded-proto", "https"),
                ("origin", "https://shop.test"),
                ("accept-encoding", "gzip, br, zstd"),
                ("x-request-id", "8c2f6a52b0d14c1e"),
            ] {
                let value = HeaderValue::from_static(value);
                environ.headers_mut().insert(name, value);
            }
            let answer = wsgi::call(&*app, &mut environ);
            answer.is_ok_and(|answer| answer.status() == 200)
        }
    };
    let (layers, app) = (run(Box::new(layers)), run(Box::new(app)));
    assert!(layers(), "{name} lets the request through");
    Case::new(name).with("devserve", layers).with("bare", app)
}

/// Does nothing, in the way a middleware does it.
struct Pass<A>(A);

impl<A: App> App for Pass<A> {
    fn call(&self, environ: &mut Environ) -> wsgi::Result<Reply> {
        self.0.call(environ)
    }

    fn wsgi(
        &self,
        environ: &mut Environ,
        start_response: &mut dyn wsgi::StartResponse,
    ) -> wsgi::Result<wsgi::Body> {
        self.0.wsgi(environ, start_response)
    }
}

fn ten_empty() -> impl App {
    (0..10).fold(Box::new(hello) as Box<dyn App>, |app, _| {
        Box::new(Pass(app))
    })
}

fn ten_real() -> impl App {
    let app = Compression::new(remembering(hello));
    let app = guarded(shared_with(beside_files(mounted(app))));
    let app = TrustHosts::new(limited(app), ["localhost"]);
    fixed(RequestId::new(app))
}

fn fixed(app: impl App) -> impl App {
    let hops = TrustedHops {
        x_for: 1,
        x_proto: 1,
        ..TrustedHops::default()
    };
    ProxyFix::with_hops(app, hops)
}

fn limited(app: impl App) -> impl App {
    RateLimit::new(app, u32::MAX, Duration::from_secs(1))
}

fn shared_with(app: impl App) -> impl App {
    Cors::new(app).allow_origin("https://shop.test")
}

fn guarded(app: impl App) -> impl App {
    BasicAuth::with_users(app, "shop", [("ada", "engine")])
}

fn beside_files(app: impl App) -> impl App {
    SharedData::new(app).data("/assets", &[("app.css", b"body { color: navy }")])
}

fn mounted(app: impl App) -> impl App {
    Dispatcher::new(app)
        .mount("/api/v1", hello)
        .mount("/admin", hello)
}

fn remembering(app: impl App) -> impl App {
    let key = Key::from_secret(&[7; Key::MIN_BYTES]).expect("long enough");
    Sessions::new(key).wrap(app)
}
