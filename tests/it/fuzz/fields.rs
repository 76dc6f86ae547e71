use std::fmt::Debug;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use devserve::http::accept::{AcceptList, Range};
use devserve::http::{
    Accept, AcceptCharset, AcceptEncoding, AcceptLanguage, ContentDisposition, ContentType,
    OptionsHeader, cookie, date,
};

/// The values of header fields: every text has a meaning, and a meaning that can be written is
/// read back.
pub fn fields(data: &[u8]) {
    cookies(data);
    let text = String::from_utf8_lossy(data);
    options(&text);
    accept(&text);
    dates(&text, data);
}

/// No cookie can swallow another, or be nameless.
fn cookies(field: &[u8]) {
    let pairs: Vec<_> = cookie::parse(field).collect();
    let alone = field.split(|&byte| byte == b';').flat_map(cookie::parse);
    assert_eq!(pairs, alone.collect::<Vec<_>>());
    for (name, _) in pairs {
        assert!(!name.is_empty() && !name.contains(['=', ';']), "{name:?}");
    }
}

fn options(text: &str) {
    let header = OptionsHeader::parse(text);
    assert_eq!(OptionsHeader::parse(text), header);
    let is_kept = |value: &str| !value.contains("%22"); // which is HTML's way to write a quote
    if !header.value().is_empty()
        && header.params().all(|(_, value)| is_kept(value))
        && let Ok(written) = header.to_header()
    {
        let written = String::from_utf8_lossy(written.as_bytes());
        let again = OptionsHeader::parse(&written);
        assert!(!again.is_cut_off(), "{written:?}");
        assert_eq!(again.value(), header.value(), "{written:?}");
        assert!(again.params().eq(header.params()), "{header:?}\n{again:?}");
    }
    let content_type = ContentType::parse(text);
    assert_eq!(
        content_type.essence(),
        content_type.essence().to_ascii_lowercase()
    );
    content_type.charset();
    if !content_type.essence().is_empty()
        && let Ok(written) = content_type.to_header()
    {
        let again = ContentType::parse(&String::from_utf8_lossy(written.as_bytes()));
        assert_eq!(again.essence(), content_type.essence(), "{written:?}");
    }
    let disposition = ContentDisposition::parse(text);
    if let Some(filename) = disposition.filename().filter(|name| is_kept(name)) {
        let sent = ContentDisposition::attachment(filename);
        if let Ok(written) = sent.to_header() {
            let written = String::from_utf8_lossy(written.as_bytes());
            let again = ContentDisposition::parse(&written);
            assert_eq!(again.filename(), Some(filename), "{written:?}");
        }
    }
}

/// The best match is one of the offers, and none is taken more gladly.
fn accept(text: &str) {
    const OFFERS: [&str; 4] = ["text/html", "application/json", "text/plain", "image/png"];
    let accept = Accept::parse(text);
    printed(&accept);
    printed(&AcceptLanguage::parse(text));
    printed(&AcceptEncoding::parse(text));
    printed(&AcceptCharset::parse(text));
    let qualities = OFFERS.map(|offer| accept.quality(offer));
    assert!(
        qualities
            .iter()
            .all(|quality| (0.0..=1.0).contains(quality))
    );
    let most = qualities.into_iter().fold(0.0, f32::max);
    match accept.best_match(&OFFERS) {
        Some(best) => assert_eq!(accept.quality(best), most),
        None => assert_eq!(most, 0.0),
    }
}

/// A list that is written is read back: but for `%22`, which is HTML's way to write a quote.
fn printed<R: Range + PartialEq + Debug>(accept: &AcceptList<R>) {
    let written = accept.to_string();
    if !written.contains("%22") {
        assert_eq!(AcceptList::parse(&written), *accept, "{written:?}");
    }
    let mut last = f32::INFINITY;
    for (_, quality) in accept.iter() {
        assert!(quality <= last, "{written:?}");
        last = quality;
    }
}

/// A date that is read is written and read back, and so is every second.
fn dates(text: &str, data: &[u8]) {
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let same = |time: SystemTime| {
        let written = date::format(time);
        assert_eq!(date::parse(&written, now), Some(time), "{written:?}");
    };
    if let Some(time) = date::parse(text, now) {
        same(time);
    }
    let mut seconds = [0; 8];
    let len = data.len().min(4);
    seconds[..len].copy_from_slice(&data[..len]);
    same(UNIX_EPOCH + Duration::from_secs(u64::from_le_bytes(seconds) << 4));
}
