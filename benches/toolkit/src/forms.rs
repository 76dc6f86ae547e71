use std::convert::Infallible;

use bytes::Bytes;
use devserve::forms::multipart::{Decoder, Encoder, Event};
use devserve::forms::{Form, FormLimits, urlencoded};
use devserve::http::ContentType;
use futures_util::{FutureExt, stream};
use memchr::memmem::Finder;
use multer::Multipart;

use crate::python::Python;
use crate::rounds::Case;

const BOUNDARY: &str = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
const PIECE: usize = 64 << 10;

const LIMITS: FormLimits = FormLimits {
    max_body_bytes: u64::MAX,
    max_field_bytes: u64::MAX,
    max_parts: usize::MAX,
    max_header_bytes: 8 << 10,
    max_header_fields: 32,
    upload_memory_bytes: 512 << 10,
};

pub fn cases(python: &Python) -> Vec<Case> {
    let delimiter = format!("--{BOUNDARY}");
    let last_differs = format!("\r\n{}g", &delimiter[..delimiter.len() - 1]);
    let unknown_last = format!("\r\n{}X", &delimiter[..delimiter.len() - 1]);
    let inline = format!("x{delimiter}");
    let look_alike = format!("\r\n{delimiter}x");
    let line = "The quick brown fox jumps over the lazy dog, and then does it all over again.\r\n";
    let random = random(100 << 20);
    vec![
        decoding("file of 100 MiB", file(&random), python),
        decoding(
            "text of 100 MiB, lines of 80",
            file(&repeat(line, 100 << 20)),
            python,
        ),
        decoding("1,000 fields", fields(1000), python),
        decoding(
            "10 MiB, nearly delimiters",
            file(&repeat(&last_differs, 10 << 20)),
            python,
        ),
        decoding(
            "10 MiB, nearly, a foreign byte",
            file(&repeat(&unknown_last, 10 << 20)),
            python,
        ),
        decoding(
            "10 MiB, delimiters within lines",
            file(&repeat(&inline, 10 << 20)),
            python,
        ),
        decoding_without_multer(
            "10 MiB, lines like delimiters",
            file(&repeat(&look_alike, 10 << 20)),
            python,
        ),
        decoding("10 MiB of CR", file(&repeat("\r", 10 << 20)), python),
        decoding("10 MiB of CRLF", file(&repeat("\r\n", 10 << 20)), python),
        decoding("10 MiB of dashes", file(&repeat("-", 10 << 20)), python),
        whole_form("file of 100 MiB, stored", file(&random), python),
        whole_fields(fields(1000), python),
        urlencoded_case(
            "urlencoded, 20 plain fields",
            pairs(20, "a plain value"),
            python,
        ),
        urlencoded_case(
            "urlencoded, 20 escaped fields",
            pairs(20, "Zoë & ☃, 100 %"),
            python,
        ),
        urlencoded_case(
            "urlencoded, 1,000 fields",
            pairs(1000, "some value"),
            python,
        ),
    ]
}

/// Takes the body apart and counts its data; nothing is kept.
fn decoding(name: &'static str, body: Bytes, python: &Python) -> Case {
    let pieces = pieces(&body);
    decoding_without_multer(name, body, python).with("multer", move || multer_bytes(&pieces))
}

/// The same for what multer refuses.
fn decoding_without_multer(name: &'static str, body: Bytes, python: &Python) -> Case {
    let werkzeug = python.turns("decode", &body);
    let finder = Finder::new(&format!("--{BOUNDARY}")).into_owned();
    let searched = pieces(&body);
    let decoded = searched.clone();
    Case::new(name)
        .bytes(body.len())
        .with("devserve", move || decoded_bytes(&decoded))
        .with("memmem", move || {
            let found = searched.iter().map(|piece| finder.find_iter(piece).count());
            found.sum::<usize>()
        })
        .timed("Werkzeug", werkzeug)
}

fn decoded_bytes(pieces: &[Bytes]) -> usize {
    let mut decoder = Decoder::new(&content_type(), &LIMITS).expect("a boundary");
    let mut length = 0;
    for piece in pieces {
        let mut piece: &[u8] = piece;
        loop {
            match decoder.next_event(&mut piece).expect("a form") {
                Event::Data(data) => length += data.len(),
                Event::NeedData | Event::End => break,
                Event::Part(_) | Event::PartEnd => {}
            }
        }
    }
    length
}

fn multer_bytes(pieces: &[Bytes]) -> usize {
    let mut form = multer_form(pieces);
    let mut length = 0;
    while let Some(mut field) = ready(form.next_field()) {
        while let Some(chunk) = ready(field.chunk()) {
            length += chunk.len();
        }
    }
    length
}

/// Reads a form into memory and a temporary file.
fn whole_form(name: &'static str, body: Bytes, python: &Python) -> Case {
    let werkzeug = python.turns("multipart", &body);
    Case::new(name)
        .bytes(body.len())
        .with("devserve", move || {
            Form::read(&body[..], &content_type(), &LIMITS).expect("a form")
        })
        .timed("Werkzeug", werkzeug)
}

fn whole_fields(body: Bytes, python: &Python) -> Case {
    let pieces = pieces(&body);
    whole_form("1,000 fields, kept", body, python).with("multer", move || {
        let mut form = multer_form(&pieces);
        let mut kept = Vec::new();
        while let Some(field) = ready(form.next_field()) {
            let name = field.name().map(str::to_owned);
            kept.push((name, ready(field.text().map(|text| text.map(Some)))));
        }
        kept
    })
}

fn multer_form(pieces: &[Bytes]) -> Multipart<'static> {
    let pieces: Vec<_> = pieces.iter().cloned().map(Ok::<_, Infallible>).collect();
    Multipart::new(stream::iter(pieces), BOUNDARY)
}

/// What a future that never has to wait gives.
fn ready<T>(future: impl Future<Output = multer::Result<Option<T>>>) -> Option<T> {
    let result = future.now_or_never().expect("all pieces are there");
    result.expect("a form")
}

fn urlencoded_case(name: &'static str, body: String, python: &Python) -> Case {
    let werkzeug = python.turns("urlencoded", body.as_bytes());
    let (ours, theirs) = (body.clone(), body);
    Case::new(name)
        .with("devserve", move || urlencoded::parse(ours.as_bytes()))
        .with("form_urlencoded", move || {
            let pairs = form_urlencoded::parse(theirs.as_bytes());
            pairs.into_owned().collect::<Vec<_>>()
        })
        .timed("Werkzeug", werkzeug)
}

fn content_type() -> ContentType {
    ContentType::parse(&format!("multipart/form-data; boundary={BOUNDARY}"))
}

fn pieces(body: &Bytes) -> Vec<Bytes> {
    let starts = (0..body.len()).step_by(PIECE);
    starts
        .map(|at| body.slice(at..body.len().min(at + PIECE)))
        .collect()
}

fn file(data: &[u8]) -> Bytes {
    let form = Encoder::new(BOUNDARY).file("f", "data.bin", Some("application/octet-stream"), data);
    form.finish().into()
}

fn fields(count: usize) -> Bytes {
    let form = (0..count).fold(Encoder::new(BOUNDARY), |form, index| {
        form.field(&format!("field-{index}"), "a short value")
    });
    form.finish().into()
}

fn pairs(count: usize, value: &str) -> String {
    urlencoded::serialize((0..count).map(|index| (format!("field-{index}"), value)))
}

fn repeat(text: &str, length: usize) -> Vec<u8> {
    text.as_bytes()
        .iter()
        .copied()
        .cycle()
        .take(length)
        .collect()
}

/// Bytes without a pattern (xorshift64*).
fn random(length: usize) -> Vec<u8> {
    let mut state: u64 = 0x5eed;
    let words = std::iter::repeat_with(|| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes()
    });
    words.flatten().take(length).collect()
}
