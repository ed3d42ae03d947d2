//! Compares targets, hosts and URLs with the grammar of the testkit, and with the crates `http` and `url`: where one of
//! them differs, the clause that decides it is named.

use bareframe::handshake::{HeadError, Request, RequestError, Url, Version};
use bareframe_testkit::uri::{is_absolute_form, is_host, is_origin_form, is_websocket_url};

const NO_HEADERS: [(&str, &str); 0] = [];

/// Returns what becomes of a request for a WebSocket with this target and host, and the host that counts.
fn request(target: &[u8], host: &[u8]) -> Result<String, RequestError> {
    let head = [
        b"GET ",
        target,
        b" HTTP/1.1\r\nHost: ",
        host,
        b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    ];
    let head = head.concat();
    let (request, _) = Request::parse(&head)?;
    request.upgrade()?.expect("an upgrade");
    Ok(request.host().expect("a host").to_owned())
}

/// Any bytes as a target.
pub(crate) fn target(bytes: &[u8]) {
    // These end a target or its line.
    if bytes.is_empty() || bytes.iter().any(|byte| matches!(byte, b' ' | b'\r' | b'\n')) {
        return;
    }
    let shown = bytes.escape_ascii();
    let is_target = is_origin_form(bytes) || is_absolute_form(bytes);
    let ours = request(bytes, b"a");
    match &ours {
        Ok(host) => {
            assert!(is_target, "{shown} is no target");
            let text = String::from_utf8_lossy(bytes);
            let authority = text
                .split_once("://")
                .and_then(|(_, rest)| rest.split(['/', '?']).next());
            let expected = if is_origin_form(bytes) {
                "a"
            } else {
                authority.unwrap_or_default()
            };
            assert_eq!(host, expected, "{shown}");
        }
        Err(RequestError::InvalidTarget | RequestError::Head(HeadError::InvalidTarget)) => {
            assert!(!is_target, "{shown} is a target");
        }
        Err(error) => panic!("{shown}: {error}"),
    }
    match (ours.is_ok(), http::Uri::try_from(bytes)) {
        (true, Ok(uri)) => {
            let target = std::str::from_utf8(bytes).expect("it is ASCII");
            let request = Request::from_parts("GET", Version::HTTP_11, target, NO_HEADERS);
            assert_eq!(
                (request.path(), request.query()),
                (uri.path(), uri.query()),
                "{shown}"
            );
        }
        (false, Err(_)) => {}
        (true, Err(_)) => assert!(
            // RFC 3986 section 3.2.2: a name may be percent-encoded, or an address of the future, and a port have no digits
            // or leading zeros.
            !bytes.starts_with(b"/")
                // The URL Standard, section 1.3: browsers leave these in a path, and a grave accent in a query.
                || bytes.iter().any(|byte| b"[]^`|".contains(byte)),
            "http refuses {shown}"
        ),
        (false, Ok(uri)) => assert!(
            // RFC 3986 sections 2.1, 3.3 and 3.4: these are percent-encoded, and a percent sign has two digits.
            has_more_than_a_path(bytes)
                // RFC 9112 section 3.2: a target has no fragment.
                || bytes.contains(&b'#')
                // RFC 9112 section 3.2: of the forms, a GET has the first two, with an http URI (RFC 9110 section 4.2).
                || uri.scheme_str().is_none_or(|scheme| scheme != "http" && scheme != "https")
                // RFC 9110 section 4.2.4: a user is an error.
                || bytes.contains(&b'@')
                // RFC 3986 section 3.2: a host is not empty, and a port is a number.
                || uri.authority().is_none_or(|authority| !is_host(authority.as_str().as_bytes())),
            "http accepts {shown}"
        ),
    }
}

/// Any bytes as the value of `Host`.
pub(crate) fn host(bytes: &[u8]) {
    // These end a line, or are white space around a value.
    if bytes.iter().any(|byte| byte.is_ascii_control() || *byte == b' ') {
        return;
    }
    let shown = bytes.escape_ascii();
    let ours = request(b"/", bytes);
    match &ours {
        Ok(host) => assert!(is_host(bytes) && host.as_bytes() == bytes, "{shown} is no host"),
        Err(error) => {
            assert_eq!(*error, RequestError::InvalidHost, "{shown}");
            assert!(!is_host(bytes), "{shown} is a host");
        }
    }
    match (ours.is_ok(), http::uri::Authority::try_from(bytes)) {
        (true, Ok(_)) | (false, Err(_)) => {}
        (true, Err(_)) => assert!(
            // RFC 3986 section 3.2.2: a name may be percent-encoded; an address of the future is one. Section 3.2.3: a port may
            // have no digits.
            bytes.contains(&b'%') || bytes.starts_with(b"[") || bytes.ends_with(b":"),
            "http refuses {shown}"
        ),
        (false, Ok(authority)) => assert!(
            // RFC 9112 section 3.2: there is no user.
            bytes.contains(&b'@')
                // RFC 3986 section 3.2.2: an IP literal is in brackets, has one address, and nothing else has brackets.
                || bytes.iter().any(|byte| matches!(byte, b'[' | b']'))
                // RFC 3986 section 3.2.3: a port is a number, without a sign.
                || authority.port_u16().is_none() && bytes.contains(&b':')
                || authority.port().is_some_and(|port| port.as_str().starts_with('+'))
                // RFC 3986 section 3.2.2: these are in no name.
                || has_more_than_a_path(bytes)
                || authority.host().is_empty(),
            "http accepts {shown}"
        ),
    }
}

/// Any text as a URL.
pub(crate) fn url(text: &str) {
    let ours = Url::parse(text);
    assert_eq!(ours.is_ok(), is_websocket_url(text), "{text:?}: {ours:?}");
    let theirs = url::Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "ws" | "wss"));
    if let Some(theirs) = &theirs {
        sent_by_a_browser(theirs);
    }
    match (ours, theirs) {
        (Err(_), None) => {}
        (Ok(ours), Some(theirs)) => {
            assert_eq!(ours.is_secure(), theirs.scheme() == "wss", "{text:?}");
            assert_eq!(Some(ours.port()), theirs.port_or_known_default(), "{text:?}");
            assert_eq!(
                ours.resource()
                    .split_once('?')
                    .map(|(_, query)| query.replace('\'', "%27")),
                theirs.query().map(str::to_owned),
                "{text:?}"
            );
            match theirs.host().expect("a host") {
                url::Host::Domain(name) => assert!(ours.host().eq_ignore_ascii_case(name), "{text:?}"),
                url::Host::Ipv6(address) => assert_eq!(ours.host().parse(), Ok(address)),
                // The URL Standard (section 3.5) reads a number or a hexadecimal one as an address too.
                url::Host::Ipv4(_) => assert!(has_number_at_end(ours.host()), "{text:?}"),
            }
        }
        (Ok(ours), None) => assert!(
            // The URL Standard (section 3.5): a name that ends in a number must be an IPv4 address; RFC 3986 section 3.2.2 takes it
            // as a name. And the Punycode of a name is decoded, which is for the resolver to do (RFC 3986 section 3.2.2).
            has_number_at_end(ours.host()) || ours.host().to_ascii_lowercase().contains("xn--"),
            "url refuses {text:?}"
        ),
        (Err(_), Some(theirs)) => assert!(
            // RFC 6455 section 3: no fragment. RFC 9110 section 4.2.4: no user. RFC 6455 section 3: two slashes.
            text.contains(['#', '@'])
                || !text.to_ascii_lowercase().starts_with(&format!("{}://", theirs.scheme()))
                // RFC 3986 section 2: what is no character of a URI is percent-encoded; a host is not.
                || has_more_than_a_path(text.as_bytes())
                || text.bytes().any(|byte| byte <= b' ' || byte >= 0x7F)
                || theirs.host_str().is_none_or(|host| !text.to_ascii_lowercase().contains(host))
                // RFC 6455 section 3: an empty host, as in `ws:///a`, is not the next segment.
                || text.split("://").nth(1).is_none_or(|rest| rest.starts_with(['/', '\\']))
                // A name of other characters can't be looked up.
                || theirs.host_str().is_none_or(|host| host.bytes().any(|byte| b"!$&'()*+,;=~%".contains(&byte)))
                // Nothing listens on port 0.
                || theirs.port() == Some(0),
            "url accepts {text:?}"
        ),
    }
}

/// What a browser makes of a URL is a target that is accepted.
fn sent_by_a_browser(url: &url::Url) {
    let sent = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let accepted = request(sent.as_bytes(), b"a");
    // RFC 3986 section 2.1: a percent sign has two digits, and the URL Standard (section 4.4) lets a path have others.
    assert_eq!(accepted.is_ok(), !has_bad_escape(url.path().as_bytes()), "{sent}");
}

/// Returns `true` if there is a character that must be percent-encoded, or a percent sign without two digits.
fn has_more_than_a_path(bytes: &[u8]) -> bool {
    has_bad_escape(bytes)
        || bytes
            .iter()
            .any(|byte| !byte.is_ascii() || b"\"<>[\\]^`{|}".contains(byte))
}

/// Returns `true` if there is a percent sign without two digits.
fn has_bad_escape(bytes: &[u8]) -> bool {
    bytes
        .split(|&byte| byte == b'%')
        .skip(1)
        .any(|rest| rest.len() < 2 || !rest[..2].iter().all(u8::is_ascii_hexdigit))
}

/// The URL Standard's "ends in a number checker".
fn has_number_at_end(host: &str) -> bool {
    let last = host
        .strip_suffix('.')
        .unwrap_or(host)
        .rsplit('.')
        .next()
        .unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())
        || hexadecimal.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
