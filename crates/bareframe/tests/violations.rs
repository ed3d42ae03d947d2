//! What an error says with its numbers, for every cut, and what the Close for it says (RFC 6455 sections 7.1.6, 7.1.7 and 10.4).

use bareframe::{
    Assembler, CloseCode, Config, Connection, Frame, Limits, Next, ProtocolError, Session, SliceBuffer,
    Violation,
};
use bareframe_testkit as testkit;

const KEY: [u8; 4] = [1, 2, 3, 4];

/// In little flash the byte of a message at which its text is wrong is not known.
const LOCATES_TEXT: bool = cfg!(not(any(bareframe_compact, not(target_pointer_width = "64"))));

fn masked(frame: testkit::Frame) -> Vec<u8> {
    frame.masked(KEY).to_bytes()
}

/// Returns the violation in these bytes, which is the same however they are cut.
fn violation(limits: Limits, bytes: &[u8]) -> Violation {
    every_cut(limits, bytes).expect("a violation")
}

/// Returns the violation in these bytes, if there is one, which is the same for every cut in two, and in pieces of every length.
fn every_cut(limits: Limits, bytes: &[u8]) -> Option<Violation> {
    let config = Config::DEFAULT.with_limits(limits);
    let of = |pieces: &[&[u8]]| {
        let mut server = Connection::server(config);
        assert_eq!(server.violation(), None);
        for piece in pieces {
            let mut piece = piece.to_vec();
            let mut input = &mut piece[..];
            while let Ok(Some(_)) = server.receive(&mut input) {}
        }
        server.violation()
    };
    let whole = of(&[bytes]);
    let step = (bytes.len() / 200).max(1);
    for at in (1..bytes.len()).step_by(step) {
        assert_eq!(of(&[&bytes[..at], &bytes[at..]]), whole, "cut at {at}");
        if at <= 20 || step > 1 {
            let pieces: Vec<&[u8]> = bytes.chunks(at).collect();
            assert_eq!(of(&pieces), whole, "in pieces of {at} bytes");
        }
    }
    whole
}

#[test]
fn s10_4_a_frame_above_the_limit_is_named_with_the_limit() {
    let limits = Limits::DEFAULT.with_frame(65_536);
    let found = violation(limits, b"\x82\xff\0\0\0\0\0\x01\0\x01");
    assert_eq!(
        found.to_string(),
        "the peer's frame has 65,537 bytes, and our limit is 65,536 \
         (RFC 6455 section 10.4; close code 1009 Message Too Big)"
    );
    for (limit, bytes, value) in [
        (3, &b"\x82\x84"[..], 4),
        (200, b"\x82\xfe\x00\xc9", 201),
        (0, b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff", (1 << 63) - 1),
    ] {
        let found = violation(Limits::DEFAULT.with_frame(limit), bytes);
        assert_eq!((found.value(), found.limit()), (Some(value), Some(limit)));
        assert_eq!(found, ProtocolError::FrameTooBig);
    }
}

#[test]
fn s10_4_a_message_above_the_limit_is_named_with_all_that_its_frames_declare() {
    let first = masked(testkit::Frame::text("abcd").fin(false));
    let found = violation(
        Limits::DEFAULT.with_message(1_005),
        &[&first[..], b"\x00\xfe\x03\xea"].concat(),
    );
    assert_eq!(
        found.to_string(),
        "the peer's message has at least 1,006 bytes, and our limit is 1,005 \
         (RFC 6455 section 10.4; close code 1009 Message Too Big)"
    );
    let longest = violation(
        Limits::UNLIMITED.with_message(u64::MAX >> 1),
        &[&first[..], b"\x00\xff\x7f\xff\xff\xff\xff\xff\xff\xff"].concat(),
    );
    assert_eq!(longest.value(), Some((1 << 63) + 3));
}

#[test]
fn s10_4_one_fragment_too_many_is_named_with_the_limit() {
    let empty = masked(testkit::Frame::continuation("").fin(false));
    let first = masked(testkit::Frame::text("a").fin(false));
    let found = violation(
        Limits::DEFAULT.with_fragments(2),
        &[&first[..], &empty, b"\x80\x80"].concat(),
    );
    assert_eq!(
        found.to_string(),
        "the peer's message has 3 fragments, and our limit is 2 \
         (RFC 6455 section 10.4; close code 1008 Policy Violation)"
    );
}

#[test]
fn s8_1_the_byte_that_is_wrong_is_named_in_the_message_and_not_in_its_chunk() {
    let euro = "\u{20ac}".as_bytes();
    let ping = masked(testkit::Frame::ping("p"));
    let first = |payload: &[u8]| masked(testkit::Frame::text(payload).fin(false));
    let middle = |payload: &[u8]| masked(testkit::Frame::continuation(payload).fin(false));
    let last = |payload: &[u8]| masked(testkit::Frame::continuation(payload));
    let long = [&[b'x'; 9_000][..], b"\xff"].concat();
    for (bytes, byte) in [
        (masked(testkit::Frame::text("0123456789abcdefg\u{20ac}h")), None),
        (masked(testkit::Frame::text(b"0123456789abcdefg\xffh")), Some(17)),
        (masked(testkit::Frame::text(b"\xff")), Some(0)),
        (masked(testkit::Frame::text(&euro[..2])), Some(1)),
        (
            masked(testkit::Frame::text([&[b'x'; 130], &euro[..2], b"y"].concat())),
            Some(132),
        ),
        (masked(testkit::Frame::text(&long)), Some(9_000)),
        ([first(b"ab"), last(b"c\xff")].concat(), Some(3)),
        (
            [
                first(b"ab"),
                ping.clone(),
                middle(b""),
                middle(b"cd"),
                ping.clone(),
                last(b"e\x80f"),
            ]
            .concat(),
            Some(5),
        ),
        // The character begins in the frame before.
        (
            [first(&euro[..1]), middle(&euro[1..2]), last(b"a")].concat(),
            Some(2),
        ),
        ([first(b"ab"), last(&euro[..2])].concat(), Some(3)),
        // The header of the empty frame proves that the character is not finished.
        ([first(b"ab"), middle(&euro[..2]), last(b"")].concat(), Some(3)),
        // What came before does not count.
        (
            [
                first(b"before"),
                last(b"before"),
                masked(testkit::Frame::text(b"a\xff")),
            ]
            .concat(),
            Some(1),
        ),
        (
            [
                masked(testkit::Frame::text("before")),
                first(b"a"),
                last(b"b\xff"),
            ]
            .concat(),
            Some(2),
        ),
        (
            [masked(testkit::Frame::binary(b"\xff\xff")), first(b"\xff")].concat(),
            Some(0),
        ),
    ] {
        for limits in [Limits::DEFAULT, Limits::UNLIMITED] {
            let Some(byte) = byte else {
                assert_eq!(every_cut(limits, &bytes), None);
                continue;
            };
            let found = every_cut(limits, &bytes).expect("a violation");
            assert_eq!(found, ProtocolError::InvalidUtf8);
            assert_eq!(
                (found.byte(), found.value(), found.limit()),
                (LOCATES_TEXT.then_some(byte), None, None)
            );
        }
    }
    let found = violation(
        Limits::DEFAULT,
        &masked(testkit::Frame::text(b"0123456789abcdefg\xff")),
    );
    if !LOCATES_TEXT {
        assert_eq!(found.to_string(), ProtocolError::InvalidUtf8.to_string());
        return;
    }
    assert_eq!(
        found.to_string(),
        "the peer sent text that is not UTF-8 at byte 17 \
         (RFC 6455 section 8.1; close code 1007 Invalid frame payload data)"
    );
}

#[test]
fn s5_5_1_what_is_wrong_with_a_close_is_named() {
    for (reason, byte) in [(&b"bye\xff"[..], 3), (b"\xff", 0), (b"ab\xe2\x82", 3)] {
        let payload = [&[0x03, 0xe8], reason].concat();
        let close = masked(testkit::Frame::new(8, &payload));
        let found = violation(Limits::DEFAULT, &close);
        assert_eq!(found, ProtocolError::InvalidCloseReason);
        assert_eq!(found.byte(), Some(byte));
        assert_eq!(
            found.to_string(),
            format!(
                "the peer sent a close reason that is not UTF-8 at byte {byte} \
                 (RFC 6455 section 5.5.1; close code 1007 Invalid frame payload data)"
            )
        );
    }
    let close = masked(testkit::Frame::new(8, b"\x03\xed"));
    let found = violation(Limits::DEFAULT, &close);
    assert_eq!(
        (found.value(), found.limit(), found.byte()),
        (Some(1005), None, None)
    );
    assert_eq!(
        found.to_string(),
        "the peer sent close code 1005, which must not be sent \
         (RFC 6455 section 7.4; close code 1002 Protocol Error)"
    );
}

#[test]
fn a_violation_of_no_limit_has_no_numbers() {
    for (bytes, error) in [
        (&b"\x82\x01"[..], ProtocolError::UnmaskedFrame),
        (b"\xc2", ProtocolError::ReservedBits),
        (b"\x82\xfe\x00\x05", ProtocolError::NonMinimalLength),
    ] {
        let found = violation(Limits::DEFAULT, bytes);
        assert_eq!(
            (found.error(), found.value(), found.limit(), found.byte()),
            (error, None, None, None)
        );
        assert_eq!(found.to_string(), error.to_string());
        assert_eq!(
            (found.section(), found.close_code()),
            (error.section(), error.close_code())
        );
    }
}

/// Reads these bytes as messages until an error, and returns the violation and what was to be written.
fn read(session: Session<bareframe::Server, [u8; 64], [u8; 256]>, bytes: &[u8]) -> (Violation, Vec<u8>) {
    read_pieces(session, &mut [0; 4], bytes, usize::MAX)
}

/// Reads these bytes, at most this many at once, as messages of the length of `memory`.
fn read_pieces(
    session: Session<bareframe::Server, [u8; 64], [u8; 256]>,
    memory: &mut [u8],
    bytes: &[u8],
    at_once: usize,
) -> (Violation, Vec<u8>) {
    let (mut session, mut input, mut written) = (session, bytes, Vec::new());
    let mut assembler = Assembler::new(SliceBuffer::new(memory));
    loop {
        let next = match session.next_message(&mut assembler) {
            Ok(next) => next,
            Err(_) => return (session.violation().unwrap(), written),
        };
        let done = match next {
            Next::Ready => {
                session.message(&mut assembler).unwrap();
                continue;
            }
            Next::Read => {
                let len = input.len().min(session.space().len()).min(at_once);
                session.space()[..len].copy_from_slice(&input[..len]);
                input = &input[len..];
                len
            }
            Next::Write => {
                written.extend_from_slice(session.queued());
                session.queued().len()
            }
            _ => 0,
        };
        session
            .performed(next, Ok::<_, ()>(done), &mut Frame::NONE.clone())
            .unwrap();
    }
}

fn session() -> Session<bareframe::Server, [u8; 64], [u8; 256]> {
    Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 256])
}

#[test]
fn s10_4_a_message_that_does_not_fit_the_memory_is_named_with_its_bytes() {
    for input in [
        masked(testkit::Frame::text("12345")),
        [
            masked(testkit::Frame::text("123").fin(false)),
            masked(testkit::Frame::continuation("45")),
        ]
        .concat(),
    ] {
        let (found, written) = read(session(), &input);
        assert_eq!((found.value(), found.limit()), (Some(5), Some(4)));
        assert_eq!(
            found.to_string(),
            "the peer's message has at least 5 bytes, and our limit is 4 \
             (RFC 6455 section 10.4; close code 1009 Message Too Big)"
        );
        assert_eq!(written, b"\x88\x02\x03\xf1");
    }
}

#[test]
fn s8_1_a_session_names_the_byte_that_is_wrong_however_the_message_arrives() {
    let long = [&[b'x'; 90][..], b"\xff"].concat();
    for (input, byte) in [
        (masked(testkit::Frame::text(b"abc\xff")), 3),
        (
            masked(testkit::Frame::text("\u{20ac}"))
                .iter()
                .copied()
                .chain(masked(testkit::Frame::text(b"a\xff")))
                .collect(),
            1,
        ),
        (masked(testkit::Frame::text(&long)), 90),
        (
            [
                masked(testkit::Frame::text("12").fin(false)),
                masked(testkit::Frame::ping("p")),
                masked(testkit::Frame::continuation(&long)),
            ]
            .concat(),
            92,
        ),
    ] {
        for at_once in 1..=input.len() {
            for held in [0, 200] {
                let mut session = session();
                session.both().0.hold_up_to(held);
                let (found, _) = read_pieces(session, &mut [0; 200], &input, at_once);
                assert_eq!(found, ProtocolError::InvalidUtf8);
                let byte = LOCATES_TEXT.then_some(byte);
                assert_eq!(found.byte(), byte, "{at_once} bytes at once");
            }
        }
    }
}

#[test]
fn s7_1_6_a_close_for_a_violation_says_why_if_that_was_asked_for() {
    let (_, written) = read(session().with_close_reasons(), b"\xc1");
    assert_eq!(
        written,
        b"\x88\x2a\x03\xeareserved bit without an extension for it"
    );
    let (_, written) = read(session(), b"\xc1");
    assert_eq!(written, b"\x88\x02\x03\xea");

    // In halves it is carried to the writing one.
    let (mut inbound, mut outbound) = session().with_close_reasons().split();
    inbound.space()[0] = 0xc1;
    inbound.read(1);
    assert!(inbound.next_event().is_err());
    outbound.send_pending(&mut inbound.take_pending());
    assert_eq!(outbound.next_flush(), Next::Write);
    assert_eq!(
        outbound.queued(),
        b"\x88\x2a\x03\xeareserved bit without an extension for it"
    );

    // The answer to a Close repeats its code and says nothing.
    let (mut inbound, mut outbound) = session().with_close_reasons().split();
    let close = masked(testkit::Frame::close(1000, "bye"));
    inbound.space()[..close.len()].copy_from_slice(&close);
    inbound.read(close.len());
    assert_eq!(inbound.next_event(), Ok(Next::Ready));
    assert!(inbound.event().is_some());
    outbound.send_pending(&mut inbound.take_pending());
    assert_eq!(outbound.next_flush(), Next::Write);
    assert_eq!(outbound.queued(), b"\x88\x02\x03\xe8");
}

#[test]
fn s5_5_every_reason_fits_a_close() {
    use ProtocolError as E;
    for error in [
        E::ReservedBits,
        E::ReservedOpcode,
        E::FragmentedControl,
        E::UnexpectedContinuation,
        E::InterleavedMessage,
        E::UnmaskedFrame,
        E::MaskedFrame,
        E::OversizedControl,
        E::NonMinimalLength,
        E::LengthTopBit,
        E::FrameTooBig,
        E::MessageTooBig,
        E::TooManyFragments,
        E::InvalidUtf8,
        E::TruncatedCloseCode,
        E::InvalidCloseCode,
        E::InvalidCloseReason,
        E::Extension(CloseCode::PROTOCOL_ERROR),
    ] {
        let reason = error.reason();
        assert!(!reason.is_empty() && reason.len() <= 123, "{reason}");
    }
    assert_eq!(E::Failed(CloseCode::INTERNAL_ERROR).reason(), "");
}
