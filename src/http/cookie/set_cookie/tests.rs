use super::*;

#[track_caller]
fn check(cookie: SetCookie, want: &str) {
    assert_eq!(cookie.to_header().unwrap(), want);
}

#[track_caller]
fn refused(cookie: SetCookie, want: &str) {
    let error = cookie.to_header().unwrap_err().to_string();
    assert!(error.contains(want), "{error}");
}

fn cookie() -> SetCookie {
    SetCookie::new("k", "v").without_path()
}

#[test]
fn a_domain_is_a_host_name_in_any_script() {
    check(cookie().domain("..Foo.com:8000"), "k=v; Domain=Foo.com");
    check(cookie().domain(""), "k=v");
    check(cookie().domain("127.0.0.1"), "k=v; Domain=127.0.0.1");
    for domain in [
        ".", "a..b", "a.", "::1", "[::1]", "a b", "a;b", "é..b", "a:b", "a\0",
    ] {
        refused(cookie().domain(domain), "cannot be a cookie's domain");
    }
    let long = vec!["a".repeat(63); 4].join(".");
    refused(cookie().domain(long), "cannot be a cookie's domain");
}

#[cfg(feature = "idna")]
#[test]
fn a_domain_that_is_not_ascii_is_what_browsers_make_of_it() {
    check(
        cookie().domain("BÜCHER.example"),
        "k=v; Domain=xn--bcher-kva.example",
    );
    check(cookie().domain("日本。jp"), "k=v; Domain=xn--wgv71a.jp");
    refused(
        cookie().domain("\u{202e}.com"),
        "cannot be a cookie's domain",
    );
    refused(
        cookie().domain("é".repeat(60)),
        "cannot be a cookie's domain",
    );
}

#[test]
fn a_path_cannot_end_the_attribute() {
    check(cookie().path("/a; Domain=b"), "k=v; Path=/a%3B%20Domain=b");
    check(cookie().path("/a%20b%zz%"), "k=v; Path=/a%20b%25zz%25");
    check(cookie().path("/\r\n\0é"), "k=v; Path=/%0D%0A%00%C3%A9");
    check(cookie().path("/%é"), "k=v; Path=/%25%C3%A9");
}

#[test]
fn no_time_and_no_age_is_out_of_reach() {
    let far = Duration::from_secs(1 << 40);
    check(
        cookie().expires(UNIX_EPOCH + far),
        "k=v; Expires=Fri, 31 Dec 9999 23:59:59 GMT",
    );
    check(
        cookie().expires(UNIX_EPOCH - far),
        "k=v; Expires=Mon, 01 Jan 1601 00:00:00 GMT",
    );
    check(
        cookie().max_age(Duration::MAX),
        "k=v; Max-Age=9223372036854775807",
    );
    check(
        cookie().max_age(Duration::from_millis(1999)),
        "k=v; Max-Age=1",
    );
    check(
        cookie().max_age_from(UNIX_EPOCH, Duration::MAX),
        "k=v; Max-Age=9223372036854775807; Expires=Fri, 31 Dec 9999 23:59:59 GMT",
    );
}

#[test]
fn a_deletion_has_the_scope_of_what_it_deletes() {
    let set = cookie()
        .path("/a")
        .domain("b.test")
        .partitioned()
        .http_only();
    check(
        set.into_deletion(),
        "k=; HttpOnly; Partitioned; Secure; Path=/a; Domain=b.test; Max-Age=0; \
         Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    );
}

#[test]
fn size_counts_the_whole_field() {
    let cookie = SetCookie::new("k", "v".repeat(4096));
    let error = cookie.check_size().unwrap_err().to_string();
    assert_eq!(
        error,
        "cookie k has 4106 bytes with its attributes; browsers keep 4093"
    );
    assert_eq!(cookie.to_header().unwrap().len(), 4106);
    assert_eq!(cookie.clone().max_bytes(0).check_size(), Ok(()));
    assert_eq!(cookie.clone().max_bytes(4106).check_size(), Ok(()));
    assert!(cookie.max_bytes(4105).check_size().is_err());
}

#[test]
fn a_prefix_is_a_promise() {
    let host = || SetCookie::new("__Host-a", "v").secure();
    check(host(), "__Host-a=v; Secure; Path=/");
    check(host().domain(""), "__Host-a=v; Secure; Path=/");
    refused(host().domain("a.test"), "no domain");
    refused(host().without_path(), "the path `/`");
    refused(SetCookie::new("__SECURE-a", ""), "needs `Secure`");
    check(
        SetCookie::new("__secure-a", "")
            .partitioned()
            .without_path(),
        "__secure-a=; Partitioned; Secure",
    );
}

#[test]
fn what_other_sites_cause_is_secure_and_so_keeps_the_prefix() {
    let cookie = SetCookie::new("__Secure-a", "b").same_site(SameSite::None);
    assert!(cookie.is_secure());
    let field = cookie.to_header().unwrap();
    assert!(field.to_str().unwrap().contains("; Secure"), "{field:?}");
}
