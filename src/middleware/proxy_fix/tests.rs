use super::*;
use crate::http::{HeaderValue, Method};
use crate::wsgi;

fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[track_caller]
fn check(hops: TrustedHops, fields: &[(&'static str, &str)], want: Believed) {
    assert_eq!(hops.believe(&headers(fields)), want, "{fields:?}");
}

fn client(address: &str) -> Believed {
    Believed {
        client: Some(address.parse().unwrap()),
        ..Believed::default()
    }
}

#[test]
fn the_word_of_the_outermost_trusted_proxy_counts() {
    let behind = |x_for| TrustedHops {
        x_for,
        ..TrustedHops::default()
    };
    let chain = [
        ("x-forwarded-for", "6.6.6.6, 1.1.1.1,2.2.2.2"),
        ("x-forwarded-for", "3.3.3.3"),
    ];
    check(behind(0), &chain, Believed::default());
    check(behind(1), &chain, client("3.3.3.3"));
    check(behind(2), &chain, client("2.2.2.2"));
    check(behind(4), &chain, client("6.6.6.6"));
    check(behind(5), &chain, Believed::default());
    check(behind(usize::MAX), &chain, Believed::default());
}

#[test]
fn what_makes_no_sense_is_not_believed() {
    let all = TrustedHops {
        x_for: 1,
        x_proto: 1,
        x_host: 1,
        x_port: 1,
        x_prefix: 1,
        forwarded: 1,
    };
    for (name, value) in [
        ("x-forwarded-for", "unknown"),
        ("x-forwarded-for", "a.test"),
        ("x-forwarded-proto", "javascript"),
        ("x-forwarded-host", "a.test/x"),
        ("x-forwarded-host", "u@a.test"),
        ("x-forwarded-host", ":80"),
        ("x-forwarded-port", "0"),
        ("x-forwarded-port", "+80"),
        ("x-forwarded-port", "65536"),
        ("x-forwarded-prefix", "shop"),
        ("x-forwarded-prefix", "//evil.test"),
        ("x-forwarded-prefix", "/%2Fevil.test"),
        ("x-forwarded-prefix", "/\\evil.test"),
        ("x-forwarded-prefix", "/a%0d%0a"),
        ("forwarded", "for=unknown;host=\"a b\";proto=gopher"),
    ] {
        check(all, &[(name, value)], Believed::default());
    }
    let mut latin_1 = HeaderMap::new();
    let word = HeaderValue::from_bytes(b"/caf\xe9").unwrap();
    latin_1.insert("x-forwarded-prefix", word);
    assert_eq!(all.believe(&latin_1), Believed::default());
    let prefix = |path: &str| Believed {
        prefix: Some(path.into()),
        ..Believed::default()
    };
    check(
        all,
        &[("x-forwarded-prefix", "/caf%C3%A9/")],
        prefix("/café"),
    );
    check(all, &[("x-forwarded-prefix", "/")], prefix(""));
    check(all, &[("x-forwarded-prefix", "/café")], prefix("/café"));
}

#[test]
fn forwarded_tells_all_in_one_element() {
    let behind_two = TrustedHops {
        forwarded: 2,
        ..TrustedHops::default()
    };
    let fields = [
        (
            "forwarded",
            "for=\"6.6.6.6, for=\"[2001:db8::1]:80\";proto=HTTPS;host=\"a.test:8080\", for=10.0.0.1",
        ),
        ("x-forwarded-for", "7.7.7.7"),
    ];
    check(
        behind_two,
        &fields,
        Believed {
            client: Some("2001:db8::1".parse().unwrap()),
            scheme: Some("https"),
            host: Host::parse("a.test:8080").ok(),
            ..Believed::default()
        },
    );
}

#[test]
fn what_is_believed_outweighs_what_the_proxy_asked_for() {
    let app = wsgi::app_fn(|environ| {
        let port = environ.get("REMOTE_PORT").map(|port| port.to_string());
        let host = environ.get("HTTP_HOST").map(|host| host.to_string());
        let authority = environ.target_authority().map(<[u8]>::to_vec);
        Ok(Reply::new(
            format!("{port:?} {host:?} {authority:?}").into(),
        ))
    });
    let hops = TrustedHops {
        x_for: 1,
        x_host: 1,
        ..TrustedHops::default()
    };
    let fields = [
        ("host", "10.0.0.1"),
        ("x-forwarded-for", "192.0.2.7"),
        ("x-forwarded-host", "shop.test"),
    ];
    let mut environ = Environ::new(Method::GET, "http://10.0.0.1/");
    environ.headers_mut().extend(headers(&fields));
    let answer = wsgi::call(&ProxyFix::with_hops(app, hops), &mut environ).unwrap();
    assert_eq!(answer.body(), "None Some(\"shop.test\") None");
}
