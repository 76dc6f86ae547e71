use crate::forms::FormLimits;
use crate::forms::multipart::{Decoder, Encoder, Event, MultipartError};
use crate::http::ContentType;

/// Everything the decoder tells, pieces of data joined: what may not depend on the splits.
fn decode(pieces: &[&[u8]], limits: &FormLimits) -> Result<String, MultipartError> {
    let content_type = ContentType::parse("multipart/form-data; boundary=x");
    let mut decoder = Decoder::new(&content_type, limits)?;
    let mut pieces = pieces.iter();
    let mut piece: &[u8] = b"";
    let mut told = String::new();
    loop {
        match decoder.next_event(&mut piece)? {
            Event::NeedData => match pieces.next() {
                Some(next) => piece = next,
                None => decoder.finish(),
            },
            Event::Part(head) => told.push_str(&format!("{} {:?}: ", head.name, head.filename)),
            Event::Data(data) => told.push_str(&data.escape_ascii().to_string()),
            Event::PartEnd => told.push('|'),
            Event::End => return Ok(told),
        }
    }
}

/// Whole, byte by byte, and cut in two at every place.
#[track_caller]
fn check_at_any_split(body: &[u8]) {
    let limits = FormLimits::default();
    let whole = decode(&[body], &limits);
    let bytes: Vec<_> = body.chunks(1).collect();
    let shown = body.escape_ascii();
    assert_eq!(decode(&bytes, &limits), whole, "byte by byte: {shown}");
    for at in 0..=body.len() {
        assert_eq!(
            decode(&[&body[..at], &body[at..]], &limits),
            whole,
            "cut at {at}: {shown}"
        );
    }
}

#[test]
fn what_is_decoded_does_not_depend_on_the_splits() {
    // Scraps of the grammar in random order hit more corners than a person thinks of.
    let scraps: [&[u8]; 14] = [
        b"--x",
        b"\r\n",
        b"\r",
        b"\n",
        b"--",
        b" ",
        b"\t",
        b"-",
        b"data",
        b"--x--",
        b"\r\n--x\r\n",
        b"Content-Disposition: form-data; name=\"a\"\r\n\r\n",
        b"Content-Disposition: form-data; name=\"f\"; filename=\"b\"\n\n",
        b"--xy",
    ];
    let mut random: u64 = 1;
    for _ in 0..400 {
        let mut body = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n".to_vec();
        for _ in 0..12 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            body.extend_from_slice(scraps[(random >> 33) as usize % scraps.len()]);
        }
        check_at_any_split(&body);
    }
}

#[test]
fn what_is_encoded_is_decoded_again() {
    let data = b"\r\n--x \r\n-\xff--xy\r\n";
    let body = Encoder::new("x")
        .field("a", "1\r\n")
        .file("f\"", "b\r\nc", None, &data[5..])
        .finish();
    let told = decode(&[&body], &FormLimits::default()).unwrap();
    assert_eq!(
        told,
        "a None: 1\\r\\n|f\" Some(\"b%0D%0Ac\"):  \\r\\n-\\xff--xy\\r\\n|"
    );
}

#[test]
fn a_header_is_cut_off_at_its_limit_even_without_a_line_end() {
    let limits = FormLimits {
        max_header_bytes: 100,
        ..FormLimits::default()
    };
    let long = [b'a'; 101];
    let error = decode(&[b"--x\r\n", &long[..50], &long[50..]], &limits).unwrap_err();
    assert_eq!(error, MultipartError::HeaderBytes { part: 1, max: 100 });
    let lines = [b"--x\r\n".to_vec(), b"a: b\r\n".repeat(33)].concat();
    assert_eq!(
        decode(&[&lines], &FormLimits::default()),
        Err(MultipartError::HeaderFields { part: 1, max: 32 })
    );
}
