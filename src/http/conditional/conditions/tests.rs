use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::http::HeaderValue;

const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const BEFORE: &str = "Sat, 05 Nov 1994 08:49:37 GMT";
const AFTER: &str = "Mon, 07 Nov 1994 08:49:37 GMT";

use Decision::{NotModified, PreconditionFailed, Send};

fn resource() -> Validators {
    Validators::new()
        .with_etag(ETag::strong("v1").unwrap())
        .with_last_modified(UNIX_EPOCH + Duration::from_millis(784_111_777_900))
}

fn conditions(fields: &[(&'static str, &str)]) -> Conditions {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    Conditions::from_headers(&headers, SystemTime::now())
}

#[track_caller]
fn check(current: &Validators, fields: &[(&'static str, &str)], read: Decision, write: Decision) {
    let conditions = conditions(fields);
    let decisions = [Method::GET, Method::HEAD, Method::PUT, Method::DELETE]
        .map(|method| conditions.decide(&method, current));
    assert_eq!(decisions, [read, read, write, write], "{fields:?}");
}

#[test]
fn each_condition_alone() {
    let it = resource();
    check(&it, &[], Send, Send);
    check(&it, &[("if-match", "\"v1\"")], Send, Send);
    check(&it, &[("if-match", "*")], Send, Send);
    let failed = PreconditionFailed;
    check(&it, &[("if-match", "W/\"v1\"")], failed, failed);
    check(&it, &[("if-match", "")], failed, failed);
    check(&it, &[("if-none-match", "\"v1\"")], NotModified, failed);
    check(&it, &[("if-none-match", "W/\"v1\"")], NotModified, failed);
    check(&it, &[("if-none-match", "*")], NotModified, failed);
    check(&it, &[("if-none-match", "\"v2\"")], Send, Send);
    // A date counts to the second, and for reading only.
    check(&it, &[("if-modified-since", SAME)], NotModified, Send);
    check(&it, &[("if-modified-since", BEFORE)], Send, Send);
    check(&it, &[("if-modified-since", AFTER)], NotModified, Send);
    check(&it, &[("if-modified-since", "yesterday")], Send, Send);
    check(&it, &[("if-unmodified-since", SAME)], Send, Send);
    check(&it, &[("if-unmodified-since", BEFORE)], failed, failed);
    check(&it, &[("if-unmodified-since", "yesterday")], Send, Send);
}

#[test]
fn the_order_of_conditions() {
    let it = resource();
    let failed = PreconditionFailed;
    let tag_before_date = [("if-match", "\"v1\""), ("if-unmodified-since", BEFORE)];
    check(&it, &tag_before_date, Send, Send);
    let then_known = [("if-match", "\"v1\""), ("if-none-match", "\"v1\"")];
    check(&it, &then_known, NotModified, failed);
    let stale_first = [("if-match", "\"v2\""), ("if-none-match", "\"v1\"")];
    check(&it, &stale_first, failed, failed);
    let unknown_tag = [("if-none-match", "\"v2\""), ("if-modified-since", SAME)];
    check(&it, &unknown_tag, Send, Send);
    let both_dates = [("if-unmodified-since", SAME), ("if-modified-since", SAME)];
    check(&it, &both_dates, NotModified, Send);
}

#[test]
fn a_resource_without_validators_and_one_that_is_not_there() {
    let failed = PreconditionFailed;
    let bare = Validators::new();
    check(&bare, &[("if-match", "*")], Send, Send);
    check(&bare, &[("if-match", "\"v1\"")], failed, failed);
    check(&bare, &[("if-none-match", "*")], NotModified, failed);
    check(&bare, &[("if-none-match", "\"v1\"")], Send, Send);
    check(&bare, &[("if-unmodified-since", BEFORE)], Send, Send);
    check(&bare, &[("if-modified-since", AFTER)], Send, Send);
    let absent = Validators::absent();
    check(&absent, &[("if-match", "*")], failed, failed);
    check(&absent, &[("if-none-match", "*")], Send, Send);
}

#[test]
fn fields_that_stand_twice() {
    let it = resource();
    let lists = [("if-none-match", "\"v0\""), ("if-none-match", "\"v1\"")];
    check(&it, &lists, NotModified, PreconditionFailed);
    let dates = [("if-modified-since", SAME), ("if-modified-since", AFTER)];
    check(&it, &dates, Send, Send);
    let twice = conditions(&[("if-range", "\"v1\""), ("if-range", "\"v1\"")]);
    assert_eq!(twice.if_range, Some(IfRange::Unreadable));
}
