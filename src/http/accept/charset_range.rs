use crate::http::accept::{Fit, Range};
use crate::http::{HeaderName, OptionsHeader, header};
use crate::text::tokens;

/// A charset (RFC 9110 §12.5.2), or `*` for any. One charset has several names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CharsetRange(String);

impl Range for CharsetRange {
    const ANY: &'static str = "*";

    fn field() -> HeaderName {
        header::ACCEPT_CHARSET
    }

    fn parse(entry: &OptionsHeader) -> Option<Self> {
        let label = entry.value();
        tokens::is_token(label).then(|| Self(preferred(label)))
    }

    fn specificity(&self) -> usize {
        usize::from(self.0 != "*")
    }

    fn fit(&self, offer: &Self) -> Option<Fit> {
        match self.0.as_str() {
            "*" => Some(Fit::Any),
            name => (name == offer.0).then_some(Fit::Named(0)),
        }
    }
}

/// The one name of a charset by which it is compared. Marks between letters and digits are
/// spelling; beyond that, the names that IANA's registry gives to the charsets still met.
fn preferred(label: &str) -> String {
    if label == "*" {
        return label.to_owned();
    }
    let plain: String = label
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| character.to_ascii_lowercase())
        .collect();
    let name = match plain.as_str() {
        "u8" | "utf" => "utf8",
        "ascii" | "646" | "iso646us" | "ansix341968" | "ansix341986" | "us" | "cp367"
        | "ibm367" => "usascii",
        "latin1" | "latin" | "l1" | "88591" | "cp819" | "ibm819" | "iso885911987" => "iso88591",
        "latin2" | "l2" | "88592" => "iso88592",
        "latin9" | "l9" | "885915" => "iso885915",
        "cp1250" | "1250" => "windows1250",
        "cp1251" | "1251" => "windows1251",
        "cp1252" | "1252" => "windows1252",
        "sjis" | "mskanji" => "shiftjis",
        "ujis" => "eucjp",
        "big5tw" | "csbig5" => "big5",
        "936" | "cp936" | "ms936" => "gbk",
        "u16" => "utf16",
        "u32" => "utf32",
        other => other,
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use crate::http::AcceptCharset;

    #[track_caller]
    fn check(header: &str, offer: &str, want: f32) {
        assert_eq!(
            AcceptCharset::parse(header).quality(offer),
            want,
            "{header}: {offer}"
        );
    }

    #[test]
    fn a_charset_has_several_names() {
        check("utf-8", "UTF8", 1.0);
        check("utf_8", "utf-8", 1.0);
        check("latin1;q=0.5", "ISO-8859-1", 0.5);
        check("ASCII", "us-ascii", 1.0);
        check("iso-8859-15", "iso-8859-1", 0.0);
        check("*;q=0.1, utf-8", "koi8-r", 0.1);
    }
}
