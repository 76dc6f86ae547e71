use bytes::Bytes;
use devserve::http::h1::{
    BodyDecoder, Decoded, Fault, Framing, Limits, RequestHead, chunk_head, read_request,
    request_len, write_request,
};

use super::reference::{self, Length};

/// A connection's bytes, cut into the requests they are.
#[derive(Debug)]
pub(super) struct Walk {
    /// In order. Only the last may be broken.
    pub(super) messages: Vec<Message>,
    /// What follows them that is no request: `None` is a clean end.
    pub(super) fault: Option<Fault>,
}

/// One request.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) head: RequestHead,
    /// As much of the body as can be read.
    pub(super) body: Vec<u8>,
    /// Where the request ends among the connection's bytes, or where it broke.
    pub(super) end: usize,
    /// Why the body cannot be read to its end.
    pub(super) fault: Option<Fault>,
}

/// Requests one after the other: a plain reader finds the same boundaries, and the requests
/// written anew for the next hop are the same requests there. What is not so can be used to
/// smuggle requests.
pub fn framing(data: &[u8]) {
    let limits = Limits::default();
    let walk = Walk::of(data, &limits);
    let whole = walk
        .messages
        .iter()
        .filter(|message| message.fault.is_none());
    let (mut start, mut passed_on, mut ends) = (0, Vec::new(), Vec::new());
    for message in whole.clone() {
        let plain = reference::Head::read(&data[start..]).expect("a request begins with a head");
        let rest = &data[start + plain.len..];
        let (body, len) = match plain.length() {
            Length::Unsaid => (Vec::new(), 0),
            Length::Bytes(len) => (rest[..len].to_vec(), len),
            Length::Chunks => match reference::chunks(rest) {
                (body, Some(len)) => (body, len),
                (_, None) => panic!("the reference finds no end in {}", rest.escape_ascii()),
            },
        };
        assert_eq!(message.body, body);
        assert_eq!(message.end, start + plain.len + len);
        start = message.end;
        write(&mut passed_on, message);
        ends.push(passed_on.len());
    }
    let wider = Limits {
        fields: limits.fields + 1, // which `write` may add
        ..limits
    };
    let again = Walk::of(&passed_on, &wider);
    assert_eq!(again.fault, None, "{}", passed_on.escape_ascii());
    assert_eq!(
        again.messages.len(),
        ends.len(),
        "{}",
        passed_on.escape_ascii()
    );
    for ((message, again), end) in whole.zip(&again.messages).zip(ends) {
        assert_eq!((again.end, &again.fault), (end, &None));
        assert_eq!(again.head.method, message.head.method);
        assert_eq!(again.head.target, message.head.target);
        assert_eq!(again.head.framing, message.head.framing);
        assert_eq!(again.body, message.body);
    }
}

/// Writes a request for the next hop, with its body in two chunks where it has chunks.
fn write(out: &mut Vec<u8>, message: &Message) {
    let Message { head, body, .. } = message;
    let host: &[(&str, &[u8])] = &[("host", b"")];
    let lacking = if head.headers.contains_key("host") {
        &[]
    } else {
        host
    };
    write_request(out, head, head.framing, lacking);
    if head.framing != Framing::Chunked {
        return out.extend_from_slice(body);
    }
    let (one, other) = body.split_at(body.len() / 2);
    for chunk in [one, other].into_iter().filter(|chunk| !chunk.is_empty()) {
        out.extend_from_slice(chunk_head(chunk.len()).as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
}

impl Walk {
    /// Reads requests for as long as there are any, as if the connection ended after `data`.
    pub(super) fn of(data: &[u8], limits: &Limits) -> Self {
        let (mut messages, mut at) = (Vec::new(), 0);
        loop {
            let rest = &data[at..];
            let head = match request_len(rest, 0, limits) {
                Ok(Some(len)) => {
                    at += len;
                    read_request(&Bytes::copy_from_slice(&rest[..len]), limits)
                }
                Ok(None) if rest.iter().all(|byte| b"\r\n".contains(byte)) => {
                    let fault = None;
                    return Self { messages, fault };
                }
                Ok(None) => Err(Fault::Cut),
                Err(fault) => Err(fault),
            };
            let message = match head {
                Ok(head) => Message::read(head, data, at, limits),
                Err(fault) => {
                    let fault = Some(fault);
                    return Self { messages, fault };
                }
            };
            at = message.end;
            let is_broken = message.fault.is_some();
            messages.push(message);
            if is_broken {
                let fault = None;
                return Self { messages, fault };
            }
        }
    }
}

impl Message {
    fn read(head: RequestHead, data: &[u8], mut at: usize, limits: &Limits) -> Self {
        let mut decoder = BodyDecoder::new(head.framing, limits);
        let mut body = Vec::new();
        let fault = loop {
            match decoder.decode(&data[at..]) {
                Ok(Decoded::Data { skip, len }) => {
                    body.extend_from_slice(&data[at + skip..][..len]);
                    decoder.took(len);
                    at += skip + len;
                }
                Ok(Decoded::More { .. }) => break Some(Fault::Cut),
                Ok(Decoded::End { skip }) => {
                    at += skip;
                    break None;
                }
                Err(fault) => break Some(fault),
            }
        };
        Self {
            head,
            body,
            end: at,
            fault,
        }
    }
}
