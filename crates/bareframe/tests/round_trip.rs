//! What is written is read as it was, and what is read is written as it was.

mod engine;

use bareframe::{
    CloseCode, CloseReason, Config, Connection, FrameHeader, MaskingKey, MessageKind, Opcode, Rsv, Rules,
};
use bareframe_testkit::{Frame, Seen, Side};
use engine::{KEY, every_way, receive, receive_as};
use proptest::prelude::*;

const OPCODES: [Opcode; 6] = [
    Opcode::Continuation,
    Opcode::Text,
    Opcode::Binary,
    Opcode::Close,
    Opcode::Ping,
    Opcode::Pong,
];

/// Lengths of every form, most of them near its bounds.
fn payload_len() -> impl Strategy<Value = u64> {
    let near = |at: u64| (at.saturating_sub(2)..=at.saturating_add(2).min(i64::MAX as u64)).boxed();
    prop_oneof![
        near(0),
        near(126),
        near(65_536),
        near(1 << 32),
        near(i64::MAX as u64),
        0..=i64::MAX as u64
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn s5_2_a_header_is_read_as_it_was_written(
        fin: bool,
        rsv: u8,
        opcode in prop::sample::select(&OPCODES[..]),
        masking_key in prop::option::of(any::<[u8; 4]>()),
        payload_len in payload_len(),
    ) {
        let (rsv, masking_key) = (Rsv::from_first_byte(rsv), masking_key.map(MaskingKey::new));
        let lawful = match opcode.is_control() {
            true => fin && rsv.is_empty() && payload_len <= 125,
            false => rsv.is_empty() || opcode != Opcode::Continuation,
        };
        let header = FrameHeader::new(fin, rsv, opcode, masking_key, payload_len);
        prop_assert_eq!(header.is_ok(), lawful);
        let Ok(header) = header else { return Ok(()) };
        let fields = (header.fin(), header.rsv(), header.opcode(), header.masking_key(), header.payload_len());
        prop_assert_eq!(fields, (fin, rsv, opcode, masking_key, payload_len));
        let bytes = header.encode();
        let rules = Rules::ANY.with_rsv(Rsv::ALL);
        prop_assert_eq!(FrameHeader::parse(&bytes, rules), Ok(Some((header, bytes.len()))));
        let more = [&bytes[..], b"what follows"].concat();
        prop_assert_eq!(FrameHeader::parse(&more, rules), Ok(Some((header, bytes.len()))));
        for len in 0..bytes.len() {
            prop_assert_eq!(FrameHeader::parse(&bytes[..len], rules), Ok(None));
        }
    }

    #[test]
    fn s5_2_an_accepted_header_is_written_as_it_was_read(
        first: u8,
        second in prop_oneof![any::<u8>(), Just(126), Just(127), Just(254), Just(255)],
        rest in prop_oneof![any::<[u8; 12]>(), (0..12_usize, any::<[u8; 12]>()).prop_map(|(zeros, mut rest)| {
            rest[..zeros].fill(0);
            rest
        })],
    ) {
        let bytes = [&[first, second][..], &rest].concat();
        let accepted = FrameHeader::parse(&bytes, Rules::ANY.with_rsv(Rsv::ALL));
        if let Ok(Some((header, len))) = accepted {
            prop_assert_eq!(&header.encode()[..], &bytes[..len]);
        }
    }

    #[test]
    fn s5_5_a_control_frame_is_read_as_it_was_written(payload in prop::collection::vec(any::<u8>(), 0..=125)) {
        let mut client = Connection::client(Config::DEFAULT, || MaskingKey::new(KEY));
        let (ping, pong) = (client.ping(&payload).unwrap(), client.pong(&payload).unwrap());
        let heard = receive_as(Side::Server, Config::DEFAULT, vec![ping.to_vec(), pong.to_vec()]);
        prop_assert_eq!(heard.events, [Seen::Ping(payload.clone()), Seen::Pong(payload)]);
    }

    #[test]
    fn s5_5_1_a_close_is_read_as_it_was_written(number in 1000..5000_u16, reason in "\\PC{0,40}") {
        let Some(code) = CloseCode::new(number) else { return Ok(()) };
        let mut server = Connection::server(Config::DEFAULT);
        let written = CloseReason::new(code, &reason);
        let frame = server.close(Some(code), &reason);
        prop_assert_eq!(frame.is_ok(), written.is_some());
        if let (Ok(frame), Some(written)) = (frame, written) {
            let heard = receive_as(Side::Client, Config::DEFAULT, vec![frame.to_vec()]);
            let reason = written.reason().to_owned();
            prop_assert_eq!(heard.events, [Seen::Close { code: written.code(), reason }]);
        }
    }

    #[test]
    fn s6_a_message_is_read_as_it_was_written(payload in prop::collection::vec(any::<u8>(), 0..300), key: [u8; 4]) {
        let mut client = Connection::client(Config::DEFAULT, || MaskingKey::new(key));
        let mut out = vec![0; payload.len() + FrameHeader::MAX_LEN];
        let len = client.encode(MessageKind::Binary, Rsv::NONE, &payload, &mut out).unwrap();
        prop_assert_eq!(&out[..len], Frame::binary(&payload).masked(key).to_bytes());
        let heard = receive(&mut Connection::server(Config::DEFAULT), vec![out[..len].to_vec()]);
        let (kind, rsv) = (MessageKind::Binary, Rsv::NONE);
        prop_assert_eq!(heard.events, [Seen::Data { kind, rsv, payload, first: true, last: true }]);
    }
}

#[test]
fn s5_7_the_examples_are_written_as_they_are_read() {
    for bytes in [
        &b"\x81\x05Hello"[..],
        b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
        b"\x89\x05Hello",
        b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
    ] {
        let masked = bytes[1] & 0x80 != 0;
        let side = if masked { Side::Server } else { Side::Client };
        let heard = every_way(side, Config::DEFAULT, bytes);
        let frame = match &heard.events[..] {
            [Seen::Data { payload, .. }] => Frame::text(payload),
            [Seen::Ping(payload)] => Frame::ping(payload),
            [Seen::Pong(payload)] => Frame::pong(payload),
            other => panic!("{other:?}"),
        };
        assert_eq!(frame.masked_for(side, KEY).to_bytes(), bytes);
    }
}

#[cfg(feature = "handshake")]
mod heads {
    use bareframe::handshake::{Accept, Choice, Extensions, Key, Offer, Request, Response};
    use proptest::prelude::*;

    /// Up to three tokens, each once.
    fn tokens() -> impl Strategy<Value = Vec<String>> {
        prop::collection::btree_set("[!#-'*+.0-9A-Z^-z|~-]{1,8}", 0..4)
            .prop_map(|tokens| tokens.into_iter().collect())
    }

    /// Returns a list of extensions as it may be written.
    fn extensions() -> impl Strategy<Value = String> {
        let extension = "[a-z-]{1,8}(; ?[a-z]{1,5}(=[a-z0-9]{1,4}|=\"[a-z0-9]{1,4}\")?){0,3}";
        prop::collection::vec(extension, 0..4).prop_map(|list| list.join(", "))
    }

    /// Headers as names and values that may be added.
    fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
        let value = "([!-~\u{80}-\u{2FFF}]([ -~\u{80}-\u{2FFF}]{0,10}[!-~\u{80}-\u{2FFF}])?)?";
        prop::collection::vec(("X-[!#-'*+.0-9A-Za-z^_`|~-]{0,8}", value), 0..4)
    }

    fn borrowed(headers: &[(String, String)]) -> Vec<(&str, &str)> {
        let headers = headers.iter();
        headers.map(|(name, value)| (&name[..], &value[..])).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn s4_1_a_request_is_read_as_it_was_written(
            host in "[a-z0-9.-]{1,12}(:[0-9]{0,4})?",
            target in "/([!$&-;=@-Z_a-z~]|%[0-9A-Fa-f]{2}){0,12}(\\?([!$&-;=?@-Z_a-z~]|%[0-9A-Fa-f]{2}){0,12})?",
            origin in prop::option::of("https?://[a-z.]{1,12}"),
            subprotocols in tokens(),
            extensions in extensions(),
            headers in headers(),
            random: [u8; 16],
        ) {
            let (subprotocols, headers): (Vec<&str>, _) =
                (subprotocols.iter().map(|name| &name[..]).collect(), borrowed(&headers));
            let offer = Offer::new(&host, &target).with_origin(origin.as_deref()).with_subprotocols(&subprotocols).with_extensions(&extensions).with_headers(&headers);
            let key = Key::from_random(random);
            let mut out = [0; 2048];
            let len = offer.encode(&key, &mut out).unwrap();
            let (request, head_len) = Request::parse(&out[..len]).unwrap();
            prop_assert_eq!(head_len, len);
            prop_assert_eq!((request.method(), request.target(), request.version().minor()), ("GET", &target[..], 1));
            let value = |name| request.header(name).and_then(|header| header.value_str());
            prop_assert_eq!(value("Host"), Some(&host[..]));
            prop_assert_eq!(value("Origin"), origin.as_deref());
            let added = request.headers().filter(|header| header.name().starts_with("X-"));
            let added: Vec<_> = added.map(|header| (header.name(), header.value_str().unwrap())).collect();
            prop_assert_eq!(added, headers);
            let upgrade = request.upgrade().unwrap().unwrap();
            prop_assert_eq!(upgrade.key(), &key);
            prop_assert_eq!(upgrade.subprotocols().collect::<Vec<_>>(), subprotocols);
            let offered = Extensions::parse(&extensions).map_or_else(String::new, |list| format!("{list:?}"));
            let read = upgrade.extensions();
            prop_assert_eq!(if extensions.is_empty() { String::new() } else { format!("{read:?}") }, offered);
        }

        #[test]
        fn s4_2_2_an_acceptance_is_read_as_it_was_written(
            subprotocols in tokens(),
            extensions in extensions(),
            headers in headers(),
            random: [u8; 16],
            chosen: prop::sample::Index,
        ) {
            let (subprotocols, headers): (Vec<&str>, _) =
                (subprotocols.iter().map(|name| &name[..]).collect(), borrowed(&headers));
            let offer = Offer::new("example.com", "/").with_subprotocols(&subprotocols).with_extensions(&extensions);
            let key = Key::from_random(random);
            let mut out = [0; 2048];
            let len = offer.encode(&key, &mut out).unwrap();
            let (request, _) = Request::parse(&out[..len]).unwrap();
            let upgrade = request.upgrade().unwrap().unwrap();
            let subprotocol = (!subprotocols.is_empty()).then(|| *chosen.get(&subprotocols));
            let choice = Choice::DEFAULT.with_subprotocol(subprotocol).with_extensions(&extensions).with_headers(&headers);
            let accept = Accept::from_key(upgrade.key());
            let mut answer = [0; 2048];
            let len = upgrade.encode(&accept, &choice, &mut answer).unwrap();
            let (response, head_len) = Response::parse(&answer[..len]).unwrap();
            prop_assert_eq!((head_len, response.status(), response.version().minor()), (len, 101, 1));
            let added = response.headers().filter(|header| header.name().starts_with("X-"));
            let added: Vec<_> = added.map(|header| (header.name(), header.value_str().unwrap())).collect();
            prop_assert_eq!(added, headers);
            let established = response.upgrade(&offer, &Accept::from_key(&key)).unwrap().unwrap();
            prop_assert_eq!(established.subprotocol(), subprotocol);
            let read = format!("{:?}", established.extensions());
            prop_assert_eq!(read, format!("{:?}", upgrade.extensions()));
        }
    }
}
