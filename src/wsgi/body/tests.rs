use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

#[track_caller]
fn check(body: Body, len: Option<u64>, want: &[&str]) {
    assert_eq!(body.len(), len);
    let mut chunks = Vec::new();
    let sent = body.send(&mut |chunk| {
        chunks.push(String::from_utf8(chunk.to_vec()).unwrap());
        Ok(())
    });
    assert!(sent.is_ok(), "{sent:?}");
    assert_eq!(chunks, want);
}

#[test]
fn every_kind_gives_its_chunks_and_none_that_is_empty() {
    check(Body::empty(), Some(0), &[]);
    check("tea".into(), Some(3), &["tea"]);
    check(String::new().into(), Some(0), &[]);
    check(Body::chunks(["a", "", "b"].map(Ok)), None, &["a", "b"]);
    check(Body::reader(&b"abc"[..]), None, &["abc"]);
    check(Body::sized_reader(&b"abcdef"[..], 4), Some(4), &["abcd"]);
    let written = Body::writer(|out| {
        write!(out, "p{}", 1)?;
        out.flush()?;
        out.flush()?;
        Ok(write!(out, "rest")?)
    });
    check(written, None, &["p1", "rest"]);
    check(
        Body::from("b").after(vec!["a".into()]),
        Some(2),
        &["a", "b"],
    );
    check(
        Body::from("tea").map_chunks(|chunk| Ok(chunk.to_ascii_uppercase().into())),
        None,
        &["TEA"],
    );
}

#[test]
fn a_range_of_every_kind() {
    let kinds: [fn() -> Body; 6] = [
        || "Hello World".into(),
        || Body::chunks(["Hel", "lo W", "orld"].map(Ok)),
        || Body::reader(&b"Hello World"[..]),
        || Body::sized_reader(&b"Hello World and more"[..], 11),
        || Body::from(" World").after(vec!["He".into(), "llo".into()]),
        || Body::writer(|out| Ok(out.write_all(b"Hello World")?)),
    ];
    for body in kinds {
        let collect = |part: io::Result<Body>| part.unwrap().collect().unwrap();
        assert_eq!(collect(body().range(..)), "Hello World");
        assert_eq!(collect(body().range(3..=7)), "lo Wo");
        assert_eq!(collect(body().range(6..100)), "World");
        assert_eq!(collect(body().range(11..)), "");
        assert_eq!(collect(body().range(u64::MAX..)), "");
        assert_eq!(collect(body().range(4..4)), "");
        assert_eq!(collect(body().range(2..9).unwrap().range(1..4)), "lo ");
        let part = body().range(3..100).unwrap();
        assert_eq!(part.len(), body().len().map(|_| 8));
    }
}

#[test]
fn a_range_of_a_file_stays_a_file() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"#Hello World").unwrap();
    file.seek(io::SeekFrom::Start(1)).unwrap();
    let mut part = Body::file(file).unwrap().range(6..9).unwrap();
    assert_eq!(part.as_file().map(|(_, left)| *left), Some(3));
    let mut seekable = part.into_seekable().unwrap_or_else(|_| unreachable!());
    let mut buf = [0; 8];
    assert_eq!(seekable.read_at(1, &mut buf).unwrap(), 2);
    assert_eq!(&buf[..2], b"or");
    assert_eq!(seekable.read_at(3, &mut buf).unwrap(), 0);
}

#[test]
fn a_range_makes_nothing_beyond_its_end() {
    let mut made = 0;
    let chunks = std::iter::from_fn(move || {
        made += 1;
        assert!(made <= 3, "a fourth chunk was made");
        Some(Ok("abc"))
    });
    let part = Body::chunks(chunks).range(4..9).unwrap();
    assert_eq!(part.collect().unwrap(), "bcabc");
}

#[test]
fn priming_makes_the_first_chunk_and_loses_nothing() {
    let mut body = Body::chunks(["", "a", "b"].map(Ok));
    body.prime().unwrap();
    body.prime().unwrap();
    check(body, None, &["a", "b"]);
    let mut failing = Body::chunks::<Bytes>([Err("no rows".into())]);
    assert_eq!(failing.prime().unwrap_err().to_string(), "no rows");
}

#[test]
fn a_source_that_ends_early_is_an_error() {
    let error = Body::sized_reader(&b"ab"[..], 5).collect().unwrap_err();
    assert_eq!(error.to_string(), "the body's source ended 3 bytes early");
}

#[test]
fn hooks_run_once_however_the_body_ends() {
    let runs = Arc::new(AtomicUsize::new(0));
    let body = || {
        let runs = Arc::clone(&runs);
        Body::chunks(["a", "b"].map(Ok)).on_close(move || {
            runs.fetch_add(1, Ordering::Relaxed);
        })
    };
    drop(body());
    assert_eq!(runs.load(Ordering::Relaxed), 1, "dropped unsent");
    body().collect().unwrap();
    assert_eq!(runs.load(Ordering::Relaxed), 2, "sent to the end");
    assert!(body().send(&mut |_| Err("peer has gone".into())).is_err());
    assert_eq!(runs.load(Ordering::Relaxed), 3, "cut");
}

#[test]
fn every_hook_runs_whatever_panics() {
    let runs = Arc::new(AtomicUsize::new(0));
    let body = |chunks: Body| {
        let runs = Arc::clone(&runs);
        chunks.on_close(|| panic!("in a hook")).on_close(move || {
            runs.fetch_add(1, Ordering::Relaxed);
        })
    };
    let fine = body("tea".into());
    assert!(panic::catch_unwind(AssertUnwindSafe(|| fine.collect())).is_err());
    let panics = body(Body::chunks::<Bytes>(std::iter::from_fn(|| {
        panic!("in a chunk")
    })));
    assert!(panic::catch_unwind(AssertUnwindSafe(|| panics.collect())).is_err());
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

#[test]
fn a_producer_cannot_hide_that_the_other_side_has_gone() {
    let body = Body::writer(|out| {
        out.write_all(b"a")?;
        out.flush().ok();
        Ok(())
    });
    assert!(body.send(&mut |_| Err("reset".into())).is_err());
}

#[test]
fn a_writer_hears_that_the_other_side_has_gone() {
    let body = Body::writer(|out| {
        out.write_all(b"a")?;
        out.flush()?;
        unreachable!("the flush failed");
    });
    assert_eq!(
        body.send(&mut |_| Err("reset".into()))
            .unwrap_err()
            .to_string(),
        "reset"
    );
}

#[test]
fn chunks_are_made_when_they_are_asked_for() {
    let kinds: [fn(Arc<AtomicUsize>) -> Body; 2] = [
        |made| {
            Body::chunks(["a", "b", "c"].map(Ok).into_iter().inspect(move |_| {
                made.fetch_add(1, Ordering::SeqCst);
            }))
        },
        |made| {
            Body::writer(move |out| {
                for step in ["a", "b", "c"] {
                    made.fetch_add(1, Ordering::SeqCst);
                    out.write_all(step.as_bytes())?;
                    out.flush()?;
                }
                Ok(())
            })
        },
    ];
    for body in kinds {
        let (made, closed) = (Arc::default(), Arc::new(AtomicUsize::new(0)));
        let closing = Arc::clone(&closed);
        let mut chunks = body(Arc::clone(&made))
            .on_close(move || {
                closing.fetch_add(1, Ordering::SeqCst);
            })
            .into_chunks();
        assert_eq!(made.load(Ordering::SeqCst), 0);
        assert_eq!(chunks.next().unwrap().unwrap(), "a");
        assert_eq!(made.load(Ordering::SeqCst), 1);
        assert_eq!(chunks.next().unwrap().unwrap(), "b");
        drop(chunks);
        assert_eq!(closed.load(Ordering::SeqCst), 1);
        let all: Result<Vec<_>> = body(made).into_chunks().collect();
        assert_eq!(all.unwrap(), ["a", "b", "c"]);
    }
}

#[test]
fn what_ends_a_producer_ends_its_chunks() {
    let mut failing = Body::writer(|_| Err("no rows".into())).into_chunks();
    assert_eq!(failing.next().unwrap().unwrap_err().to_string(), "no rows");
    assert!(failing.next().is_none());
    let mut panicking = Body::writer(|_| panic!("in a writer")).into_chunks();
    assert!(panic::catch_unwind(AssertUnwindSafe(|| panicking.next())).is_err());
    let rest = Body::from("tea").after(vec!["a ".into()]).into_chunks();
    assert_eq!(rest.into_bytes().unwrap(), "a tea");
}

#[test]
fn every_kind_is_made_within_what_is_held() {
    let held = Arc::new(AtomicUsize::new(0));
    let counted = |body: Body| {
        let held = Arc::clone(&held);
        body.within(move || {
            held.fetch_add(1, Ordering::SeqCst);
        })
    };
    check(counted(Body::chunks(["a", "b"].map(Ok))), None, &["a", "b"]);
    check(counted("tea".into()), Some(3), &["tea"]);
    assert_eq!(held.load(Ordering::SeqCst), 3, "two chunks and the end");
    check(
        counted(Body::writer(|out| Ok(out.write_all(b"c")?))),
        None,
        &["c"],
    );
    assert_eq!(held.load(Ordering::SeqCst), 4);
}
