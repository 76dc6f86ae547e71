use std::time::{Duration, UNIX_EPOCH};

use cookie::Cookie;
use devserve::Request;
use devserve::http::{Accept, HeaderMap, HeaderName, HeaderValue, Method, cookie as own, date};
use devserve::wsgi::Environ;
use mime::{Mime, MimeIter};

use crate::python::Python;
use crate::rounds::Case;

const COOKIES: &str = "session=eyJ1c2VyIjoxMjM0NX0.Zm9vYmFy; theme=dark; lang=de-CH; \
    consent=\"all\"; cart=3%2C4%2C17; _ga=GA1.2.1234567890.1700000000";
const ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,\
    image/webp,*/*;q=0.8";
const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const MOMENT: Duration = Duration::from_secs(784_111_777);
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
const FIELDS: [(&str, &str); 8] = [
    ("host", "localhost:5000"),
    ("user-agent", AGENT),
    ("accept", ACCEPT),
    ("accept-language", "de-CH,de;q=0.8,en;q=0.5"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("connection", "keep-alive"),
    ("cookie", COOKIES),
    ("cache-control", "max-age=0"),
];
const TARGET: &str = "/articles/42?page=2&sort=newest";

pub fn cases(python: &Python) -> Vec<Case> {
    let moment = UNIX_EPOCH + MOMENT;
    let head = FIELDS
        .iter()
        .fold(format!("GET {TARGET} HTTP/1.1"), |head, (name, value)| {
            format!("{head}\r\n{name}: {value}")
        });
    vec![
        Case::new("cookies, six")
            .with("devserve", || {
                own::parse(COOKIES.as_bytes()).collect::<Vec<_>>()
            })
            .with("cookie", || {
                Cookie::split_parse(COOKIES).collect::<Vec<_>>()
            })
            .timed("Werkzeug", python.turns("cookie", COOKIES.as_bytes())),
        Case::new("accept, six ranges")
            .with("devserve", || Accept::parse(ACCEPT))
            .with("mime", || {
                MimeIter::new(ACCEPT).collect::<Vec<Result<Mime, _>>>()
            })
            .timed("Werkzeug", python.turns("accept", ACCEPT.as_bytes())),
        Case::new("accept, the best of three")
            .with("devserve", || {
                let offers = ["application/json", "text/plain", "text/html"];
                Accept::parse(ACCEPT).best_match(&offers).is_some()
            })
            .timed("Werkzeug", python.turns("best_match", ACCEPT.as_bytes())),
        Case::new("a date, read")
            .with("devserve", move || date::parse(DATE, moment))
            .with("httpdate", || httpdate::parse_http_date(DATE))
            .timed("Werkzeug", python.turns("date_parse", DATE.as_bytes())),
        Case::new("a date, written")
            .with("devserve", move || date::format(moment))
            .with("httpdate", move || httpdate::fmt_http_date(moment))
            .timed("Werkzeug", python.turns("date_format", b"-")),
        Case::new("environ of eight fields, and one read")
            .with("devserve", || {
                let mut environ = Environ::new(Method::GET, TARGET);
                *environ.headers_mut() = headers();
                Request::new(&environ).header("user-agent").map(str::len)
            })
            .with("http", || {
                let mut request = http::Request::new(());
                *request.uri_mut() = TARGET.parse().expect("a target");
                *request.headers_mut() = headers();
                request.headers().get("user-agent").map(HeaderValue::len)
            })
            .timed("Werkzeug", python.turns("environ", head.as_bytes())),
    ]
}

fn headers() -> HeaderMap {
    let fields = FIELDS.iter().map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        (name, HeaderValue::from_static(value))
    });
    fields.collect()
}
