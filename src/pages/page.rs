use http::header;
use minijinja::{Value, context};
use serde::Serialize;

use crate::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use crate::pages::accept::{self, Form};
use crate::pages::{Editor, templates};

/// A report ready to be shown in each of its forms.
///
/// HTML is made anew for every answer, because each carries a nonce of its own; one page can
/// answer many requests.
#[derive(Clone, Debug)]
pub struct Page {
    status: StatusCode,
    name: &'static str,
    title: String,
    text: String,
    json: serde_json::Value,
    // What a client gets that names no form.
    usual: Form,
    context: Value,
    retry_after: Option<u16>,
    live: Option<String>,
    editor: Editor,
    is_framed: bool,
}

/// A page in the form its client asked for, to be sent as it is. `Content-Length` is left to the
/// server.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The status: 500; 502 for an answer that was lost, 503 while waiting, 200 for a listing.
    pub status: StatusCode,
    /// `Content-Type`, `Vary`, and what keeps the page out of caches and frames.
    pub headers: HeaderMap,
    /// The page.
    pub body: Vec<u8>,
}

impl Page {
    /// The field that marks our pages among an app's own answers: its value is `build`, `died`,
    /// `failure`, `listing`, `lost`, `plain` or `waiting`.
    pub const FIELD: HeaderName = HeaderName::from_static("devserve-page");

    /// A page that says `title` in a heading and `text` in a terminal. Its template, and the
    /// value of its `Devserve-Page` field, is `name`.
    pub(super) fn new(status: StatusCode, name: &'static str, title: &str, text: String) -> Self {
        let json = serde_json::json!({
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "detail": title,
        });
        Self {
            status,
            name,
            title: title.to_owned(),
            text,
            json,
            usual: Form::Text,
            context: Value::UNDEFINED,
            retry_after: None,
            live: None,
            editor: Editor::None,
            is_framed: false,
        }
    }

    /// What the template asks for besides the title and the text.
    #[must_use]
    pub(super) fn context(self, context: Value) -> Self {
        Self { context, ..self }
    }

    /// Adds the report's fields to the page's data.
    #[must_use]
    pub(super) fn report(mut self, report: &impl Serialize) -> Self {
        if let (serde_json::Value::Object(json), Ok(serde_json::Value::Object(report))) =
            (&mut self.json, serde_json::to_value(report))
        {
            json.extend(report);
        }
        self
    }

    /// Has these for the page's data, where it is an answer and no report of a problem.
    #[must_use]
    pub(super) fn data(self, json: serde_json::Value) -> Self {
        Self { json, ..self }
    }

    /// Gives HTML to clients that name no form: programs that follow links look for them there.
    #[must_use]
    pub(super) fn usually_html(self) -> Self {
        Self {
            usual: Form::Html,
            ..self
        }
    }

    /// Tells the client when to ask again.
    #[must_use]
    pub(super) fn retry_after(self, seconds: u16) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }

    /// Loads one script from a path of our own (such as the live reload's), so that the page
    /// follows the next build. It gets the nonce, and may connect to where it came from.
    #[must_use]
    pub fn live(mut self, path: impl Into<String>) -> Self {
        self.live = Some(path.into());
        self
    }

    /// Makes the places in source that the page names open in an editor.
    #[must_use]
    pub fn editor(self, editor: Editor) -> Self {
        Self { editor, ..self }
    }

    /// Lets pages of the same origin show this one in a frame: over what was open when it came.
    #[must_use]
    pub fn framed(self) -> Self {
        Self {
            is_framed: true,
            ..self
        }
    }

    /// The nonce in the header fields of a page that was rendered elsewhere: what a front needs
    /// to add its script to a page of the app's debugger.
    pub fn nonce_in(headers: &HeaderMap) -> Option<&str> {
        headers.get(Self::FIELD)?;
        let policy = headers
            .get(header::CONTENT_SECURITY_POLICY)?
            .to_str()
            .ok()?;
        policy
            .split_once("script-src 'nonce-")?
            .1
            .split('\'')
            .next()
    }

    /// The status this page answers with.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The page in plain words, for terminals.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The page as data: `title`, `status` and `detail` as in RFC 9457, then the report's own
    /// fields.
    pub fn json(&self) -> &serde_json::Value {
        &self.json
    }

    /// The page in the form asked for by an `Accept` value: HTML where it is named, JSON where
    /// that is preferred, else text; of a listing, else HTML.
    pub fn negotiate(&self, accept: Option<&str>) -> Rendered {
        let form = accept::choose(accept, self.usual);
        if form == Form::Html
            && let Some(rendered) = self.as_html()
        {
            return rendered;
        }
        if form == Form::Json {
            return self.rendered("application/json", self.json.to_string());
        }
        self.rendered("text/plain; charset=utf-8", self.text.clone())
    }

    // `None` where there is no randomness for a nonce or a template is broken: the text says as
    // much, and a page about a fault must not be one.
    fn as_html(&self) -> Option<Rendered> {
        let nonce = templates::nonce()?;
        let html = self
            .to_html(&nonce)
            .inspect_err(|error| log::debug!("the {} page is not rendered: {error:#}", self.name))
            .ok()?;
        let mut rendered = self.rendered("text/html; charset=utf-8", html);
        let policy = HeaderValue::try_from(self.content_security_policy(&nonce)).ok()?;
        rendered
            .headers
            .insert(header::CONTENT_SECURITY_POLICY, policy);
        Some(rendered)
    }

    pub(super) fn to_html(&self, nonce: &str) -> Result<String, minijinja::Error> {
        let frame = context! {
            nonce,
            name => self.name,
            title => self.title.as_str(),
            live => self.live.as_deref(),
            text => self.text.as_str(),
            version => env!("CARGO_PKG_VERSION"),
            opening => self.editor.to_function(),
            token => self.editor.token(),
        };
        templates::render(self.name, context! { ..self.context.clone(), ..frame })
    }

    fn rendered(&self, content_type: &'static str, body: String) -> Rendered {
        const FIXED: [(HeaderName, &str); 4] = [
            (header::VARY, "accept"),
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
        ];
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(Self::FIELD, HeaderValue::from_static(self.name));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        for (name, value) in FIXED {
            headers.insert(name, HeaderValue::from_static(value));
        }
        Rendered {
            status: self.status,
            headers,
            body: body.into_bytes(),
        }
    }

    /// Nothing from outside, nothing inline but ours, no frame of strangers around it, nowhere to
    /// send a form.
    fn content_security_policy(&self, nonce: &str) -> String {
        let ancestors = if self.is_framed { "'self'" } else { "'none'" };
        format!(
            "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; \
             connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
             frame-ancestors {ancestors}"
        )
    }
}
