use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::dev::mark::Mark;
use crate::dev::notice::NoScript;
use crate::pages::Page;

/// What becomes of an answer's HTML on its way to the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Injection {
    /// The live-reload script goes behind it, with this nonce where its policy asks for one.
    Script {
        /// Whether a browser says that it loads a document. Else the body has to look like one.
        is_document: bool,
        /// What the page's Content-Security-Policy knows its scripts by.
        nonce: Option<String>,
    },
    /// It stays as it is.
    None,
    /// It stays as it is, though it is a page: the script cannot be put into it.
    Impossible(NoScript),
}

impl Injection {
    /// The script's tag for a body that starts like this, as [`tag`] writes it; empty where the
    /// body gets none.
    pub(crate) fn tag_for(&self, start: &[u8], version: u64) -> String {
        match self {
            Self::Script { is_document, nonce }
                if !start.is_empty() && (*is_document || looks_like_document(start)) =>
            {
                tag(version, nonce.as_deref())
            }
            Self::Script { .. } | Self::None | Self::Impossible(_) => String::new(),
        }
    }
}

/// Whether a browser says that it loads a document with this request; `None` where it says
/// nothing about it (Fetch Metadata §2.1).
fn loads_document(request: &HeaderMap) -> Option<bool> {
    let destination = request.get("sec-fetch-dest")?.as_bytes();
    Some(matches!(destination, b"document" | b"iframe" | b"frame"))
}

/// Whether the answer to this request is likely a page that a browser shows: what decides how the
/// app is asked, before there is an answer.
pub(crate) fn wants_page(method: &Method, request: &HeaderMap) -> bool {
    let accepts_html = || {
        let accept = request.get(header::ACCEPT);
        accept.is_some_and(|accept| memchr::memmem::find(accept.as_bytes(), b"text/html").is_some())
    };
    *method == Method::GET && loads_document(request).unwrap_or_else(accepts_html)
}

/// Asks for a page in a form that the script can be put into: not compressed.
///
/// Nothing can be appended to a compressed body: of formats whose parts may follow each other
/// (RFC 1952 §2.2), browsers read the first part alone.
pub(crate) fn ask_for_plain(request: &mut HeaderMap) {
    if request.contains_key(header::ACCEPT_ENCODING) {
        let plain = HeaderValue::from_static("identity");
        request.insert(header::ACCEPT_ENCODING, plain);
    }
}

/// Whether an answer may get the live-reload script: a whole, plain HTML page that a browser
/// loads as a document. The head of a page, for `HEAD`, is that of the page with the script.
pub(crate) fn decide(
    method: &Method,
    request: &HeaderMap,
    status: StatusCode,
    answer: &HeaderMap,
) -> Injection {
    let text = |name| {
        let value = answer.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_ascii_lowercase()
    };
    let has_body = !matches!(
        status,
        StatusCode::PARTIAL_CONTENT
            | StatusCode::NO_CONTENT
            | StatusCode::RESET_CONTENT
            | StatusCode::NOT_MODIFIED
    );
    let is_document = loads_document(request);
    let is_page = matches!(*method, Method::GET | Method::HEAD)
        && has_body
        && is_document != Some(false)
        && is_html(&text(header::CONTENT_TYPE))
        && !text(header::CONTENT_DISPOSITION).starts_with("attachment");
    if !is_page {
        return Injection::None;
    }
    if !matches!(&*text(header::CONTENT_ENCODING), "" | "identity") {
        return Injection::Impossible(NoScript::Compressed);
    }
    let is_document = is_document == Some(true);
    // A page of the app's debugger names the script that it takes.
    if let Some(nonce) = Page::nonce_in(answer) {
        let nonce = Some(nonce.to_owned());
        return Injection::Script { is_document, nonce };
    }
    let mut nonce = None;
    for policy in answer.get_all(header::CONTENT_SECURITY_POLICY) {
        // One field may hold several policies; all of them hold.
        for policy in policy.to_str().unwrap_or("default-src 'none'").split(',') {
            match way_in(policy) {
                Some(Way::Origin) => {}
                Some(Way::Nonce(asked)) if nonce.as_ref().is_none_or(|nonce| *nonce == asked) => {
                    nonce = Some(asked);
                }
                Some(Way::Nonce(_)) | None => {
                    return Injection::Impossible(NoScript::Policy);
                }
            }
        }
    }
    Injection::Script { is_document, nonce }
}

/// Has the head of a page be that of the page with the script: what depends on its bytes is
/// changed or goes. The length is the caller's.
pub(crate) fn adapt(answer: &mut HeaderMap, mark: &Mark) {
    mark.put_on(answer);
    for name in [
        "accept-ranges",
        "content-digest",
        "repr-digest",
        "digest",
        "content-md5",
    ] {
        answer.remove(name);
    }
}

/// Whether this is a type of HTML that a line of ASCII may stand behind: in UTF-16 it may not.
fn is_html(content_type: &str) -> bool {
    let (essence, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    essence.trim() == "text/html" && !parameters.contains("utf-16")
}

/// Whether a body that starts like this is a whole document, and not a fragment that a script
/// will put into one. A byte order mark, blanks and comments may come first.
fn looks_like_document(start: &[u8]) -> bool {
    let mut rest = start
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(start)
        .trim_ascii_start();
    while let Some(comment) = rest.strip_prefix(b"<!--") {
        match memchr::memmem::find(comment, b"-->") {
            Some(end) => rest = comment[end + 3..].trim_ascii_start(),
            None => return false, // a comment longer than the first part; rare, and no harm
        }
    }
    let starts_with = |tag: &[u8]| {
        rest.get(..tag.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(tag))
    };
    starts_with(b"<!doctype html") || starts_with(b"<html")
}

/// The script's tag. `version` is that of the page it goes into, so that a page which was
/// overtaken while it loaded finds out; `nonce` is for a page that takes no script without.
pub(super) fn tag(version: u64, nonce: Option<&str>) -> String {
    let nonce = nonce
        .map(|nonce| format!(" nonce=\"{nonce}\""))
        .unwrap_or_default();
    format!("<script src=\"/__devserve__/reload.js?v={version}\"{nonce} async></script>\n")
}

/// How a policy lets a page load our script.
enum Way {
    /// By where it comes from.
    Origin,
    /// By this nonce.
    Nonce(String),
}

/// How a policy lets a page load a script from its own origin, and that script connect there
/// (CSP Level 3 §6.1); `None` where it does not.
fn way_in(policy: &str) -> Option<Way> {
    let sources = |name: &str| {
        policy.split(';').find_map(|directive| {
            let mut words = directive.split_ascii_whitespace();
            words
                .next()?
                .eq_ignore_ascii_case(name)
                .then(|| words.collect::<Vec<_>>())
        })
    };
    let allowed = |names: &[&str]| names.iter().find_map(|name| sources(name));
    let has = |sources: &[&str], word: &str| {
        let mut sources = sources.iter();
        sources.any(|source| source.eq_ignore_ascii_case(word))
    };
    let takes_own = |sources: &[&str]| has(sources, "'self'") || has(sources, "*");
    // In a sandbox the page has no origin to share with us, unless it is given back.
    if let Some(allowances) = sources("sandbox")
        && !(has(&allowances, "allow-scripts") && has(&allowances, "allow-same-origin"))
    {
        return None;
    }
    let connections = allowed(&["connect-src", "default-src"]);
    if connections.is_some_and(|sources| !takes_own(&sources)) {
        return None;
    }
    let Some(scripts) = allowed(&["script-src-elem", "script-src", "default-src"]) else {
        return Some(Way::Origin);
    };
    // With 'strict-dynamic' only nonces and hashes count.
    if takes_own(&scripts) && !has(&scripts, "'strict-dynamic'") {
        return Some(Way::Origin);
    }
    scripts.iter().find_map(|source| {
        let nonce = source.strip_prefix("'nonce-")?.strip_suffix('\'')?;
        // What is no base64 could end the attribute that it goes into.
        let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/-_=".contains(c);
        nonce
            .chars()
            .all(is_base64)
            .then(|| Way::Nonce(nonce.to_owned()))
    })
}

#[cfg(test)]
mod tests;
