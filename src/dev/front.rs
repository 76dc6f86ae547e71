use std::borrow::Cow;
use std::error::Error as _;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use crate::dev::bulletin::{Bulletin, Heard, Read as Known};
use crate::dev::editor::{OpenError, Opener};
use crate::dev::forwarded;
use crate::dev::gate::{Gate, Lease, Verdict};
use crate::dev::inject::{self, Injection};
use crate::dev::mark::Mark;
use crate::dev::notice::{AccessRecord, NoScript, Notice, Sink};
use crate::dev::reload::{HEARTBEAT, OWN_PATHS, ReloadHub, SCRIPT};
use crate::dev::target::Elsewhere;
use crate::dev::upstream::Upstream;
use crate::http::h1::{Fault, Framing, Persistence, ResponseHead};
use crate::net::handover::PEER_FIELD;
use crate::net::{Address, Listener, Peer, Stream};
use crate::pages::{AnswerLost, Page, Rendered, Waiting};
use crate::proxy::{self, Answer, ProxyError};
use crate::server::{After, Exchange, Pool, Settings, Turn, misdirected};
use crate::text::latin1;
use crate::wire::{End, Head, Incoming, Outgoing, Outlet, Unasked, Wire};

mod follow;
mod open;

/// How long a browser's page load is held before it gets the page that shows the progress.
const PAGE_PATIENCE: Duration = Duration::from_secs(4);
/// How long any other request is held; long enough for a first build of a large project.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long a connection that broke may wait for the news of the app's death.
const OBITUARY_PATIENCE: Duration = Duration::from_secs(2);
/// What is read of an answer at once.
const PART_BYTES: usize = 64 << 10;

/// Holds the public port, from start to end, and has each request answered: by the generation
/// the gate lets through, or by a page that says why there is none.
///
/// It runs on the engine's pool, as apps do: a worker to each request, nothing to an idle
/// connection. A held request holds its worker.
#[derive(Debug)]
pub(crate) struct Front {
    pool: Arc<Pool>,
    hub: Arc<ReloadHub>,
    gate: Arc<Gate>,
    bulletin: Arc<Bulletin>,
}

impl Front {
    /// Starts to serve on `listener`.
    pub(crate) fn start(
        listener: Listener,
        gate: Arc<Gate>,
        hub: Arc<ReloadHub>,
        sink: Sink,
        live_reload: LiveReload,
        bulletin: Arc<Bulletin>,
        opener: Opener,
    ) -> io::Result<Self> {
        let passing = Passing {
            bulletin: Arc::clone(&bulletin),
            opener,
            gate: Arc::clone(&gate),
            hub: Arc::clone(&hub),
            sink,
            live_reload,
            scheme: if listener.has_tls() { "https" } else { "http" },
            policy_said: AtomicBool::new(false),
            compression_said: AtomicBool::new(false),
        };
        let pool = Pool::start(listener, passing, settings())?;
        Ok(Self {
            pool,
            hub,
            gate,
            bulletin,
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &Address {
        self.pool.address()
    }

    /// Accepts no more, and lets running requests end until `grace` is over; returns how many
    /// were cut.
    pub(crate) fn stop(&self, grace: Duration) -> usize {
        self.gate.close();
        self.hub.close();
        self.bulletin.close();
        self.pool.stop(Instant::now() + grace)
    }
}

/// The engine's, without its patience: how slow a client may be is for the app's own server to
/// say, and one that is stopped in a debugger is none to be cut.
fn settings() -> Settings {
    const LONG: Duration = Duration::from_secs(3600);
    Settings {
        body_timeout: LONG,
        body_rate: 0,
        write_timeout: LONG,
        write_rate: 0,
        ..Settings::default()
    }
}

/// Whether pages are told to reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LiveReload {
    /// HTML pages get the script.
    On,
    /// Answers are passed on as they are.
    Off,
}

struct Passing {
    gate: Arc<Gate>,
    hub: Arc<ReloadHub>,
    sink: Sink,
    live_reload: LiveReload,
    // What clients speak with us.
    scheme: &'static str,
    bulletin: Arc<Bulletin>,
    opener: Opener,
    // Whether it was said that a page's policy forbids the script, or that it is compressed.
    policy_said: AtomicBool,
    compression_said: AtomicBool,
}

/// How one request was answered.
struct Answered {
    after: After,
    status: Option<StatusCode>,
    body_bytes: u64,
}

impl Answered {
    const NOTHING: Self = Self {
        after: After::Cut,
        status: None,
        body_bytes: 0,
    };
}

impl Exchange for Passing {
    fn exchange(&self, turn: Turn<'_>) -> After {
        let began = Instant::now();
        if turn.stream.is_misdirected() {
            let answered = redirect(&turn);
            self.tell(&turn, &answered, began.elapsed(), Duration::ZERO);
            return answered.after;
        }
        if turn.head.target.path.starts_with(OWN_PATHS) {
            return self.answer_own(&turn).unwrap_or(After::Cut);
        }
        let patience = if wants_page(&turn) {
            PAGE_PATIENCE
        } else {
            PATIENCE
        };
        let script = self.hub.script_of_problem();
        let verdict = self.gate.pass(began + patience);
        let held = began.elapsed();
        let answered = match verdict {
            Verdict::Pass(lease) => self.pass_on(&turn, &lease),
            Verdict::Explain(page) => self.show(&turn, &page, script),
            Verdict::Late(progress) => {
                let waiting = follow::waiting(progress, self.bulletin.news(), may_repeat(&turn));
                self.show(&turn, &waiting.page(), script)
            }
            Verdict::Closed => Answered::NOTHING,
        };
        self.tell(&turn, &answered, began.elapsed(), held);
        answered.after
    }

    fn refuse(&self, fault: &Fault, stream: &Stream, peer: Peer) {
        self.answer_unasked(stream, peer, Unasked::Malformed(fault));
    }

    fn busy(&self, stream: &Stream, peer: Peer) {
        self.answer_unasked(stream, peer, Unasked::Busy);
    }
}

impl Passing {
    /// Tells of a request that was answered, after it was held for a while.
    fn tell(&self, turn: &Turn<'_>, answered: &Answered, elapsed: Duration, held: Duration) {
        let Some(status) = answered.status else {
            return;
        };
        self.sink.tell(Notice::Access(AccessRecord {
            peer: turn.peer.address(),
            method: turn.head.method.to_string(),
            target: latin1::from_bytes(&turn.head.target.raw).into_owned(),
            status: status.as_u16(),
            body_bytes: answered.body_bytes,
            elapsed,
            held,
        }));
    }

    /// Has the request answered by the generation of `lease`.
    fn pass_on(&self, turn: &Turn<'_>, lease: &Lease) -> Answered {
        // Asked before the request goes out: what changes from here on makes the page old.
        let mark = Mark::new(self.hub.version());
        let mut head = Cow::Borrowed(&turn.head);
        let mut was_ours = false;
        if self.live_reload == LiveReload::On && inject::wants_page(&head.method, &head.headers) {
            let headers = &mut head.to_mut().headers;
            inject::ask_for_plain(headers);
            was_ours = mark.take_off_load(headers);
        }
        let idle = is_frugal(turn, lease).then(|| lease.idle()).flatten();
        let upstream = match idle.map_or_else(|| connect(turn, lease).map(Wire::new), Ok) {
            Ok(upstream) => upstream,
            Err(error) => return self.lost(turn, lease, &ProxyError::NotTaken(error)),
        };
        let peer = turn.peer.address();
        let own = peer.map(|peer| peer.to_string()).unwrap_or_default();
        let own: &[(&str, &[u8])] = &[(PEER_FIELD, own.as_bytes())];
        let extra = match lease.upstream() {
            Upstream::Own(_) => own,
            Upstream::Unix(_) | Upstream::Tcp(_) | Upstream::Elsewhere(_) => {
                forwarded::tell(&mut head.to_mut().headers, peer, self.scheme);
                [].as_slice()
            }
        };
        let deliver = |mut answer: Answer| {
            if is_endless(&answer) {
                lease.has_no_end();
            }
            if was_ours && answer.head.status == StatusCode::NOT_MODIFIED {
                mark.put_on(&mut answer.head.headers);
            }
            self.deliver(turn, lease, answer, &mark)
        };
        match proxy::pass_on(&head, &turn.incoming, turn.stream, upstream, extra, deliver) {
            Ok(answered) => answered,
            Err(error) => self.lost(turn, lease, &error),
        }
    }

    /// Sends an answer on, each part as it comes.
    fn deliver(&self, turn: &Turn<'_>, lease: &Lease, answer: Answer, mark: &Mark) -> Answered {
        let Answer { head, mut body } = answer;
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            return tunnel(turn, &head, body);
        }
        let injection = self.injection(turn, &head);
        let mut part = vec![0; PART_BYTES];
        // A page's first part shows whether it is a document, and so what its length will be.
        let first = match injection {
            Injection::None | Injection::Impossible(_) => 0,
            Injection::Script { .. } => match body.read(&mut part) {
                Ok(len) => len,
                Err(_) => return Answered::NOTHING,
            },
        };
        let tag = injection.tag_for(&part[..first], mark.version());
        let (mut headers, persistence) = (head.headers, head.persistence);
        let mut declared = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|len| len.to_str().ok()?.parse::<u64>().ok());
        if !tag.is_empty() {
            inject::adapt(&mut headers, mark);
            headers.remove(header::CONTENT_LENGTH);
        } else if injection != Injection::None && turn.head.method == Method::HEAD {
            // Whether the script would come behind it shows in a body, and here is none.
            headers.remove(header::CONTENT_LENGTH);
            declared = None;
        }
        let reason = String::from_utf8_lossy(&head.reason);
        let start = head_of(
            turn,
            head.status,
            &reason,
            &headers,
            declared.map(|len| len + tag.len() as u64),
        );
        match Outgoing::start(turn.stream.as_ref(), &start, &part[..first]) {
            Err(_) => Answered::NOTHING,
            Ok(mut outgoing) => match relay(&mut body, &mut outgoing, &mut part, &tag) {
                Ok(()) => {
                    if persistence == Persistence::KeepAlive && is_frugal(turn, lease) {
                        keep(body, lease);
                    }
                    finish(outgoing)
                }
                Err(_) => cut(&outgoing),
            },
        }
    }

    /// Whether the answer may get the script; says once where a policy forbids it.
    fn injection(&self, turn: &Turn<'_>, head: &ResponseHead) -> Injection {
        if self.live_reload == LiveReload::Off {
            return Injection::None;
        }
        let injection = inject::decide(
            &turn.head.method,
            &turn.head.headers,
            head.status,
            &head.headers,
        );
        let said = match injection {
            Injection::Impossible(NoScript::Policy) => &self.policy_said,
            Injection::Impossible(NoScript::Compressed) => &self.compression_said,
            Injection::None | Injection::Script { .. } => return injection,
        };
        if let Injection::Impossible(why) = injection
            && !said.swap(true, Ordering::Relaxed)
        {
            let target = latin1::from_bytes(&turn.head.target.raw).into_owned();
            self.sink.tell(Notice::NoLiveReload { target, why });
        }
        injection
    }

    /// The app took the request, or not even that, and gave no answer.
    fn lost(&self, turn: &Turn<'_>, lease: &Lease, error: &ProxyError) -> Answered {
        log::debug!("no answer from the app: {error}");
        if let (Upstream::Elsewhere(server), ProxyError::NotTaken(_)) = (lease.upstream(), error) {
            let script = self.hub.script_of_problem();
            return self.show(turn, &absent(turn, server), script);
        }
        let obituary = match error {
            _ if matches!(lease.upstream(), Upstream::Elsewhere(_)) => None, // nobody would tell
            ProxyError::Malformed(_) => None,                                // it lives
            ProxyError::NotTaken(_) | ProxyError::NoAnswer(_) => {
                lease.obituary(Instant::now() + OBITUARY_PATIENCE)
            }
        };
        match obituary {
            Some(page) => self.show(turn, &page, self.hub.script_of_problem()),
            None => {
                let lost = AnswerLost {
                    request: format!(
                        "{} {}",
                        turn.head.method,
                        latin1::from_bytes(&turn.head.target.raw)
                    ),
                    generation: lease.generation().to_string(),
                    why: error.to_string(),
                    cause: error.source().map(ToString::to_string),
                };
                self.show(turn, &lost.page(), self.hub.script_of_problem())
            }
        }
    }

    /// Answers with a page of ours, which listens by `script`.
    fn show(&self, turn: &Turn<'_>, page: &Page, script: String) -> Answered {
        let accept = turn
            .head
            .headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok());
        let page = page.clone().editor(self.opener.for_pages());
        let page = match self.live_reload {
            LiveReload::On => page.live(script),
            LiveReload::Off => page,
        };
        let Rendered {
            status,
            headers,
            body,
        } = page.negotiate(accept);
        self.send(turn, status, &headers, &body)
    }

    fn say(
        &self,
        turn: &Turn<'_>,
        status: StatusCode,
        content_type: &'static str,
        body: &[u8],
    ) -> Answered {
        let headers = HeaderMap::from_iter([
            (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (
                header::X_CONTENT_TYPE_OPTIONS,
                HeaderValue::from_static("nosniff"),
            ),
        ]);
        self.send(turn, status, &headers, body)
    }

    fn send(
        &self,
        turn: &Turn<'_>,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Answered {
        let reason = status.canonical_reason().unwrap_or_default();
        let head = head_of(turn, status, reason, headers, Some(body.len() as u64));
        match Outgoing::start(turn.stream.as_ref(), &head, body) {
            Ok(outgoing) => finish(outgoing),
            Err(_) => Answered::NOTHING,
        }
    }

    /// The page about the problem there is, for the frame that the script lays over an open page.
    fn show_problem(&self, turn: &Turn<'_>) -> Answered {
        let Some(page) = self.hub.problem() else {
            return self.missing(turn);
        };
        let mut rendered = Page::clone(&page).framed().negotiate(Some("text/html"));
        // So that a page that embeds nothing without leave can embed this.
        rendered.headers.insert(
            HeaderName::from_static("cross-origin-embedder-policy"),
            HeaderValue::from_static("require-corp"),
        );
        // It was asked for, and is there: a browser complains of frames that fail.
        self.send(turn, StatusCode::OK, &rendered.headers, &rendered.body)
    }

    fn missing(&self, turn: &Turn<'_>) -> Answered {
        let content_type = "text/plain; charset=utf-8";
        self.say(
            turn,
            StatusCode::NOT_FOUND,
            content_type,
            b"404 Not Found\n",
        )
    }

    /// Answers below [`OWN_PATHS`]: the script, the stream it listens to, and what it
    /// shows; what waiting pages follow, and the editor.
    fn answer_own(&self, turn: &Turn<'_>) -> io::Result<After> {
        let is_read = matches!(turn.head.method, Method::GET | Method::HEAD);
        let answered = match &turn.head.target.path[OWN_PATHS.len()..] {
            b"events" if turn.head.method == Method::GET => return self.stream_events(turn),
            b"progress" if turn.head.method == Method::GET => return self.stream_news(turn),
            b"open" if turn.head.method == Method::POST => self.open(turn),
            b"reload.js" if is_read => self.say(
                turn,
                StatusCode::OK,
                "text/javascript; charset=utf-8",
                SCRIPT.as_bytes(),
            ),
            b"problem" if is_read => self.show_problem(turn),
            _ => self.missing(turn),
        };
        Ok(answered.after)
    }

    /// Starts the editor at a place that one of our pages names.
    fn open(&self, turn: &Turn<'_>) -> Answered {
        let peer = turn.peer.address();
        let place = open::place(&turn.head.headers, peer, self.opener.token());
        let (status, text) = match place.map(|place| self.opener.open(&place)) {
            Ok(Ok(())) => (StatusCode::OK, "opened in your editor".to_owned()),
            Ok(Err(error @ OpenError::NotStarted { .. })) => {
                (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
            }
            Ok(Err(error)) => (StatusCode::NOT_FOUND, error.to_string()),
            Err(why) => (StatusCode::FORBIDDEN, why.to_owned()),
        };
        let text = format!("{text}\n");
        self.say(turn, status, "text/plain; charset=utf-8", text.as_bytes())
    }

    fn stream_events(&self, turn: &Turn<'_>) -> io::Result<After> {
        let events = self.hub.subscribe();
        let mut outgoing = begin_events(turn)?;
        while let Some(event) = events.next_event() {
            outgoing.part(event.as_bytes())?;
        }
        Ok(finish(outgoing).after)
    }

    /// Tells a waiting page how far that is which it waits for, as it goes on.
    fn stream_news(&self, turn: &Turn<'_>) -> io::Result<After> {
        let mut outgoing = begin_events(turn)?;
        let editor = self.opener.for_pages();
        let mut read = Known::default();
        loop {
            match self.bulletin.next(&mut read, HEARTBEAT) {
                Heard::News { news, known } => {
                    // Where nothing is waited for any more, the page is about to find out.
                    let Some(progress) = self.gate.progress() else {
                        continue;
                    };
                    let waiting = follow::waiting(progress, news, true);
                    outgoing.part(follow::event(&waiting, known, &editor).as_bytes())?;
                }
                Heard::Silence => outgoing.part(b":\n\n")?,
                Heard::End => return Ok(finish(outgoing).after),
            }
        }
    }

    /// Answers where no request could be read.
    fn answer_unasked(&self, stream: &Stream, peer: Peer, answer: Unasked<'_>) {
        if answer.send(stream).is_ok() {
            self.sink.tell(Notice::Refused {
                peer: peer.address(),
                status: answer.status().as_u16(),
                why: answer.to_string(),
            });
        }
    }
}

/// Sends to HTTPS who did not speak it.
fn redirect(turn: &Turn<'_>) -> Answered {
    match misdirected::answer(turn) {
        Err(_) => Answered::NOTHING,
        Ok((status, body_bytes)) => Answered {
            after: After::Close,
            status: Some(status),
            body_bytes,
        },
    }
}

/// Whether an answer goes on until one side leaves: another protocol, or a stream of events.
fn is_endless(answer: &Answer) -> bool {
    let content_type = answer.head.headers.get(header::CONTENT_TYPE);
    answer.head.status == StatusCode::SWITCHING_PROTOCOLS
        || content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}

/// Whether the request may go through a connection that others have used, or leave it to others.
///
/// Only our own engine's: it holds no thread for a connection that waits, where with other
/// servers it may be the only one. And only a request that asks to read: should the connection
/// end under it, nobody knows what was done.
fn is_frugal(turn: &Turn<'_>, lease: &Lease) -> bool {
    matches!(lease.upstream(), Upstream::Own(_))
        && matches!(turn.head.method, Method::GET | Method::HEAD)
        && turn.head.framing == Framing::None
        && !turn.head.asks_upgrade()
}

/// Leaves the connection of an answer that has been read to those that come.
fn keep(mut body: Incoming, lease: &Lease) {
    if let Some((wire, Ok(()))) = body.reclaim(0, Duration::ZERO)
        && wire.arrived().is_empty()
    {
        lease.keep(wire);
    }
}

/// Tells the client that HTTP ends here, and passes on whatever comes after it.
fn tunnel(turn: &Turn<'_>, head: &ResponseHead, mut upstream: Incoming) -> Answered {
    let reason = String::from_utf8_lossy(&head.reason);
    let start = head_of(turn, head.status, &reason, &head.headers, None);
    let client = Incoming::lock(&turn.incoming).reclaim(0, Duration::ZERO);
    let upstream = upstream.reclaim(0, Duration::ZERO);
    if let (Ok(_), Some((client, Ok(()))), Some((upstream, Ok(())))) = (
        Outgoing::start(turn.stream.as_ref(), &start, b""),
        client,
        upstream,
    ) {
        proxy::tunnel(client, upstream);
    }
    Answered {
        status: Some(head.status),
        ..Answered::NOTHING
    }
}

/// Whether a browser loads a page with this request, which could show it a progress.
fn wants_page(turn: &Turn<'_>) -> bool {
    let accepts = turn
        .head
        .headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    turn.head.method == Method::GET && accepts.is_some_and(|accepts| accepts.contains("text/html"))
}

/// The head of a stream of server-sent events.
fn begin_events<'a>(turn: &'a Turn<'_>) -> io::Result<Outgoing<&'a Stream>> {
    let headers = HeaderMap::from_iter([
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ]);
    let head = head_of(turn, StatusCode::OK, "OK", &headers, None);
    Outgoing::start(turn.stream.as_ref(), &head, b"")
}

/// The page that becomes the answer once somebody starts the server.
fn absent(turn: &Turn<'_>, server: &Elsewhere) -> Page {
    let waiting = Waiting {
        doing: format!("nothing listens at {server}: start it"),
        elapsed: patience_for_server(turn),
        may_repeat: may_repeat(turn),
        ..Waiting::default()
    };
    waiting.page()
}

fn may_repeat(turn: &Turn<'_>) -> bool {
    matches!(turn.head.method, Method::GET | Method::HEAD)
}

/// How long a request waits for a server that is not ours to start. It may be between two lives,
/// as one that reloads itself is after a save.
fn patience_for_server(turn: &Turn<'_>) -> Duration {
    match wants_page(turn) {
        true => Duration::from_secs(2),
        false => Duration::from_secs(10),
    }
}

/// A connection to the generation of `lease`. A server elsewhere is waited for: nothing was sent
/// yet, so nothing is done twice.
fn connect(turn: &Turn<'_>, lease: &Lease) -> io::Result<Stream> {
    // Nobody tells when somebody else's server begins to listen.
    const BETWEEN_TRIES: Duration = Duration::from_millis(50);
    let began = Instant::now();
    loop {
        let connected = lease.upstream().connect();
        let is_absent = connected.as_ref().is_err_and(|error| {
            matches!(lease.upstream(), Upstream::Elsewhere(_))
                && error.kind() == io::ErrorKind::ConnectionRefused
        });
        if !is_absent
            || began.elapsed() >= patience_for_server(turn)
            || lease.is_void_within(BETWEEN_TRIES)
        {
            return connected;
        }
    }
}

/// Passes the rest of a body on, and `tag` behind it.
fn relay(
    body: &mut Incoming,
    outgoing: &mut Outgoing<impl Outlet>,
    part: &mut [u8],
    tag: &str,
) -> io::Result<()> {
    loop {
        match body.read(part)? {
            0 => return outgoing.part(tag.as_bytes()),
            len => outgoing.part(&part[..len])?,
        }
    }
}

fn head_of<'a>(
    turn: &'a Turn<'_>,
    status: StatusCode,
    reason: &'a str,
    headers: &'a HeaderMap,
    len: Option<u64>,
) -> Head<'a> {
    Head {
        method: &turn.head.method,
        version: turn.head.version,
        status,
        reason,
        headers,
        len,
        persistence: turn.persistence(),
    }
}

fn finish(mut outgoing: Outgoing<impl Outlet>) -> Answered {
    let (status, body_bytes) = (Some(outgoing.status()), outgoing.body_bytes());
    let after = match outgoing.finish() {
        Ok(End::Whole(persistence) | End::Overflowed(persistence)) => persistence.into(),
        Ok(End::Short) | Err(_) => After::Cut,
    };
    Answered {
        after,
        status,
        body_bytes,
    }
}

fn cut(outgoing: &Outgoing<impl Outlet>) -> Answered {
    Answered {
        after: After::Cut,
        status: Some(outgoing.status()),
        body_bytes: outgoing.body_bytes(),
    }
}

#[cfg(test)]
mod tests;
