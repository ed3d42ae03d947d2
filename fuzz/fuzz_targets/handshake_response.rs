//! Any bytes as a response: what ours accepts httparse accepts with the same fields, and what is established keeps
//! the rules of section 4.1 by a count of those fields.

#![no_main]

use bareframe::handshake::{Accept, Established, HeadError, Key, Offer, Response, ResponseHead};
use bareframe_fuzz::{Head, Kept, kept_by_httparse};
use libfuzzer_sys::fuzz_target;

const OFFER: Offer<'_> = Offer::new("example.com", "/chat")
    .with_subprotocols(&["chat", "superchat"])
    .with_extensions("permessage-deflate, x");

fuzz_target!(|head: Head<'_>| {
    let bytes = head.to_bytes();
    let parsed = Response::parse(&bytes);
    let mut unfolded = bytes.to_vec();
    let found = ResponseHead::parse(&mut unfolded);
    match (&parsed, &found) {
        (Err(HeadError::FoldedLine), _) => {
            let is_space = |(before, after): (&u8, &u8)| before == after || *after == b' ';
            assert!(bytes.iter().zip(&unfolded).all(is_space));
        }
        (Ok((response, len)), Ok(found)) => {
            assert_eq!(found.head_len(), *len);
            assert_eq!(format!("{response:?}"), format!("{:?}", found.response(&bytes)));
        }
        (parsed, found) => assert_eq!(parsed.as_ref().err(), found.as_ref().err()),
    }
    let Ok((response, len)) = parsed else {
        return;
    };
    let headers = response.headers();
    let ours = Kept {
        start_line: (response.status().to_string(), response.reason().into()),
        minor_version: response.version().minor(),
        headers: headers
            .map(|header| (header.name().to_owned(), header.value().to_vec()))
            .collect(),
        len,
    };
    let mut kept = kept_by_httparse(&bytes, false).expect("httparse accepts what ours accepts");
    if kept.start_line.1 != ours.start_line.1 {
        // RFC 9112 section 4: a reason may have bytes above 0x7F, of which httparse keeps none.
        assert!(!ours.start_line.1.is_ascii() && kept.start_line.1.is_empty());
        kept.start_line.1.clone_from(&ours.start_line.1);
    }
    assert_eq!(ours, kept);

    let key = Key::from_random(*b"the sample nonce");
    let accept = Accept::from_key(&key);
    match response.upgrade(&OFFER, &accept) {
        Ok(Some(established)) => check_established(&kept, &established),
        Ok(None) => assert_ne!(response.status(), 101),
        Err(_) => assert_eq!(response.status(), 101),
    }
});

fn values<'k>(kept: &'k Kept, name: &str) -> Vec<&'k [u8]> {
    let headers = kept.headers.iter();
    let named = headers.filter(|(other, _)| other.eq_ignore_ascii_case(name));
    named.map(|(_, value)| &value[..]).collect()
}

fn check_established(kept: &Kept, established: &Established<'_>) {
    assert!(kept.minor_version >= 1);
    let upgrade = values(kept, "Upgrade");
    assert!(upgrade.len() == 1 && upgrade[0].eq_ignore_ascii_case(b"websocket"));
    let mut connection = values(kept, "Connection")
        .into_iter()
        .flat_map(|value| value.split(|&byte| byte == b','));
    assert!(connection.any(|element| element.trim_ascii().eq_ignore_ascii_case(b"upgrade")));
    assert_eq!(
        values(kept, "Sec-WebSocket-Accept"),
        [b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]
    );
    let subprotocol = established.subprotocol().map(str::as_bytes);
    assert_eq!(values(kept, "Sec-WebSocket-Protocol"), subprotocol.as_slice());
    assert!(subprotocol.is_none_or(|name| name == b"chat" || name == b"superchat"));
    assert!(values(kept, "Sec-WebSocket-Extensions").len() <= 1);
    for extension in established.extensions() {
        assert!(["permessage-deflate", "x"].contains(&extension.name()));
    }
}
