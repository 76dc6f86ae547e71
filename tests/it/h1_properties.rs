//! HTTP/1.1's grammar against mutated messages: nothing panics, no split changes what is read,
//! and what is written is read back the same.

use bytes::Bytes;
use devserve::http::h1::{
    BodyDecoder, Decoded, Fault, Framing, Limits, RequestHead, chunk_head, read_request,
    request_len, write_request,
};

const ROUNDS: u64 = 4000;

const HEADS: &[&str] = &[
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\nPOST /p?q=1 HTTP/1.1\r\nHost: a:80\r\nContent-Length: 12\r\nX: \t y z \r\n\r\n",
    "PUT http://b/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close, x\r\n\r\n",
    "OPTIONS * HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "GET /caf\u{e9}%00 HTTP/1.1\nHost: [::1]:8\nExpect: 100-continue\nContent-Length: 3\n\n",
];

const CHUNKED: &[&str] = &[
    "5\r\nhello\r\n0\r\n\r\n",
    "1;a=\"b;\\\"\"\r\nx\r\n00a\r\n0123456789\r\n0;e\r\nX-Sum: 1\r\n\r\n",
    "FFF\r\nx",
    "0\r\nA: b\r\nC: d\r\n\r\nGET / HTTP/1.1\r\n",
];

/// A small generator (xorshift64*), so that a failure is the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// One to four changes of the kinds that break parsers.
    fn mutate(&mut self, seed: &str) -> Vec<u8> {
        const TOKENS: &[&[u8]] = &[
            b"\r\n",
            b"\n",
            b"\r",
            b":",
            b" ",
            b"\0",
            b"\xff",
            b"Content-Length: 5\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"0",
            b"-1",
            b"99999999999999999999",
            b";",
            b"\"",
            b"/",
            b"%",
        ];
        let mut bytes = seed.as_bytes().to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len() + 1);
            match self.below(4) {
                0 => drop(bytes.splice(at..at, TOKENS[self.below(TOKENS.len())].iter().copied())),
                1 => drop(bytes.drain(at..(at + self.below(4)).min(bytes.len()))),
                2 if at < bytes.len() => bytes[at] = self.next() as u8,
                _ => {
                    let end = (at + self.below(20)).min(bytes.len());
                    let again = bytes[at..end].to_vec();
                    bytes.splice(at..at, again);
                }
            }
        }
        bytes
    }
}

fn read(wire: &[u8], searched: usize) -> Result<Option<(RequestHead, usize)>, Fault> {
    let limits = Limits::default();
    match request_len(wire, searched, &limits)? {
        Some(len) => {
            let head = Bytes::copy_from_slice(&wire[..len]);
            read_request(&head, &limits).map(|head| Some((head, len)))
        }
        None => Ok(None),
    }
}

/// What a head means, to be compared.
fn meaning(head: &RequestHead) -> String {
    let mut fields: Vec<String> = head
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    fields.sort();
    format!(
        "{} {:?} {:?} {fields:?}",
        head.method, head.target.raw, head.framing
    )
}

#[test]
fn a_head_reads_the_same_however_it_arrives() {
    let mut random = Random(0x5eed);
    for round in 0..ROUNDS {
        let wire = random.mutate(HEADS[round as usize % HEADS.len()]);
        let whole = read(&wire, 0).map(|read| read.map(|(head, len)| (meaning(&head), len)));
        let mut stepwise = Ok(None);
        for end in 1..=wire.len() {
            stepwise = read(&wire[..end], end - 1)
                .map(|read| read.map(|(head, len)| (meaning(&head), len)));
            if !matches!(stepwise, Ok(None)) {
                break;
            }
        }
        assert_eq!(whole, stepwise, "{:?}", String::from_utf8_lossy(&wire));
    }
}

#[test]
fn a_head_that_is_passed_on_is_read_as_the_same_request() {
    let mut random = Random(0xfeed);
    let mut passed = 0;
    for round in 0..ROUNDS {
        let wire = random.mutate(HEADS[round as usize % HEADS.len()]);
        let Ok(Some((head, _))) = read(&wire, 0) else {
            continue;
        };
        let mut out = Vec::new();
        write_request(&mut out, &head, head.framing, &[("x-peer", b"me")]);
        // An HTTP/1.0 request may lack what HTTP/1.1 asks for.
        let again = match read(&out, 0) {
            Ok(Some((again, len))) if len == out.len() => again,
            Err(Fault::Host) if !head.headers.contains_key("host") => continue,
            other => panic!("{other:?} from {:?}", String::from_utf8_lossy(&out)),
        };
        assert_eq!(
            (&again.method, &again.target.raw),
            (&head.method, &head.target.raw)
        );
        assert_eq!(
            again.framing,
            head.framing,
            "{:?}",
            String::from_utf8_lossy(&wire)
        );
        passed += 1;
    }
    assert!(passed > ROUNDS / 20, "only {passed} heads were whole");
}

/// Feeds `wire` in pieces that `random` chooses: the data and how much was used, or the fault.
fn decode(wire: &[u8], random: &mut Random) -> Result<(Vec<u8>, Option<usize>), Fault> {
    let mut decoder = BodyDecoder::new(Framing::Chunked, &Limits::default());
    let (mut start, mut end, mut data) = (0, 0, Vec::new());
    loop {
        match decoder.decode(&wire[start..end])? {
            Decoded::Data { skip, len } => {
                let taken = 1 + random.below(len);
                data.extend_from_slice(&wire[start + skip..][..taken]);
                decoder.took(taken);
                start += skip + taken;
            }
            Decoded::More { skip } => {
                start += skip;
                if end == wire.len() {
                    return Ok((data, None));
                }
                end += 1 + random.below(wire.len() - end);
            }
            Decoded::End { skip } => return Ok((data, Some(start + skip))),
        }
    }
}

#[test]
fn chunks_read_the_same_however_they_arrive() {
    let mut random = Random(0xbead);
    for round in 0..ROUNDS {
        let wire = random.mutate(CHUNKED[round as usize % CHUNKED.len()]);
        let first = decode(&wire, &mut random);
        for _ in 0..3 {
            let again = decode(&wire, &mut random);
            assert_eq!(again, first, "{:?}", String::from_utf8_lossy(&wire));
        }
    }
}

#[test]
fn what_is_written_in_chunks_is_read_back() {
    let mut random = Random(0xcafe);
    for _ in 0..ROUNDS / 10 {
        let (mut wire, mut sent) = (Vec::new(), Vec::new());
        for _ in 0..random.below(6) {
            let chunk: Vec<u8> = (0..=random.below(5000))
                .map(|_| random.next() as u8)
                .collect();
            wire.extend_from_slice(chunk_head(chunk.len()).as_bytes());
            wire.extend_from_slice(&chunk);
            wire.extend_from_slice(b"\r\n");
            sent.extend_from_slice(&chunk);
        }
        wire.extend_from_slice(b"0\r\n\r\n");
        assert_eq!(decode(&wire, &mut random), Ok((sent, Some(wire.len()))));
    }
}
