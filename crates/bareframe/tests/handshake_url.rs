//! URLs of WebSockets, and hosts and targets of requests, by the grammar of RFC 3986, RFC 9110 and RFC 9112.
#![cfg(feature = "handshake")]

use bareframe::handshake::{HeadError, Key, Offer, Request, RequestError, Url, UrlError};

/// Whether it is secure, the host, the port, the authority and the resource.
fn parts(url: &str) -> (bool, &str, u16, &str, &str) {
    let url = Url::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
    (
        url.is_secure(),
        url.host(),
        url.port(),
        url.authority(),
        url.resource(),
    )
}

#[test]
fn s3_urls_and_their_parts() {
    for (url, expected) in [
        ("ws://a", (false, "a", 80, "a", "")),
        ("WS://a:80/", (false, "a", 80, "a", "/")),
        ("wss://a:80/", (true, "a", 80, "a:80", "/")),
        ("wss://a:443/x", (true, "a", 443, "a", "/x")),
        ("wss://a:00443/x", (true, "a", 443, "a", "/x")),
        ("ws://a:/x", (false, "a", 80, "a", "/x")),
        ("ws://a?b", (false, "a", 80, "a", "?b")),
        ("ws://a/b?c?d/e", (false, "a", 80, "a", "/b?c?d/e")),
        (
            "ws://a/%7Bb%7D?c=%C3%A9",
            (false, "a", 80, "a", "/%7Bb%7D?c=%C3%A9"),
        ),
        ("ws://a_b.c-d/", (false, "a_b.c-d", 80, "a_b.c-d", "/")),
        (
            "ws://127.0.0.1:9001/",
            (false, "127.0.0.1", 9001, "127.0.0.1:9001", "/"),
        ),
        ("ws://[::1]/", (false, "::1", 80, "[::1]", "/")),
        ("ws://[::1]:81", (false, "::1", 81, "[::1]:81", "")),
        (
            "ws://[::ffff:1.2.3.4]",
            (false, "::ffff:1.2.3.4", 80, "[::ffff:1.2.3.4]", ""),
        ),
    ] {
        assert_eq!(parts(url), expected, "{url}");
    }
}

#[test]
fn s3_what_is_no_url_of_a_websocket() {
    for (url, error) in [
        ("", UrlError::Scheme),
        ("ws:a", UrlError::Scheme),
        ("wsx://a", UrlError::Scheme),
        ("http://a", UrlError::Scheme),
        ("ws://", UrlError::Host),
        ("ws:///x", UrlError::Host),
        ("ws://:80/x", UrlError::Host),
        ("ws://a b/", UrlError::Host),
        ("ws://a\r\nX: y/", UrlError::Host),
        ("ws://\u{E4}/", UrlError::Host),
        ("ws://a%41/", UrlError::Host),
        ("ws://a!b/", UrlError::Host),
        ("ws://[::1", UrlError::Host),
        ("ws://[::1]x", UrlError::Host),
        ("ws://[::g]", UrlError::Host),
        ("ws://[v1.a]", UrlError::Host),
        ("ws://::1/", UrlError::Host),
        ("ws://a:0", UrlError::Port),
        ("ws://a:65536", UrlError::Port),
        ("ws://a:+1", UrlError::Port),
        ("ws://a:b", UrlError::Port),
        ("ws://[::1]:b", UrlError::Port),
        ("ws://u@a", UrlError::UserInfo),
        ("ws://u:p@a", UrlError::UserInfo),
        ("ws://a/#", UrlError::Fragment),
        ("ws://a#b", UrlError::Fragment),
        ("ws://a/ b", UrlError::Resource),
        ("ws://a/\u{E4}", UrlError::Resource),
    ] {
        assert_eq!(Url::parse(url), Err(error), "{url}");
    }
}

/// What RFC 3986 has no place for in a path or a query, as it may be pasted.
const NEVER_RAW: [&str; 15] = [
    "/%zz",
    "/%",
    "/%4",
    "/a%4g",
    "/?q={\"a\":1}",
    "/<x>",
    "/a|b",
    "/a\\b",
    "/a^b",
    "/a`b",
    "/?a[]=1",
    "/\"",
    "/?%",
    "/?{",
    "/}",
];

#[test]
fn rfc3986_s3_3_a_url_is_never_sent_raw_when_it_is_none() {
    for resource in NEVER_RAW {
        let url = format!("ws://a{resource}");
        assert_eq!(Url::parse(&url), Err(UrlError::Resource), "{url}");
        let offer = Offer::new("a", resource);
        let mut out = [0xAA; 512];
        let sent = offer.encode(&Key::from_random([0; 16]), &mut out);
        assert!(sent.is_err() && out == [0xAA; 512], "{resource}");
    }
}

#[test]
fn s4_1_the_slash_that_a_url_leaves_out_is_sent() {
    for (url, line) in [
        ("ws://a", "GET / HTTP/1.1\r\nHost: a\r\n"),
        ("ws://a:81?b", "GET /?b HTTP/1.1\r\nHost: a:81\r\n"),
        ("ws://a/b", "GET /b HTTP/1.1\r\nHost: a\r\n"),
    ] {
        let mut out = [0; 512];
        let offer = Url::parse(url).unwrap().offer();
        let len = offer.encode(&Key::from_random([0; 16]), &mut out).unwrap();
        assert!(out[..len].starts_with(line.as_bytes()), "{url}");
    }
}

/// Returns a request with this target and these lines for the host, and its result.
fn request(target: &str, hosts: &str) -> Result<Option<String>, RequestError> {
    let head = format!(
        "GET {target} HTTP/1.1\r\n{hosts}Upgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    let (request, _) = Request::parse(head.as_bytes())?;
    request.upgrade()?.expect("an upgrade");
    Ok(request.host().map(str::to_owned))
}

#[test]
fn rfc9112_s3_2_a_target_that_is_none_is_refused() {
    let invalid = Err(RequestError::Head(HeadError::InvalidTarget));
    for target in [
        // RFC 9110 section 4.2.1: a URI without a host is invalid.
        "http:///chat",
        "http://:80/chat",
        "http://?a",
        "https://",
        // RFC 9110 section 4.2.4: a user is an error.
        "http://u:p@h/",
        "http://u@h/",
        "http://@h/",
        // RFC 9112 section 3.2: there is no fragment.
        "/chat#frag",
        "/chat?a#frag",
        "http://h/#frag",
        "http://h:99999/",
        "http://h:b/",
        "http://[::1/",
        "http://h/%",
        "http://h\"/",
        "/\"<>{}|",
        // RFC 3986 section 2.1: a percent sign has two digits where a path is decoded.
        "/%zz",
        "/%",
        "/%4",
        "/a%4g",
        // The URL Standard, section 1.3: browsers percent-encode these.
        "/<x>",
        "/a`b",
        "/}",
        "/\"",
        "/a\\b",
        "/?\"",
        "/?a<",
        "/?a>",
        "http://h/{",
        "http://h?a\"",
        "http://h|/",
    ] {
        assert_eq!(request(target, "Host: a\r\n"), invalid, "{target}");
    }
    // RFC 9112 section 3.2.2: another scheme is not that of a WebSocket's request.
    for target in [
        "ftp://x/chat",
        "ws://x/",
        "chat",
        "*",
        "a:80",
        "http:/chat",
        "http",
    ] {
        assert_eq!(
            request(target, "Host: a\r\n"),
            Err(RequestError::InvalidTarget),
            "{target}"
        );
    }
}

#[test]
fn rfc9112_s3_2_what_browsers_do_not_encode_is_accepted() {
    for (target, path, query) in [
        ("/?q={\"a\":1}".replace('"', "%22"), "/", "q={%22a%22:1}"),
        ("/?a[]=1&b=x|y^z".to_owned(), "/", "a[]=1&b=x|y^z"),
        ("/?{}|[]^\\`".to_owned(), "/", "{}|[]^\\`"),
        ("/?100%&%zz".to_owned(), "/", "100%&%zz"),
        ("/a|b/[c]?{".to_owned(), "/a|b/[c]", "{"),
        ("/a^b?".to_owned(), "/a^b", ""),
        ("http://h/a|b?c={d}%".to_owned(), "/a|b", "c={d}%"),
        ("http://h?{|}".to_owned(), "/", "{|}"),
    ] {
        let head = format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n");
        let (request, _) =
            Request::parse(head.as_bytes()).unwrap_or_else(|error| panic!("{target}: {error}"));
        assert_eq!((request.path(), request.query()), (path, Some(query)), "{target}");
    }
}

#[test]
fn rfc9112_s3_2_a_host_that_is_none_is_refused() {
    for host in [
        "",
        "a:b",
        "a:99999",
        "a:65536",
        "a:b:c",
        "a:1:2",
        "::1",
        "[::1",
        "[]",
        "[::1]x",
        "%",
        "%4",
        "%zz",
        "a%",
        ":80",
        "a b",
        "u@a",
        "a/b",
        "a?b",
        "a#b",
        "a,b c",
        "\"a\"",
        "[::1]:x",
        "[1]",
        "[:::]",
        "[::1%25eth0]",
        "[1:2:3:4:5:6:7]",
        "[1:2:3:4:5:6:7:8:9]",
        "[1::2::3]",
        "[::12345]",
        "[::1.2.3]",
        "[::1.2.3.256]",
        "[::01.2.3.4]",
        "[1:2:3:4:5:6:7:1.2.3.4]",
        "[v.a]",
        "[v1.]",
        "[1.2.3.4]",
    ] {
        let lines = format!("Host: {host}\r\n");
        assert_eq!(request("/", &lines), Err(RequestError::InvalidHost), "{host}");
        // Also where the target has the host that counts.
        assert_eq!(
            request("http://real/", &lines),
            Err(RequestError::InvalidHost),
            "{host}"
        );
    }
    for host in [
        "a",
        "a:",
        "a:0",
        "a:65535",
        "a:00080",
        "example.com:8080",
        "1.2.3.4:80",
        "999.1.1.1",
        "a_b",
        "a%41",
        "!$&'()*+,;=",
        "[::]",
        "[::1]",
        "[::1]:80",
        "[::1]:",
        "[1:2:3:4:5:6:7:8]",
        "[1:2:3:4:5:6:7::]",
        "[::2:3:4:5:6:7:8]",
        "[1::8]",
        "[::ffff:1.2.3.4]",
        "[1:2:3:4:5:6:1.2.3.4]",
        "[2001:DB8::a]",
        "[v1.a:b]",
        "[vF0.~]",
    ] {
        let lines = format!("Host: {host}\r\n");
        assert_eq!(request("/", &lines), Ok(Some(host.to_owned())));
    }
}

#[test]
fn rfc9112_s3_2_2_the_host_of_the_target_counts() {
    for (target, host) in [
        ("http://real/", "real"),
        ("HTTPS://real:8443?a", "real:8443"),
        ("http://[::1]/", "[::1]"),
        ("/http://other/", "a"),
    ] {
        assert_eq!(
            request(target, "Host: a\r\n"),
            Ok(Some(host.to_owned())),
            "{target}"
        );
    }
    let missing = request("http://real/", "");
    assert_eq!(missing, Err(RequestError::MissingHost));
}

#[test]
fn every_error_of_a_url_has_words() {
    let errors = [
        UrlError::Scheme,
        UrlError::Fragment,
        UrlError::UserInfo,
        UrlError::Host,
        UrlError::Port,
        UrlError::Resource,
    ];
    for error in errors {
        assert!(error.to_string().starts_with("the URL"), "{error}");
    }
    assert_eq!(Url::parse("WSS://A:443?b").unwrap().to_string(), "wss://A/?b");
}
