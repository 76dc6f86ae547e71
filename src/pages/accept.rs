/// The forms a page can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Html,
    Json,
    Text,
}

/// The form a client gets for its `Accept` value (RFC 9110 §12.5.1).
///
/// Only a type that is named counts: `*/*` is what curl and most libraries send when they did
/// not think about it, and they get what is `usual`. Of two that weigh the same, HTML goes
/// before JSON and JSON before text.
pub(super) fn choose(accept: Option<&str>, usual: Form) -> Form {
    let mut best = (0.0, usual);
    for range in accept.unwrap_or_default().split(',') {
        let mut parts = range.split(';').map(str::trim);
        let Some(form) = parts.next().and_then(form) else {
            continue;
        };
        let weight = parts.find_map(weight).unwrap_or(1.0);
        if weight > best.0 || weight == best.0 && rank(form) < rank(best.1) && weight > 0.0 {
            best = (weight, form);
        }
    }
    best.1
}

fn form(media_range: &str) -> Option<Form> {
    match media_range.to_ascii_lowercase().as_str() {
        "text/html" | "application/xhtml+xml" => Some(Form::Html),
        "text/plain" | "text/*" => Some(Form::Text),
        "application/json" => Some(Form::Json),
        other if other.starts_with("application/") && other.ends_with("+json") => Some(Form::Json),
        // Wildcards, images, scripts: no form of ours was named.
        _ => None,
    }
}

fn weight(parameter: &str) -> Option<f32> {
    let (name, value) = parameter.split_once('=')?;
    name.trim()
        .eq_ignore_ascii_case("q")
        .then(|| value.trim().parse().unwrap_or(0.0))
}

fn rank(form: Form) -> u8 {
    match form {
        Form::Html => 0,
        Form::Json => 1,
        Form::Text => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(accept: &str, want: Form) {
        assert_eq!(choose(Some(accept), Form::Text), want, "{accept}");
    }

    #[test]
    fn a_browser_gets_html() {
        check(
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
            Form::Html,
        );
        check("TEXT/HTML; charset=utf-8", Form::Html);
    }

    #[test]
    fn a_client_that_names_nothing_gets_text() {
        assert_eq!(choose(None, Form::Text), Form::Text);
        check("*/*", Form::Text);
        check("", Form::Text);
        check("image/png, application/*", Form::Text);
        check("text/html;q=0", Form::Text);
        check("text/html;q=nonsense", Form::Text);
    }

    #[test]
    fn what_is_usual_gives_way_to_what_is_named() {
        assert_eq!(choose(None, Form::Html), Form::Html);
        assert_eq!(choose(Some("*/*"), Form::Html), Form::Html);
        assert_eq!(choose(Some("text/plain"), Form::Html), Form::Text);
        assert_eq!(
            choose(Some("application/json, */*"), Form::Html),
            Form::Json
        );
    }

    #[test]
    fn an_interface_gets_json() {
        check("application/json", Form::Json);
        check("application/json, text/plain, */*", Form::Json); // what axios sends
        check("application/problem+json", Form::Json);
        check("text/html;q=0.5, application/json", Form::Json);
    }

    #[test]
    fn of_equals_html_goes_first() {
        check("application/json, text/html", Form::Html);
        check("text/plain, text/html", Form::Html);
        check("text/plain, text/html;q=0.9", Form::Text);
    }
}
