use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};

use devserve::forms::{FormError, InputEnd, LimitedStream, content_length};
use devserve::http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

use super::{bytes, long_bytes, run, unknown};

#[test]
fn limited_streams() {
    run("limited_stream", |op, input| match op {
        "stream" => stream(input),
        "input_stream" => match input_stream(input) {
            Ok(data) => json!({"data": long_bytes(&data)}),
            Err(error) => failed(error),
        },
        "content_length" => match content_length(&headers(input)) {
            Ok(length) => json!({"length": length}),
            Err(error) => failed(error),
        },
        _ => unknown(op),
    });
}

/// What the low-level reads return, one piece each, and perhaps a failure.
struct Wire {
    pieces: VecDeque<Vec<u8>>,
    reads_until_failure: Option<u64>,
}

impl Read for Wire {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.reads_until_failure {
            Some(0) => return Err(io::ErrorKind::ConnectionReset.into()),
            Some(reads) => *reads -= 1,
            None => {}
        }
        let Some(piece) = self.pieces.front_mut() else {
            return Ok(0);
        };
        let count = piece.as_slice().read(buf)?;
        piece.drain(..count);
        if piece.is_empty() {
            self.pieces.pop_front();
        }
        Ok(count)
    }
}

fn stream(input: &Value) -> Value {
    let pieces = match &input["chunks"] {
        Value::Array(chunks) => chunks.iter().map(bytes).collect(),
        _ => VecDeque::from([bytes(&input["data"])]),
    };
    let wire = Wire {
        pieces,
        reads_until_failure: input["fail_after"].as_u64(),
    };
    let limit = input["limit"].as_u64().unwrap();
    let limited = match input["is_max"] == json!(true) {
        true => LimitedStream::with_maximum(wire, limit),
        false => LimitedStream::with_length(wire, limit),
    };
    let ops: Vec<_> = input["ops"].as_array().unwrap().iter().collect();
    let (results, limited) = if ops
        .iter()
        .any(|op| op[0].as_str().unwrap().contains("line"))
    {
        let mut lines = BufReader::new(limited);
        let results = ops.iter().map(|op| line_op(&mut lines, op)).collect();
        (results, lines.into_inner())
    } else {
        let mut limited = limited;
        let results = ops.iter().map(|op| read_op(&mut limited, op)).collect();
        (results, limited)
    };
    let mut outcome = json!({ "results": Value::Array(results) });
    if input["want_remaining"] == json!(true) {
        let mut remaining = Vec::new();
        limited.into_inner().read_to_end(&mut remaining).unwrap();
        outcome["remaining"] = long_bytes(&remaining);
    }
    outcome
}

fn read_op<R: Read>(stream: &mut LimitedStream<R>, op: &Value) -> Value {
    let data = match op[0].as_str().unwrap() {
        "tell" => return json!(stream.position()),
        "is_exhausted" => return json!(stream.is_exhausted()),
        "read" if op[1].as_i64().is_some_and(|size| size >= 0) => {
            let mut buf = vec![0; op[1].as_u64().unwrap() as usize];
            stream.read(&mut buf).map(|count| buf[..count].to_vec())
        }
        "read" | "readall" => {
            let mut buf = Vec::new();
            stream.read_to_end(&mut buf).map(|_| buf)
        }
        op => return unknown(op),
    };
    shown(data)
}

fn line_op(stream: &mut impl BufRead, op: &Value) -> Value {
    let most = op[1].as_u64().unwrap_or(u64::MAX);
    match op[0].as_str().unwrap() {
        "readline" => shown(line(stream, most)),
        "readlines" | "lines" => {
            let mut lines = Vec::new();
            loop {
                match line(stream, u64::MAX) {
                    Ok(line) if line.is_empty() => return Value::Array(lines),
                    line => lines.push(shown(line)),
                }
            }
        }
        op => unknown(op),
    }
}

fn line(stream: &mut impl BufRead, most: u64) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    stream.take(most).read_until(b'\n', &mut line)?;
    Ok(line)
}

fn shown(data: io::Result<Vec<u8>>) -> Value {
    match data {
        Ok(data) => long_bytes(&data),
        Err(error) => failed(error.into()),
    }
}

fn input_stream(input: &Value) -> Result<Vec<u8>, FormError> {
    // "safe_fallback: false" trusts the stream to end, as a server that ends it says itself.
    let ends = input["input_terminated"] == json!(true) || input["safe_fallback"] == json!(false);
    let end = match ends {
        true => InputEnd::Own,
        false => InputEnd::ByLength,
    };
    let body = bytes(&input["body"]);
    let max = input["max_content_length"].as_u64().unwrap_or(u64::MAX);
    let mut data = Vec::new();
    LimitedStream::of_request(body.as_slice(), &headers(input), end, max)?
        .read_to_end(&mut data)?;
    Ok(data)
}

fn headers(input: &Value) -> HeaderMap {
    let fields = [
        (header::CONTENT_LENGTH, "content_length"),
        (header::TRANSFER_ENCODING, "transfer_encoding"),
    ];
    fields
        .into_iter()
        .filter(|(_, key)| input[*key].is_string())
        .map(|(name, key)| {
            let value = HeaderValue::from_bytes(&bytes(&input[key])).unwrap();
            (name, value)
        })
        .collect()
}

fn failed(error: FormError) -> Value {
    json!({"error": {"kind": error.to_string(), "status": error.status().as_u16()}})
}
