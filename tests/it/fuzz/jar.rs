use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use devserve::http::{HeaderMap, HeaderValue, cookie, header};
use devserve::testing::{Client, StoredCookie};
use devserve::{Request, Response, Result};

/// Visits, a line each that begins with `http`, and behind each the `Set-Cookie` fields of its
/// answer: what the test client keeps was asked for by whom it concerns, and goes there only.
pub fn jar(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let shop = Arc::new(Shop::default());
    let (app, clock) = (Arc::clone(&shop), Arc::clone(&shop));
    let client =
        Client::new(move |request: &Request<'_>| app.answer(request)).clock(move || clock.now());
    let mut lines = text.lines().take(60).peekable();
    while let Some(line) = lines.next() {
        let visit = Visit::read(line);
        let mut fields = Vec::new();
        while let Some(field) = lines.next_if(|line| !line.starts_with("http")) {
            fields.extend(HeaderValue::from_str(field));
        }
        shop.hour.fetch_add(1, Ordering::Relaxed);
        let before = client.cookies();
        *shop.sets.lock().unwrap() = fields.clone();
        let sent = client.get(&visit.url()).send().map(|_| shop.sent());
        brought(&visit, &before, &sent.expect("the app answers"));
        kept(&visit, &before, &client.cookies(), &fields, shop.now());
    }
    forgotten(&client);
}

/// The app: says what it is told to, and remembers what it was told.
#[derive(Default)]
struct Shop {
    hour: AtomicU64,
    sets: Mutex<Vec<HeaderValue>>,
    asked: Mutex<HeaderMap>,
}

impl Shop {
    fn answer(&self, request: &Request<'_>) -> Result<Response> {
        *self.asked.lock().unwrap() = request.headers().clone();
        let mut response = Response::text("tea");
        for field in self.sets.lock().unwrap().iter() {
            response = response.add_header("set-cookie", field.clone());
        }
        Ok(response)
    }

    /// The cookies of the last request.
    fn sent(&self) -> Vec<(String, String)> {
        let asked = self.asked.lock().unwrap();
        let fields: Vec<_> = asked.get_all(header::COOKIE).iter().collect();
        assert!(fields.len() <= 1, "browsers send one field");
        let field = fields.first().map_or(&b""[..], |field| field.as_bytes());
        let pairs = field
            .split(|byte| *byte == b';')
            .filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let pair = str::from_utf8(pair)
                .expect("cookies are ASCII")
                .trim_start();
            let (name, value) = pair.split_once('=').expect("a pair");
            (name.to_owned(), value.to_owned())
        });
        let pairs: Vec<_> = pairs.collect();
        assert_eq!(cookie::parse(field).count(), pairs.len(), "{pairs:?}");
        pairs
    }

    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_700_000_000 + 3600 * self.hour.load(Ordering::Relaxed))
    }
}

struct Visit {
    is_secure: bool,
    host: &'static str,
    path: String,
}

const HOSTS: [&str; 6] = [
    "shop.test",
    "a.shop.test",
    "ashop.test",
    "test",
    "127.0.0.1",
    "[::1]",
];

impl Visit {
    /// A host that is not known is the first.
    fn read(line: &str) -> Self {
        let (scheme, rest) = line.split_once("://").unwrap_or(("http", line));
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let is_plain = |c: &char| c.is_ascii_alphanumeric() || "/.-_".contains(*c);
        Self {
            is_secure: scheme == "https",
            host: HOSTS
                .iter()
                .find(|known| **known == host)
                .unwrap_or(&HOSTS[0]),
            path: format!(
                "/{}",
                path.chars().skip(1).filter(is_plain).collect::<String>()
            ),
        }
    }

    fn url(&self) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://{}{}", self.host, self.path)
    }

    /// RFC 6265 §5.4, read anew.
    fn gets(&self, cookie: &StoredCookie) -> bool {
        let is_host = match cookie.is_host_only {
            true => self.host == cookie.domain,
            false => is_within(self.host, &cookie.domain),
        };
        let rest = self.path.strip_prefix(&cookie.path);
        let is_path = rest.is_some_and(|rest| {
            rest.is_empty() || rest.starts_with('/') || cookie.path.ends_with('/')
        });
        is_host && is_path && (self.is_secure || !cookie.is_secure)
    }
}

fn is_within(host: &str, domain: &str) -> bool {
    let is_name = host.contains(|c: char| c.is_ascii_alphabetic()) && !host.contains('[');
    host == domain || is_name && host.ends_with(&format!(".{domain}"))
}

/// A request has the cookies that are for it, and no others; of those with one name the one
/// with the longest path comes first.
fn brought(visit: &Visit, before: &[StoredCookie], sent: &[(String, String)]) {
    let mut due: Vec<_> = before.iter().filter(|cookie| visit.gets(cookie)).collect();
    due.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
    let due = due
        .into_iter()
        .map(|cookie| (&*cookie.name, &*cookie.value));
    let sent = sent.iter().map(|(name, value)| (&**name, &**value));
    assert!(
        due.clone().eq(sent.clone()),
        "{:?} are due at {}, {:?} came",
        due.collect::<Vec<_>>(),
        visit.url(),
        sent.collect::<Vec<_>>()
    );
}

/// What is new in the jar stands in a field of the answer, is for its host, and is there once.
fn kept(
    visit: &Visit,
    before: &[StoredCookie],
    after: &[StoredCookie],
    fields: &[HeaderValue],
    now: SystemTime,
) {
    let mut seen = BTreeSet::new();
    for cookie in after {
        assert!(cookie.expires.is_none_or(|expires| expires > now));
        assert!(
            seen.insert((&cookie.name, &cookie.domain, &cookie.path)),
            "{cookie:?} is there twice"
        );
        if before.contains(cookie) {
            continue;
        }
        let is_own = match cookie.is_host_only {
            true => cookie.domain == visit.host,
            false => is_within(visit.host, &cookie.domain),
        };
        assert!(
            is_own && cookie.path.starts_with('/'),
            "{cookie:?} from {}",
            visit.url()
        );
        let pairs = fields.iter().filter_map(|field| {
            let pair = field.to_str().ok()?.split(';').next()?;
            let (name, value) = pair.split_once('=')?;
            Some((name.trim(), value.trim()))
        });
        let mut pairs = pairs.filter(|(name, _)| !name.is_empty());
        assert!(
            pairs.any(|pair| pair == (&*cookie.name, &*cookie.value)),
            "nobody set {cookie:?}"
        );
    }
}

/// Every cookie can be taken back by its name.
fn forgotten(client: &Client) {
    for cookie in client.cookies() {
        client.delete_cookie(&cookie.name);
        assert!(
            client
                .cookies()
                .iter()
                .all(|other| other.name != cookie.name)
        );
    }
    assert!(client.cookies().is_empty());
}
