use devserve::http::{
    Forwarded, HeaderMap, HeaderValue, Host, Method, TrustedHosts, iri_to_uri, join, uri_to_iri,
};
use devserve::middleware::TrustedHops;
use devserve::text::percent;
use devserve::wsgi::Environ;
use devserve::{Request, Response};

/// Where a request is for and where an answer sends: nothing that was not said gets a meaning,
/// and nobody is sent elsewhere.
pub fn addresses(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    hosts(&text);
    urls(&text);
    redirects(&text, data);
    forwarded(&text, data);
}

/// A host is read back, and holds nothing that means something in a URL.
fn hosts(text: &str) {
    let entries = TrustedHosts::new([text]);
    let Ok(host) = Host::parse(text) else {
        assert!(!entries.trust(text), "{text:?}");
        return;
    };
    let written = host.to_string();
    assert_eq!(Host::parse(&written).as_ref(), Ok(&host), "{text:?}");
    assert!(!written.contains(['/', '\\', '?', '#', '@', '%', ',', ' ']));
    // A leading dot makes an entry of more than the host.
    if !host.name().is_empty() && !host.name().starts_with('.') {
        assert!(TrustedHosts::new([host.name()]).trust(&written), "{text:?}");
        let uri = format!("http://{written}/");
        let base = format!("{uri}a");
        assert!(join(&base, "b").starts_with(&uri), "{text:?}");
    }
}

/// What is fit for the wire stays so, and its readable form leads back to the same bytes.
fn urls(text: &str) {
    let Ok(uri) = iri_to_uri(text) else { return };
    assert!(uri.bytes().all(|byte| byte.is_ascii_graphic()), "{uri:?}");
    assert_eq!(iri_to_uri(&uri).as_ref(), Ok(&uri), "{text:?}");
    let iri = uri_to_iri(&uri);
    let back = iri_to_uri(&iri).unwrap();
    assert_eq!(
        percent::decode(back.as_bytes()),
        percent::decode(uri.as_bytes()),
        "{uri:?} as {iri:?} is {back:?}"
    );
    assert_eq!(uri_to_iri(&back), iri, "{uri:?}");
}

/// A target that must stay on the site does, and so does a path with a slash at its end.
fn redirects(text: &str, data: &[u8]) {
    let location = |response: Response| {
        let reply = response.into_reply().ok()?;
        Some(reply.headers()["location"].to_str().unwrap().to_owned())
    };
    let base = "http://a.test/b/c";
    if let Some(location) = location(Response::redirect_local(text)) {
        assert!(
            join(base, &location).starts_with("http://a.test/"),
            "{location:?}"
        );
    }
    let mut environ = Environ::new(Method::GET, "/");
    environ.set_mount("", data.to_vec());
    let location = location(Response::append_slash_redirect(&environ)).unwrap();
    assert!(
        join(base, &location).starts_with("http://a.test/"),
        "{location:?}"
    );
    let request = Request::new(&environ);
    assert!(request.path().starts_with('/') && !request.path().starts_with("//"));
    let uri = iri_to_uri(&request.url().unwrap()).unwrap();
    let path = percent::decode(&uri.as_bytes()["http://localhost".len()..]).into_owned();
    let slashes = data.iter().take_while(|byte| **byte == b'/').count();
    assert_eq!(path[1..], data[slashes..], "{uri:?}");
}

/// What proxies say is written and read back; and what is believed of it can stand in a URL.
fn forwarded(text: &str, data: &[u8]) {
    let forwarded = Forwarded::parse(text);
    assert_eq!(
        Forwarded::parse(&forwarded.to_string()),
        forwarded,
        "{text:?}"
    );
    let Ok(value) = HeaderValue::from_bytes(data) else {
        return;
    };
    let hops = TrustedHops {
        x_for: 1,
        x_proto: 1,
        x_host: 1,
        x_port: 1,
        x_prefix: 1,
        forwarded: 1,
    };
    let names = ["for", "proto", "host", "port", "prefix"];
    let names = names.map(|name| format!("x-forwarded-{name}"));
    let mut headers = HeaderMap::new();
    for name in names.iter().map(String::as_str).chain(["forwarded"]) {
        let name: devserve::http::HeaderName = name.parse().unwrap();
        headers.insert(name, value.clone());
    }
    let believed = hops.believe(&headers);
    assert_ne!(believed.port, Some(0));
    if let Some(prefix) = believed.prefix {
        assert!(prefix.is_empty() || prefix[0] == b'/' && prefix.get(1) != Some(&b'/'));
    }
}
