use devserve::http::h1::{Expectation, Framing, Persistence};
use devserve::http::{Method, Version};

use super::super::framing::Message;
use super::Answer;
use super::app::{self, Answers, Play, Reads, SOME};

/// What must come of one request.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) may_be_told_to_go_on: bool,
    status: u16,
    /// What the app saw; `None` where it does not come to say so.
    seen: Option<String>,
    body: String,
    /// The `Content-Length`.
    length: Option<usize>,
    end: End,
    closing: Closing,
    /// The version that the client speaks.
    version: Version,
}

/// How an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Whole,
    /// Too early, and the client can tell, if its version of HTTP lets it.
    Cut,
    /// With the connection, as HTTP/1.0 has it for what has no known length.
    Connection,
}

/// Whether the connection ends after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    /// It does, and the answer says so.
    Said,
    /// It does, whatever the answer says.
    Now,
    /// It goes on.
    No,
    /// It depends on what had arrived when; the answer says.
    Either,
}

impl Expected {
    pub(super) fn of(message: &Message) -> Self {
        let head = &message.head;
        let Play { reads, answers } = Play::of(&head.target.raw);
        let read = read_by_app(message, reads);
        // A body that cannot be read is an error of the app that wants it.
        let answers = if read.is_some() {
            answers
        } else {
            Answers::Error
        };
        let seen = app::seen(&head.method, &head.target.raw, read.unwrap_or_default());
        let text = app::text(&seen);
        let fails = matches!(answers, Answers::Error | Answers::Panic);
        let status = match answers {
            _ if fails => 500,
            Answers::NoContent => 204,
            Answers::NotModified => 304,
            _ => 200, // whatever comes of its body
        };
        let said = match answers {
            _ if fails => Some(app::FAILED.len()),
            Answers::Short => Some(text.len() + app::OFF_BY),
            Answers::Long => Some(text.len() - app::OFF_BY),
            Answers::Stream | Answers::Write | Answers::Break | Answers::Burst => None,
            // A stream is only known to be empty once it is asked.
            Answers::Empty => (head.method != Method::HEAD).then_some(0),
            _ => Some(text.len()),
        };
        let length = match status {
            204 => None,
            304 if head.method != Method::HEAD => None,
            _ => said, // `HEAD` is told what `GET` would be
        };
        let has_body = head.method != Method::HEAD && status != 204 && status != 304;
        let body = match answers {
            _ if !has_body => String::new(),
            _ if fails => app::FAILED.into(),
            Answers::Empty => String::new(),
            Answers::Long => text[..text.len() - app::OFF_BY].into(),
            _ => text, // as much as there is
        };
        let end = match answers {
            _ if !has_body => End::Whole,
            _ if said.is_none() && head.version == Version::HTTP_10 => End::Connection,
            Answers::Short | Answers::Break | Answers::Burst => End::Cut,
            _ => End::Whole, // its length was known, or a last chunk ends it
        };
        let asks_close = head.persistence == Persistence::Close || answers == Answers::Close;
        let waits = head.expectation == Expectation::Continue;
        let closing = match reads {
            _ if end == End::Cut || message.fault.is_some() => Closing::Now,
            _ if asks_close || end == End::Connection => Closing::Said,
            // Who waits to be told so, and is not, may or may not send the body.
            Reads::Nothing if waits => Closing::Said,
            Reads::Some if waits && message.body.len() >= SOME => Closing::Either,
            _ => Closing::No, // what is left of the body is read away
        };
        Self {
            may_be_told_to_go_on: waits && reads != Reads::Nothing,
            status,
            seen: (!fails).then_some(seen),
            body,
            length,
            end,
            closing,
            version: head.version,
        }
    }

    /// Compares, and says whether the connection goes on.
    pub(super) fn check(&self, answer: &Answer) -> Closing {
        let context = format!("{self:?}\n{answer:?}");
        assert_eq!(answer.status, self.status, "{context}");
        assert_eq!(answer.text(), self.body, "{context}");
        assert_eq!(
            answer.field("x-seen"),
            self.seen.as_deref().unwrap_or(""),
            "{context}"
        );
        assert_eq!(answer.is_whole, self.end != End::Cut, "{context}");
        assert_eq!(answer.until_close, self.end == End::Connection, "{context}");
        assert!(!answer.field("date").is_empty(), "{context}");
        let length = self.length.map(|length| length.to_string());
        assert_eq!(
            answer.field("content-length"),
            length.unwrap_or_default(),
            "{context}"
        );
        let codings = answer.field("transfer-encoding");
        assert!(
            codings.is_empty() || self.version > Version::HTTP_10,
            "{context}"
        );
        match self.closing {
            Closing::Now => return Closing::Now,
            Closing::Said => assert!(answer.says_close(), "{context}"),
            Closing::No => assert!(!answer.says_close(), "{context}"),
            Closing::Either => {}
        }
        if answer.says_close() {
            return Closing::Now;
        }
        if self.version == Version::HTTP_10 {
            assert_eq!(answer.field("connection"), "keep-alive", "{context}");
        }
        Closing::No
    }
}

/// What the app reads of a body; `None` where it comes upon its fault.
fn read_by_app(message: &Message, reads: Reads) -> Option<&[u8]> {
    let body = message.body.as_slice();
    match reads {
        _ if message.head.framing == Framing::None => Some(&[]),
        Reads::Nothing => Some(&[]),
        Reads::Some if body.len() >= SOME => Some(&body[..SOME]),
        _ => message.fault.is_none().then_some(body), // to its end
    }
}
