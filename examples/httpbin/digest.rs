//! Digest (RFC 7616): a proof of the password that does not tell it.
//!
//! Nothing is kept here between requests. What a challenge began is in its cookies:
//! `stale_after`, how many answers its nonce is still good for, and `last_nonce`, one that was
//! answered wrongly and is not good any more.

use std::fmt::Write;

use devserve::http::{Authorization, SetCookie, WwwAuthenticate};
use devserve::security::constant_time_eq;
use devserve::{Request, Response, Result};
use md5::Md5;
use serde_json::json;
use sha2::{Digest, Sha256, Sha512};

use super::auth::welcome;
use super::json::Json;
use super::random::Random;

const REALM: &str = "me@kennethreitz.com";

pub(crate) fn of_md5(
    request: &Request,
    qop: String,
    user: String,
    password: String,
) -> Result<Response> {
    of_algorithm(request, qop, user, password, "MD5".to_owned())
}

pub(crate) fn of_algorithm(
    request: &Request,
    qop: String,
    user: String,
    password: String,
    algorithm: String,
) -> Result<Response> {
    until_stale(request, qop, user, password, algorithm, "never".to_owned())
}

pub(crate) fn until_stale(
    request: &Request,
    qop: String,
    user: String,
    password: String,
    algorithm: String,
    stale_after: String,
) -> Result<Response> {
    let guard = Guard {
        user,
        password,
        algorithm: Algorithm::named(&algorithm),
        qops: match &*qop {
            "auth" => &["auth"],
            "auth-int" => &["auth-int"],
            _ => &["auth", "auth-int"],
        },
    };
    guard.answer(request, &stale_after)
}

/// Who may come in, and how.
struct Guard {
    user: String,
    password: String,
    algorithm: Algorithm,
    /// What may be protected: the request's line, or its body as well.
    qops: &'static [&'static str],
}

impl Guard {
    fn answer(&self, request: &Request, stale_after: &str) -> Result<Response> {
        let wants_cookies = request
            .args()
            .get("require-cookie")
            .is_some_and(|value| ["1", "t", "true"].contains(&&*value.to_ascii_lowercase()));
        let has_cookies = request.headers().contains_key("cookie");
        let digest = request
            .authorization()
            .filter(|login| login.scheme() == "digest");
        let Some(login) = digest.filter(|_| has_cookies || !wants_cookies) else {
            let challenge = self.challenge(Staleness::Fresh)?;
            return Ok(with(challenge, "stale_after", stale_after));
        };
        if wants_cookies && request.cookie("fake").as_deref() != Some("fake_value") {
            let missing = json!({ "errors": ["missing cookie set on challenge"] });
            return Ok(with_fake(Json(missing).response().status(403)));
        }

        let nonce = login.param("nonce").unwrap_or_default();
        let left = request.cookie("stale_after");
        let is_stale = request.cookie("last_nonce").as_deref() == Some(nonce);
        let refusal = if is_stale || left.as_deref() == Some("0") {
            Staleness::Stale
        } else if !self.accepts(&login, request)? {
            Staleness::Fresh
        } else {
            let welcome = with_fake(welcome(&self.user));
            return Ok(match left {
                Some(left) => with(welcome, "stale_after", &one_less(&left)),
                None => welcome,
            });
        };
        let challenge = with(self.challenge(refusal)?, "stale_after", stale_after);
        Ok(with(challenge, "last_nonce", nonce))
    }

    /// A 401 that says how to come in.
    fn challenge(&self, staleness: Staleness) -> Result<Response> {
        let random = || Ok::<_, devserve::Error>(Random::new()?.uuid().0.to_be_bytes());
        let challenge = WwwAuthenticate::new("Digest")
            .with("realm", REALM)
            .with("nonce", self.algorithm.hash(&random()?))
            .with("opaque", self.algorithm.hash(&random()?))
            .with("qop", self.qops.join(", "))
            .with("algorithm", self.algorithm.name())
            .with("stale", staleness.as_str());
        let page = Response::html("").status(401).www_authenticate(challenge);
        Ok(with_fake(page))
    }

    /// Whether the credentials are right, for this very request.
    fn accepts(&self, login: &Authorization, request: &Request) -> Result<bool> {
        let target = request.environ().raw_target();
        let is_ours = login.username() == Some(&self.user)
            && login.param("realm") == Some(REALM)
            && login
                .param("uri")
                .is_some_and(|uri| uri.as_bytes() == target)
            && login.param("algorithm").unwrap_or("MD5") == self.algorithm.name();
        if !is_ours {
            return Ok(false);
        }
        let body = match login.param("qop") {
            Some("auth-int") => &request.data()?[..],
            _ => b"",
        };
        let expected = self.response(login, request.method().as_str(), body);
        let told = login.param("response").unwrap_or_default();
        Ok(expected.is_some_and(|expected| constant_time_eq(expected, told)))
    }

    /// What the client has to respond (RFC 7616 §3.4.1); `None` where it left out what that
    /// is made of. Before RFC 2617 there was no `qop`; where it may be `auth` it may be absent.
    fn response(&self, login: &Authorization, method: &str, body: &[u8]) -> Option<String> {
        let hash = |parts: &[&str]| self.algorithm.hash(parts.join(":").as_bytes());
        let (nonce, uri) = (login.param("nonce")?, login.param("uri")?);
        let secret = hash(&[&self.user, REALM, &self.password]);
        let Some(qop) = login.param("qop") else {
            let request = hash(&[method, uri]);
            return self
                .qops
                .contains(&"auth")
                .then(|| hash(&[&secret, nonce, &request]));
        };
        let request = match qop {
            _ if !self.qops.contains(&qop) => return None,
            "auth-int" => hash(&[method, uri, &self.algorithm.hash(body)]),
            _ => hash(&[method, uri]),
        };
        let (count, client_nonce) = (login.param("nc")?, login.param("cnonce")?);
        Some(hash(&[&secret, nonce, count, client_nonce, qop, &request]))
    }
}

/// Whether the credentials failed by the age of their nonce alone.
#[derive(Clone, Copy)]
enum Staleness {
    Fresh,
    Stale,
}

impl Staleness {
    fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "False",
            Self::Stale => "True",
        }
    }
}

#[derive(Clone, Copy)]
enum Algorithm {
    Md5,
    Sha256,
    Sha512,
}

impl Algorithm {
    /// MD5 where the name is none of the others.
    fn named(name: &str) -> Self {
        match name {
            "SHA-256" => Self::Sha256,
            "SHA-512" => Self::Sha512,
            _ => Self::Md5,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
        }
    }

    /// In hexadecimal digits.
    fn hash(self, bytes: &[u8]) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(bytes)),
            Self::Sha256 => hex(&Sha256::digest(bytes)),
            Self::Sha512 => hex(&Sha512::digest(bytes)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("a String takes all text");
        digits
    })
}

/// One answer less; what is no number is for ever.
fn one_less(left: &str) -> String {
    match left.parse::<i64>() {
        Ok(number) => number.saturating_sub(1).to_string(),
        Err(_) => "never".to_owned(),
    }
}

fn with(response: Response, name: &str, value: &str) -> Response {
    response.set_cookie(SetCookie::new(name, value))
}

/// A cookie to see whether the client keeps them.
fn with_fake(response: Response) -> Response {
    with(response, "fake", "fake_value")
}
