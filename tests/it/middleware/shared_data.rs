//! Files beside an app.

use std::fs;
use std::time::{Duration, SystemTime};

use devserve::Request;
use devserve::middleware::SharedData;
use devserve::testing::{Client, TestResponse};
use tempfile::TempDir;

/// A folder with a stylesheet and its twins, and a site around it.
fn site() -> (TempDir, Client) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("static/docs")).unwrap();
    for (name, text) in [
        ("secret.txt", "secret"),
        ("static/app.css", "body {}"),
        ("static/app.css.gz", "gzipped"),
        ("static/app.css.br", "brotli!"),
        ("static/app.css.zst", "zstd...."),
        ("static/data.odd", "odd"),
        ("static/data.odd.br", "odd in br"),
        ("static/docs/index.html", "<p>docs"),
        ("static/.env", "KEY=1"),
        ("icon.png", "icon"),
    ] {
        fs::write(root.join(name), text).unwrap();
    }
    let site = SharedData::new(|request: &Request| format!("app {}", request.path()))
        .folder("/static/", root.join("static"))
        .file("/favicon.ico", root.join("icon.png"))
        .data(
            "/packed",
            &[("a.js", b"let a"), ("a.js.br", b"br"), ("b/c.txt", b"c")],
        )
        .index("index.html")
        .hide(|path| path.starts_with('.'));
    (folder, Client::new(site))
}

#[track_caller]
fn check(target: &str, want: &str) {
    let (_folder, client) = site();
    let answer = client.get(target).send().unwrap();
    assert_eq!((answer.status().as_u16(), &*answer.text()), (200, want));
}

#[test]
fn what_is_there_is_sent_and_what_is_not_is_the_apps() {
    check("/static/app.css", "body {}");
    check("/static/docs/", "<p>docs");
    check("/favicon.ico", "icon");
    check("/packed/a.js", "let a");
    check("/packed/b/c.txt", "c");
    check("/static", "app /static");
    check("/static/missing", "app /static/missing");
    check("/static/.env", "app /static/.env");
    check("/static/%2e%2e/secret.txt", "app /static/../secret.txt");
    check("/static/..%2fsecret.txt", "app /static/../secret.txt");
    check("/statics/app.css", "app /statics/app.css");
    check("/favicon.ico/", "app /favicon.ico/");
    check("/packed/", "app /packed/");
    check("/packed/b", "app /packed/b");
    check("/", "app /");
}

#[test]
fn other_methods_are_the_apps() {
    let (_folder, client) = site();
    let posted = client.post("/static/app.css").send().unwrap();
    assert_eq!(posted.text(), "app /static/app.css");
    let head = client.head("/static/app.css").send().unwrap();
    assert_eq!(head.header("content-length"), Some("7"));
}

#[test]
fn a_client_gets_the_twin_it_likes() {
    let (_folder, client) = site();
    let check = |target: &str, accept: &str, coding: Option<&str>, text: &str, kind: &str| {
        let request = client.get(target).header("accept-encoding", accept);
        let answer = request.send().unwrap();
        assert_eq!(answer.header("content-encoding"), coding, "{accept}");
        assert_eq!(answer.text(), text, "{accept}");
        assert_eq!(answer.header("content-type"), Some(kind));
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
    };
    let css = "text/css; charset=utf-8";
    check("/static/app.css", "gzip, br", Some("br"), "brotli!", css);
    check("/static/app.css", "gzip", Some("gzip"), "gzipped", css);
    check("/static/app.css", "zstd", Some("zstd"), "zstd....", css);
    check("/static/app.css", "br;q=0", None, "body {}", css);
    let odd = "application/octet-stream";
    check("/static/data.odd", "br", Some("br"), "odd in br", odd);
    let js = "text/javascript; charset=utf-8";
    check("/packed/a.js", "br", Some("br"), "br", js);
    check("/packed/a.js", "", None, "let a", js);
}

#[test]
fn a_twin_that_is_older_than_its_file_is_left_alone() {
    let (folder, client) = site();
    let edited = fs::File::options()
        .write(true)
        .open(folder.path().join("static/app.css"))
        .unwrap();
    let later = SystemTime::now() + Duration::from_secs(10);
    edited.set_modified(later).unwrap();
    let request = client
        .get("/static/app.css")
        .header("accept-encoding", "br");
    assert_eq!(request.send().unwrap().text(), "body {}");
}

#[cfg(unix)]
#[test]
fn a_twin_that_may_not_be_sent_is_none() {
    let (folder, client) = site();
    let root = folder.path().join("static");
    std::os::unix::fs::symlink(folder.path().join("secret.txt"), root.join("data.odd.gz")).unwrap();
    fs::remove_file(root.join("data.odd.br")).unwrap();
    fs::create_dir(root.join("data.odd.br")).unwrap();
    for coding in ["gzip", "br"] {
        let request = client.get("/static/data.odd");
        let answer = request.header("accept-encoding", coding).send().unwrap();
        assert_eq!(answer.text(), "odd", "{coding}");
    }
}

#[cfg(unix)]
#[test]
fn what_the_system_keeps_from_us_is_forbidden() {
    use std::os::unix::fs::PermissionsExt;

    let (folder, client) = site();
    let file = folder.path().join("static/data.odd");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    // From root, nothing is kept.
    let want = if fs::read(&file).is_ok() { 200 } else { 403 };
    assert_eq!(
        client.get("/static/data.odd").send().unwrap().status(),
        want
    );
}

#[test]
fn ranges_conditions_and_caches() {
    let (folder, client) = site();
    let tag = |answer: &TestResponse| answer.header("etag").unwrap().to_owned();
    for target in ["/static/app.css", "/packed/a.js", "/favicon.ico"] {
        let whole = client.get(target).send().unwrap();
        assert_eq!(whole.header("cache-control"), Some("no-cache"));
        let again = client.get(target).header("if-none-match", &tag(&whole));
        assert_eq!(again.send().unwrap().status(), 304, "{target}");
        let part = client.get(target).header("range", "bytes=0-1");
        let part = part.send().unwrap();
        assert_eq!((part.status().as_u16(), part.bytes().len()), (206, 2));
        let beyond = client.get(target).header("range", "bytes=99-");
        assert_eq!(beyond.send().unwrap().status(), 416, "{target}");
    }
    let packed = client.get("/packed/a.js").header("accept-encoding", "br");
    let plain = client.get("/packed/a.js").send().unwrap();
    assert_ne!(tag(&packed.send().unwrap()), tag(&plain));

    let kept = SharedData::new(|_: &Request| "")
        .folder("/", folder.path())
        .max_age(Duration::from_secs(60));
    let kept = Client::new(kept).get("/icon.png").send().unwrap();
    assert_eq!(kept.header("cache-control"), Some("public, max-age=60"));
}

#[test]
fn a_folder_with_an_index_is_asked_for_with_its_slash() {
    let (_folder, client) = site();
    for (target, want) in [
        ("/static/docs", "docs/"),
        ("/static/docs?a=1", "docs/?a=1"),
        ("/static/x/../docs", "docs/"),
    ] {
        let answer = client.get(target).send().unwrap();
        assert_eq!(answer.status(), 308, "{target}");
        assert_eq!(answer.header("location"), Some(want), "{target}");
    }
}

#[test]
fn what_is_hidden_is_hidden_by_any_way_to_it() {
    for target in ["/static/x/../.env", "/static/./.env", "/static//.env"] {
        let (_folder, client) = site();
        let answer = client.get(target).send().unwrap();
        assert!(answer.text().starts_with("app "), "{target}");
    }
}

/// A folder with names of every kind, listed.
#[cfg(all(feature = "listing", unix))]
fn listed() -> (TempDir, Client) {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("files");
    fs::create_dir_all(root.join("docs/deep")).unwrap();
    let names: [&[u8]; 6] = [
        b"a:b.txt",
        b"<b>&\"q\".html",
        b"caf\xe9.txt",
        "na\u{ef}ve \u{444}.txt".as_bytes(),
        b"100% #1?.txt",
        b".env",
    ];
    for name in names {
        fs::write(root.join(OsStr::from_bytes(name)), name).unwrap();
    }
    fs::write(root.join("docs/index.html"), "<p>docs").unwrap();
    fs::write(folder.path().join("secret"), "secret").unwrap();
    symlink(folder.path().join("secret"), root.join("out")).unwrap();
    symlink("docs", root.join("in")).unwrap();
    symlink("nowhere", root.join("broken")).unwrap();
    let site = SharedData::new(|request: &Request| format!("app {}", request.path()))
        .folder("/files", root)
        .data("/packed", &[("a/b.txt", b"b"), ("c.txt", b"see")])
        .index("index.html")
        .listing(true)
        .hide(|path| path.starts_with('.'));
    (folder, Client::new(site))
}

#[cfg(all(feature = "listing", unix))]
#[track_caller]
fn names(client: &Client, target: &str) -> Vec<String> {
    let answer = client.get(target).header("accept", "text/plain");
    let answer = answer.send().unwrap();
    assert_eq!(answer.status(), 200, "{target}");
    let text = answer.text();
    let lines = text.lines().skip(1);
    lines.map(|line| line[28..].trim().to_owned()).collect()
}

#[cfg(all(feature = "listing", unix))]
#[test]
fn a_listing_has_what_can_be_asked_for_and_nothing_else() {
    let (_folder, client) = listed();
    let all = [
        "docs/",
        "in/",
        "100% #1?.txt",
        "<b>&\"q\".html",
        "a:b.txt",
        "caf\u{fffd}.txt",
        "na\u{ef}ve \u{444}.txt",
    ];
    assert_eq!(names(&client, "/files/"), all);
    assert_eq!(names(&client, "/files/docs/deep/"), [""; 0]);
    assert_eq!(names(&client, "/packed/"), ["a/", "c.txt"]);
    assert_eq!(names(&client, "/packed/a/"), ["b.txt"]);
    for (target, want) in [
        ("/files", "files/"),
        ("/files/docs/deep", "deep/"),
        ("/packed/a", "a/"),
    ] {
        let answer = client.get(target).send().unwrap();
        assert_eq!(answer.header("location"), Some(want), "{target}");
    }
    for target in ["/files/none/", "/packed/none/", "/files/docs/index.html/"] {
        let answer = client.get(target).send().unwrap();
        assert_eq!(answer.text(), format!("app {target}"));
    }
    assert_eq!(client.get("/files/docs/").send().unwrap().text(), "<p>docs");
}

#[cfg(all(feature = "listing", feature = "json", unix))]
#[test]
fn every_link_of_a_listing_leads_to_its_file() {
    let (_folder, client) = listed();
    let request = client.get("/files/").header("accept", "application/json");
    let answer = request.send().unwrap();
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let json: serde_json::Value = serde_json::from_slice(answer.bytes()).unwrap();
    assert_eq!(json["path"], "/files/");
    let entries = json["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 7);
    for entry in entries.iter().filter(|entry| entry["kind"] == "file") {
        let href = entry["href"].as_str().unwrap().trim_start_matches("./");
        let file = client.get(&format!("/files/{href}")).send().unwrap();
        // Each file holds its own name.
        assert_eq!(file.text(), entry["name"].as_str().unwrap());
        assert_eq!(entry["bytes"], file.bytes().len());
    }
}

#[cfg(all(feature = "listing", unix))]
#[test]
fn a_listing_is_a_page_whatever_the_names_are() {
    let (_folder, client) = listed();
    // What wget sends: it follows the links.
    let page = client.get("/files/?sort=time").header("accept", "*/*");
    let page = page.send().unwrap();
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let text = page.text();
    assert!(!text.contains("<b>&"), "a name is escaped");
    assert!(
        text.contains("href=\"docs&#x2f;?sort=time&amp;order=desc\""),
        "{text}"
    );
    let head = client.head("/files/").send().unwrap();
    assert_eq!((head.status().as_u16(), head.bytes().len()), (200, 0));
}
