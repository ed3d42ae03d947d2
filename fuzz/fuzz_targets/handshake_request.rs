//! Any bytes as a request: what ours accepts httparse accepts with the same fields, and what is upgraded keeps the
//! rules of section 4.2.1 by a count of those fields.

#![no_main]

use bareframe::handshake::{Accept, Choice, HeadEnd, HeadError, Request, Upgrade};
use bareframe_fuzz::{Head, Kept, kept_by_httparse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|head: Head<'_>| {
    let bytes = head.to_bytes();
    let parsed = Request::parse(&bytes);
    check_end(
        &bytes,
        parsed.as_ref().map(|&(_, len)| len).map_err(|&error| error),
    );
    let Ok((request, len)) = parsed else { return };

    let headers = request.headers();
    let ours = Kept {
        start_line: (request.method().to_owned(), request.target().into()),
        minor_version: request.version().minor(),
        headers: headers
            .map(|header| (header.name().to_owned(), header.value().to_vec()))
            .collect(),
        len,
    };
    let kept = kept_by_httparse(&bytes, true).expect("httparse accepts what ours accepts");
    assert_eq!(ours, kept);

    let path = request.path();
    assert!(request.target().contains(path) || path == "/");
    match request.upgrade() {
        Ok(Some(upgrade)) => check_upgrade(&kept, &upgrade),
        Ok(None) => {
            assert!(values(&kept, "Sec-WebSocket-Key").is_empty());
            assert!(!lists(&values(&kept, "Upgrade"), "websocket"));
        }
        Err(error) => {
            let mut out = [0; 512];
            let len = error.answer().encode(&mut out).unwrap();
            let answer = kept_by_httparse(&out[..len], false).expect("an answer is a head");
            assert_eq!(answer.start_line.0, error.status().number().to_string());
            // A line of text follows the head, but not where the method may be HEAD.
            assert_eq!(answer.len < len, request.method() == "GET");
        }
    }
});

/// The end of a head is found at the same byte whatever the pieces, and not before a head can be checked.
fn check_end(bytes: &[u8], parsed: Result<usize, HeadError>) {
    let mut one_by_one = HeadEnd::new(usize::MAX);
    let step = 1 + bytes.len() / 64;
    for len in (0..=bytes.len()).step_by(step) {
        let arrived = one_by_one.arrived(&bytes[..len]);
        assert_eq!(arrived, HeadEnd::new(usize::MAX).arrived(&bytes[..len]));
        let is_there = parsed.is_ok_and(|head_len| head_len <= len);
        match arrived {
            Ok(true) => {
                let unfinished = Request::parse(&bytes[..len]).err() == Some(HeadError::Unfinished);
                assert!(!unfinished, "the end has arrived, and the head is unfinished");
                break;
            }
            Ok(false) => assert!(!is_there, "the head is there, and its end has not arrived"),
            Err(error) => panic!("{error:?} without a limit"),
        }
    }
    if let Ok(len) = parsed {
        assert_eq!(HeadEnd::new(len).arrived(bytes), Ok(true), "a limit is inclusive");
        assert_eq!(HeadEnd::new(len - 1).arrived(bytes), Err(HeadError::TooLong(len - 1)));
    }
}

fn values<'k>(kept: &'k Kept, name: &str) -> Vec<&'k [u8]> {
    let headers = kept.headers.iter();
    let named = headers.filter(|(other, _)| other.eq_ignore_ascii_case(name));
    named.map(|(_, value)| &value[..]).collect()
}

/// Returns `true` if one element of these lists is this token in any case.
fn lists(values: &[&[u8]], token: &str) -> bool {
    let elements = values.iter().flat_map(|value| value.split(|&byte| byte == b','));
    elements
        .map(|element| element.trim_ascii())
        .any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
}

fn check_upgrade(kept: &Kept, upgrade: &Upgrade<'_>) {
    assert_eq!(kept.start_line.0, "GET");
    assert!(kept.minor_version >= 1);
    assert_eq!(values(kept, "Host").len(), 1);
    assert!(lists(&values(kept, "Upgrade"), "websocket"));
    assert!(lists(&values(kept, "Connection"), "upgrade"));
    assert_eq!(values(kept, "Sec-WebSocket-Version"), [b"13"]);
    assert_eq!(values(kept, "Sec-WebSocket-Key"), [upgrade.key().as_bytes()]);
    assert_eq!(values(kept, "Transfer-Encoding").len(), 0);
    assert!(matches!(values(kept, "Content-Length")[..], [] | [b"0"]));

    let offered = values(kept, "Sec-WebSocket-Protocol");
    for subprotocol in upgrade.subprotocols() {
        let elements = offered.iter().flat_map(|value| value.split(|&byte| byte == b','));
        assert!(
            elements
                .map(<[u8]>::trim_ascii)
                .any(|element| element == subprotocol.as_bytes())
        );
    }
    let extensions: Vec<String> = upgrade
        .extensions()
        .map(|extension| extension.to_string())
        .collect();
    let extensions = extensions.join(", ");
    let choice = Choice::DEFAULT
        .with_subprotocol(upgrade.subprotocols().last())
        .with_extensions(&extensions)
        .with_headers(&[("X-More", "yes")]);
    let mut out = vec![0; 1024 + extensions.len() + choice.subprotocol().map_or(0, str::len)];
    let accept = Accept::from_key(upgrade.key());
    let len = upgrade
        .encode(&accept, &choice, &mut out)
        .expect("what was offered can be chosen");
    let answer = match out[..len].strip_prefix(b"HTTP/1.1 100 Continue\r\n\r\n") {
        Some(rest) => {
            assert!(lists(&values(kept, "Expect"), "100-continue"));
            rest
        }
        None => &out[..len],
    };
    let len = answer.len();
    let answer = kept_by_httparse(answer, false).expect("an answer is a head");
    assert_eq!((answer.start_line.0.as_str(), answer.len), ("101", len));
    assert_eq!(values(&answer, "Sec-WebSocket-Accept"), [accept.as_bytes()]);
    let optional = usize::from(choice.subprotocol().is_some()) + usize::from(!extensions.is_empty());
    assert_eq!(answer.headers.len(), 4 + optional);
}
