//! What an error says with its numbers, for every cut, and what the Close for it says (RFC 6455 sections 7.1.6, 7.1.7 and 10.4).

use bareframe::{
    Assembler, CloseCode, Config, Connection, Frame, Limits, Next, ProtocolError, Session, SliceBuffer,
    Violation,
};
use bareframe_testkit as testkit;

const KEY: [u8; 4] = [1, 2, 3, 4];

fn masked(frame: testkit::Frame) -> Vec<u8> {
    frame.masked(KEY).to_bytes()
}

/// Returns the violation in these bytes, which is the same however they are cut.
fn violation(limits: Limits, bytes: &[u8]) -> Violation {
    let config = Config::DEFAULT.with_limits(limits);
    let of = |len: usize| {
        let mut server = Connection::server(config);
        assert_eq!(server.violation(), None);
        for chunk in bytes.chunks(len) {
            let mut chunk = chunk.to_vec();
            let mut input = &mut chunk[..];
            while let Ok(Some(_)) = server.receive(&mut input) {}
        }
        server.violation().expect("a violation")
    };
    let whole = of(bytes.len());
    for len in 1..bytes.len().min(20) {
        assert_eq!(of(len), whole, "in pieces of {len} bytes");
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
fn a_violation_of_no_limit_has_no_numbers() {
    for (bytes, error) in [
        (&b"\x82\x01"[..], ProtocolError::UnmaskedFrame),
        (b"\xc2", ProtocolError::ReservedBits),
        (b"\x82\xfe\x00\x05", ProtocolError::NonMinimalLength),
    ] {
        let found = violation(Limits::DEFAULT, bytes);
        assert_eq!((found.error(), found.value(), found.limit()), (error, None, None));
        assert_eq!(found.to_string(), error.to_string());
        assert_eq!(
            (found.section(), found.close_code()),
            (error.section(), error.close_code())
        );
    }
}

/// Reads these bytes as messages until an error, and returns the violation and what was to be written.
fn read(session: Session<bareframe::Server, [u8; 64], [u8; 256]>, bytes: &[u8]) -> (Violation, Vec<u8>) {
    let (mut session, mut input, mut written) = (session, bytes, Vec::new());
    let mut memory = [0; 4];
    let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
    loop {
        let next = match session.next_message(&mut assembler) {
            Ok(next) => next,
            Err(_) => return (session.violation().unwrap(), written),
        };
        let done = match next {
            Next::Ready => continue,
            Next::Read => {
                let len = input.len().min(session.space().len());
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
        assert_eq!((found.value(), found.limit()), (Some(5), None));
        assert_eq!(
            found.to_string(),
            "the peer's message has at least 5 bytes, and our memory for it has less \
             (RFC 6455 section 10.4; close code 1009 Message Too Big)"
        );
        assert_eq!(written, b"\x88\x02\x03\xf1");
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
