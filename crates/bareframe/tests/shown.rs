//! What is printed, and what is equal: for logs, and for tests of others.

use bareframe::{
    AssembleError, BufferTooSmall, CloseCode, CloseReason, Config, Connection, ControlPayload, Event,
    FrameHeader, MaskingKey, MaskingKeys, Message, MessageKind, Opcode, ProtocolError, Rsv, SendError,
    Utf8Validator,
};
use bareframe_testkit::Frame;
use std::collections::HashSet;
use std::fmt::{Debug, Display};

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Checks that each of these is printed in words of its own.
fn all_differ<T: Display>(these: &[T]) {
    let printed: HashSet<String> = these.iter().map(T::to_string).collect();
    assert_eq!(printed.len(), these.len());
    assert!(printed.iter().all(|text| text.len() > 10), "{printed:?}");
}

#[track_caller]
fn shows(value: &dyn Debug, text: &str) {
    assert_eq!(format!("{value:?}"), text);
}

#[test]
fn every_violation_has_words_a_section_and_a_code() {
    use ProtocolError::*;
    let all = [
        (ReservedBits, "5.2", 1002),
        (ReservedOpcode, "5.2", 1002),
        (NonMinimalLength, "5.2", 1002),
        (LengthTopBit, "5.2", 1002),
        (FragmentedControl, "5.5", 1002),
        (OversizedControl, "5.5", 1002),
        (UnexpectedContinuation, "5.4", 1002),
        (InterleavedMessage, "5.4", 1002),
        (UnmaskedFrame, "5.1", 1002),
        (MaskedFrame, "5.1", 1002),
        (FrameTooBig, "10.4", 1009),
        (MessageTooBig, "10.4", 1009),
        (TooManyFragments, "10.4", 1008),
        (InvalidUtf8, "8.1", 1007),
        (TruncatedCloseCode, "5.5.1", 1002),
        (InvalidCloseReason, "5.5.1", 1007),
        (InvalidCloseCode, "7.4", 1002),
        (Failed(CloseCode::INTERNAL_ERROR), "7.1.7", 1011),
    ];
    for (error, section, code) in all {
        assert_eq!(
            (error.section(), error.close_code().number()),
            (section, code),
            "{error:?}"
        );
    }
    all_differ(&all.map(|(error, ..)| error));
}

#[test]
fn every_error_of_the_callers_has_words() {
    use SendError::*;
    let too_small = bareframe::BufferTooSmall {
        needed: 7,
        available: 6,
    };
    all_differ(&[
        Closed,
        MessageOpen,
        WrongKind,
        ReservedBits,
        TooLong,
        OversizedControl,
        FragmentedControl,
        ReasonWithoutCode,
        InsideFrame,
        BufferTooSmall(too_small),
    ]);
    assert_eq!(too_small.to_string(), "the output has 6 bytes, and 7 are needed");
    let assembling = [AssembleError::TooBig(too_small), AssembleError::OutOfOrder];
    all_differ(&assembling);
    let codes = assembling.map(|error| error.close_code().number());
    assert_eq!(codes, [1009, 1011]);
    assert_eq!(
        Utf8Validator::new().push(b"abc\xff").unwrap_err().to_string(),
        "invalid UTF-8 at byte 3"
    );
}

#[test]
fn s7_4_1_codes_and_reasons() {
    let reason = CloseReason::new(CloseCode::GOING_AWAY, "back soon").unwrap();
    assert_eq!(
        CloseReason::new(CloseCode::GOING_AWAY, "").unwrap().to_string(),
        "1001 Going Away"
    );
    assert_eq!(CloseReason::EMPTY.to_string(), "no code");
    shows(&CloseCode::GOING_AWAY, "CloseCode(1001 Going Away)");
    shows(&CloseCode::new(3000).unwrap(), "CloseCode(3000)");
    shows(
        &reason,
        "CloseReason { code: Some(CloseCode(1001 Going Away)), reason: \"back soon\" }",
    );
    assert_eq!(
        reason,
        CloseReason::new(CloseCode::GOING_AWAY, "back soon").unwrap()
    );
    assert_ne!(reason, CloseReason::new(CloseCode::GOING_AWAY, "back").unwrap());
    assert_ne!(
        reason,
        CloseReason::new(CloseCode::NORMAL_CLOSURE, "back soon").unwrap()
    );
    assert_ne!(reason, CloseReason::EMPTY);
}

#[test]
fn s5_2_headers_and_their_parts() {
    let opcodes = [
        (Opcode::Continuation, "continuation"),
        (Opcode::Text, "text"),
        (Opcode::Binary, "binary"),
        (Opcode::Close, "close"),
        (Opcode::Ping, "ping"),
        (Opcode::Pong, "pong"),
    ];
    for (opcode, name) in opcodes {
        assert_eq!(opcode.to_string(), name);
    }
    assert_eq!(MessageKind::Binary.to_string(), "binary");
    assert_eq!((Rsv::RSV1 | Rsv::RSV3).to_string(), "101");
    shows(&Rsv::RSV2, "Rsv(010)");
    shows(&MaskingKey::new(KEY), "MaskingKey(37 fa 21 3d)");
    let header = FrameHeader::new(false, Rsv::RSV1, Opcode::Text, Some(MaskingKey::new(KEY)), 1).unwrap();
    assert_eq!(header.to_string(), "RSV 100, text, masked 37 fa 21 3d, 1 byte");
    shows(
        &header,
        "FrameHeader { payload_len: 1, masking_key: Some(MaskingKey(37 fa 21 3d)), opcode: Text, rsv: Rsv(100), fin: false }",
    );
    shows(&header.encode(), "HeaderBytes([41, 81, 37, fa, 21, 3d])");
}

#[test]
fn s5_5_control_frames() {
    let mut server = Connection::server(Config::DEFAULT);
    let payload = ControlPayload::new(b"abc").unwrap();
    let frame = server.ping(b"a").unwrap();
    shows(&payload, "ControlPayload([61, 62, 63])");
    shows(&frame, "ControlFrame([89, 01, 61])");
    assert_eq!(payload, ControlPayload::new(b"abc").unwrap());
    assert_ne!(payload, ControlPayload::new(b"abd").unwrap());
    assert_ne!(payload, ControlPayload::EMPTY);
    assert_eq!(frame, server.ping(b"a").unwrap());
    assert_ne!(frame, server.ping(b"b").unwrap());
    assert_eq!(
        (payload.as_ref(), frame.as_ref()),
        (&b"abc"[..], &b"\x89\x01a"[..])
    );
    assert_eq!(ControlPayload::default(), ControlPayload::EMPTY);
}

#[test]
fn s5_6_messages_are_lent_as_text_or_as_bytes() {
    let lent = |kind, rsv, bytes: &mut [u8]| {
        let text = Message::new(kind, rsv, bytes)
            .into_str()
            .map(|text| text.to_owned());
        let shown = Message::new(kind, rsv, bytes).as_str().map(str::to_owned);
        assert_eq!(text, shown);
        assert_eq!(Message::new(kind, rsv, bytes).into_payload().len(), bytes.len());
        text
    };
    assert_eq!(
        lent(MessageKind::Text, Rsv::NONE, &mut *b"text".to_owned().as_mut()).as_deref(),
        Some("text")
    );
    assert_eq!(lent(MessageKind::Text, Rsv::NONE, &mut [0xFF]), None);
    assert_eq!(lent(MessageKind::Text, Rsv::RSV1, &mut [b'a']), None);
    assert_eq!(lent(MessageKind::Binary, Rsv::NONE, &mut [b'a']), None);
}

#[test]
fn s5_6_pieces_are_lent_as_text_if_they_are_whole_characters() {
    let pieces = |frame: Frame, len: usize| -> Vec<Option<String>> {
        let mut server = Connection::server(Config::DEFAULT.with_rsv(Rsv::RSV1));
        let mut bytes = frame.masked(KEY).to_bytes();
        let mut texts = Vec::new();
        for mut piece in bytes.chunks_mut(len) {
            while let Some(event) = server.receive(&mut piece).unwrap() {
                let Event::Data(data) = event else {
                    panic!("{event:?}")
                };
                let text = data.as_str().map(str::to_owned);
                assert_eq!(data.into_str().map(|text| text.to_owned()), text);
                texts.push(text);
            }
        }
        texts
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(pieces(Frame::text("aé"), 100), [some("aé")]);
    assert_eq!(pieces(Frame::text("abaé"), 8), [some("ab"), some("aé")]);
    assert_eq!(pieces(Frame::text("abé"), 9), [None, None]);
    assert_eq!(pieces(Frame::text("aé").rsv(Rsv::RSV1), 100), [None]);
    assert_eq!(pieces(Frame::binary("ab"), 100), [None]);
}

/// Keys that would show themselves.
#[derive(Clone, Debug)]
struct Keys {
    secret: &'static str,
}

impl MaskingKeys for Keys {
    fn next_key(&mut self) -> MaskingKey {
        let [a, b, c, d, ..] = *self.secret.as_bytes() else {
            panic!()
        };
        MaskingKey::new([a, b, c, d])
    }
}

#[test]
fn s10_3_a_source_of_keys_stays_out_of_logs() {
    let client = Connection::client(
        Config::DEFAULT,
        Keys {
            secret: "unguessable",
        },
    );
    let printed = format!("{client:?}");
    assert!(
        printed.contains("role: Client,") && !printed.contains("unguessable"),
        "{printed}"
    );
    let needed = BufferTooSmall {
        needed: 1,
        available: 0,
    };
    assert_eq!(SendError::from(needed), SendError::BufferTooSmall(needed));
}

#[cfg(feature = "handshake")]
mod heads {
    use super::{all_differ, shows};
    use bareframe::handshake::{
        Accept, Choice, EncodeError, Extensions, HeadError, Key, Offer, Request, RequestError, Response,
        ResponseError, Status,
    };

    const HEAD_ERRORS: [HeadError; 16] = [
        HeadError::TooLong(16_384),
        HeadError::BareLineFeed,
        HeadError::BareCarriageReturn,
        HeadError::ControlByte,
        HeadError::BlankFirstLine,
        HeadError::InvalidMethod,
        HeadError::InvalidTarget,
        HeadError::InvalidHttpVersion,
        HeadError::InvalidStatus,
        HeadError::InvalidName,
        HeadError::SpaceInName,
        HeadError::FoldedLine,
        HeadError::Tls,
        HeadError::Http2,
        HeadError::NotHttp,
        HeadError::Unfinished,
    ];

    #[test]
    fn every_fault_of_a_head_has_words_a_section_and_a_status() {
        all_differ(&HEAD_ERRORS);
        for error in HEAD_ERRORS {
            let too_long = matches!(error, HeadError::TooLong(_));
            assert_eq!(error.status().number(), if too_long { 431 } else { 400 });
            assert!(error.section().starts_with("RFC ") && error.to_string().contains(error.section()));
            assert_eq!(RequestError::from(error).status(), error.status());
            assert_eq!(RequestError::from(error).section(), error.section());
            assert_eq!(ResponseError::from(error).section(), error.section());
            assert_eq!(ResponseError::from(error).to_string(), error.to_string());
        }
    }

    #[test]
    fn every_fault_of_a_request_has_words_a_section_and_a_status() {
        use RequestError::*;
        let all = [
            (OldHttpVersion, "RFC 6455 section 4.2.1", 400),
            (NotGet, "RFC 6455 section 4.2.1", 405),
            (InvalidTarget, "RFC 9112 section 3.2", 400),
            (MissingHost, "RFC 6455 section 4.2.1", 400),
            (RepeatedHost, "RFC 9112 section 3.2", 400),
            (InvalidHost, "RFC 9112 section 3.2", 400),
            (Content, "RFC 9112 section 6", 400),
            (MissingUpgrade, "RFC 6455 section 4.2.1", 426),
            (MissingConnection, "RFC 6455 section 4.2.1", 400),
            (MissingVersion, "RFC 6455 section 4.2.1", 400),
            (RepeatedVersion, "RFC 6455 section 11.3.5", 400),
            (UnsupportedVersion, "RFC 6455 section 4.4", 426),
            (MissingKey, "RFC 6455 section 4.2.1", 400),
            (RepeatedKey, "RFC 6455 section 11.3.1", 400),
            (InvalidKey, "RFC 6455 section 4.2.1", 400),
            (ConnectionHeader, "RFC 9113 section 8.2.2", 400),
            (InvalidSubprotocols, "RFC 6455 section 4.3", 400),
            (InvalidExtensions, "RFC 6455 section 9.1", 400),
        ];
        for (error, section, status) in all {
            assert_eq!(
                (error.section(), error.status().number()),
                (section, status),
                "{error:?}"
            );
            assert_eq!(error.answer().status(), error.status());
        }
        all_differ(&all.map(|(error, ..)| error));
    }

    #[test]
    fn every_fault_of_a_response_has_words_and_a_section() {
        use ResponseError::*;
        let all = [
            (OldHttpVersion, "RFC 6455 section 4.1"),
            (InvalidUpgrade, "RFC 6455 section 4.1"),
            (MissingConnection, "RFC 6455 section 4.1"),
            (MissingAccept, "RFC 6455 section 4.1"),
            (RepeatedAccept, "RFC 6455 section 11.3.3"),
            (WrongAccept, "RFC 6455 section 4.1"),
            (RepeatedSubprotocol, "RFC 6455 section 11.3.4"),
            (SubprotocolNotOffered, "RFC 6455 section 4.1"),
            (RepeatedExtensions, "RFC 6455 section 11.3.2"),
            (InvalidExtensions, "RFC 6455 section 9.1"),
            (ExtensionNotOffered, "RFC 6455 section 4.1"),
        ];
        for (error, section) in all {
            assert_eq!(error.section(), section, "{error:?}");
        }
        all_differ(&all.map(|(error, _)| error));
    }

    #[test]
    fn every_fault_of_what_is_written_has_words() {
        use EncodeError::*;
        all_differ(&[
            InvalidHost,
            InvalidTarget,
            InvalidOrigin,
            InvalidHeaderName,
            InvalidHeaderValue,
            ReservedHeader,
            InvalidSubprotocol,
            RepeatedSubprotocol,
            SubprotocolNotOffered,
            InvalidExtensions,
            ExtensionNotOffered,
            ContentNotAllowed,
            EncodeError::from(bareframe::BufferTooSmall {
                needed: 70,
                available: 69,
            }),
        ]);
        assert_eq!(Choice::default(), Choice::DEFAULT);
    }

    #[test]
    fn every_status_has_its_phrase() {
        for (status, text) in [
            (Status::OK, "200 OK"),
            (Status::BAD_REQUEST, "400 Bad Request"),
            (Status::UNAUTHORIZED, "401 Unauthorized"),
            (Status::FORBIDDEN, "403 Forbidden"),
            (Status::NOT_FOUND, "404 Not Found"),
            (Status::METHOD_NOT_ALLOWED, "405 Method Not Allowed"),
            (Status::UPGRADE_REQUIRED, "426 Upgrade Required"),
            (
                Status::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "431 Request Header Fields Too Large",
            ),
            (Status::INTERNAL_SERVER_ERROR, "500 Internal Server Error"),
            (Status::SERVICE_UNAVAILABLE, "503 Service Unavailable"),
            (Status::new(302).unwrap(), "302"),
        ] {
            assert_eq!(status.to_string(), text);
            shows(&status, &format!("Status({text})"));
        }
    }

    #[test]
    fn heads_and_their_parts() {
        let key = Key::from_random(*b"the sample nonce");
        let accept = Accept::from_key(&key);
        shows(&key, "Key(dGhlIHNhbXBsZSBub25jZQ==)");
        shows(&accept, "Accept(s3pPLMBiTxaQ9kYGzzhZRbK+xOo=)");
        assert_eq!(accept.to_string(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        let list = Extensions::parse("a; b=1, c").unwrap();
        shows(&list, "[Extension(a; b=1), Extension(c)]");
        let first = { list }.next().unwrap();
        shows(&first.params(), "[Param(b=1)]");
        shows(&first.params().next().unwrap().value().unwrap(), "ParamValue(1)");
        let head = b"GET /a HTTP/1.1\r\nHost: b\r\nX: \xE9\r\n\r\n";
        let (request, _) = Request::parse(head).unwrap();
        shows(
            &request,
            "Request { method: \"GET\", target: \"/a\", version: HTTP/1.1, \
             headers: [Header(Host: b), Header(X: \\xe9)] }",
        );
        let (response, _) = Response::parse(b"HTTP/1.1 101 Go\r\nA: b\r\n\r\n").unwrap();
        shows(
            &response,
            "Response { version: HTTP/1.1, status: 101, reason: \"Go\", headers: [Header(A: b)] }",
        );
        let mut out = [0; 512];
        let offer = Offer::new("a", "/").with_subprotocols(&["chat"]);
        let len = offer.encode(&key, &mut out).unwrap();
        let (request, _) = Request::parse(&out[..len]).unwrap();
        let upgrade = request.upgrade().unwrap().unwrap();
        shows(&upgrade.subprotocols(), "[\"chat\"]");
        assert!(format!("{upgrade:?}").contains("chat"));
    }
}
