//! Decoding, clause by clause: each case is run through every way of cutting it and compared with the oracle.

mod engine;

use bareframe::{CloseCode, Config, Limits, MessageKind, ProtocolError, Rsv};
use bareframe_testkit::{Frame, LengthForm, Seen, Side};
use engine::{KEY, every_way};

const SIDES: [Side; 2] = [Side::Server, Side::Client];

/// Returns the bytes of these frames for this receiver, masked if it is a server.
fn bytes(side: Side, frames: &[Frame]) -> Vec<u8> {
    let frames = frames.iter().cloned();
    frames
        .flat_map(|frame| frame.masked_for(side, KEY).to_bytes())
        .collect()
}

/// Both sides see this of these frames.
#[track_caller]
fn sees(config: Config, frames: &[Frame], events: &[Seen]) {
    for side in SIDES {
        let transcript = every_way(side, config, &bytes(side, frames));
        assert_eq!(transcript.events, events);
        assert_eq!(transcript.error, None);
    }
}

/// Both sides refuse these frames, the server at the first byte and the client at the second.
#[track_caller]
fn refuses(config: Config, frames: &[Frame], error: ProtocolError, server_at: usize, client_at: usize) {
    for (side, at) in SIDES.into_iter().zip([server_at, client_at]) {
        let transcript = every_way(side, config, &bytes(side, frames));
        assert_eq!(transcript.error, Some((error, at)), "{side:?}");
    }
}

fn data(kind: MessageKind, payload: &[u8], first: bool, last: bool) -> Seen {
    Seen::Data {
        kind,
        rsv: Rsv::NONE,
        payload: payload.to_vec(),
        first,
        last,
    }
}

fn text(payload: &str) -> Seen {
    data(MessageKind::Text, payload.as_bytes(), true, true)
}

fn limited(limits: Limits) -> Config {
    Config::DEFAULT.with_limits(limits)
}

const PLAIN: Config = Config::DEFAULT;

#[test]
fn s5_7_the_examples() {
    let client = |input: &[u8]| every_way(Side::Client, PLAIN, input).events;
    let server = |input: &[u8]| every_way(Side::Server, PLAIN, input).events;
    assert_eq!(client(b"\x81\x05Hello"), [text("Hello")]);
    assert_eq!(
        server(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
        [text("Hello")]
    );
    assert_eq!(client(b"\x01\x03Hel\x80\x02lo"), [text("Hello")]);
    assert_eq!(client(b"\x89\x05Hello"), [Seen::Ping(b"Hello".to_vec())]);
    let pong = server(b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    assert_eq!(pong, [Seen::Pong(b"Hello".to_vec())]);
}

#[test]
fn s5_7_the_examples_with_long_payloads() {
    for len in [256, 65536] {
        let payload: Vec<u8> = (0..len).map(|i| i as u8).collect();
        for side in [Side::Client, Side::Server] {
            let input = Frame::binary(&payload).masked_for(side, KEY).to_bytes();
            let header_len = input.len() - len;
            for pieces in [
                vec![input.len()],
                vec![header_len, len],
                vec![header_len + 1, len - 1],
            ] {
                let came = engine::receive_as(side, PLAIN, bareframe_testkit::split::cut(&input, &pieces));
                let seen = [data(MessageKind::Binary, &payload, true, true)];
                assert_eq!(came.events, seen, "{len} {side:?} {pieces:?}");
            }
        }
    }
}

#[test]
fn s5_4_a_message_in_fragments() {
    let frames = [
        Frame::text("and a").fin(false),
        Frame::continuation("happy new").fin(false),
        Frame::continuation("year!"),
    ];
    sees(PLAIN, &frames, &[text("and ahappy newyear!")]);
}

#[test]
fn s5_4_control_frames_come_between_fragments() {
    let frames = [
        Frame::binary([1, 2]).fin(false),
        Frame::ping("p"),
        Frame::pong("q"),
        Frame::continuation([3]),
    ];
    let events = [
        data(MessageKind::Binary, &[1, 2], true, false),
        Seen::Ping(b"p".to_vec()),
        Seen::Pong(b"q".to_vec()),
        data(MessageKind::Binary, &[3], false, true),
    ];
    sees(PLAIN, &frames, &events);
}

#[test]
fn s5_4_empty_fragments_give_no_event_but_the_last() {
    let empty = |frame: Frame| frame.fin(false);
    sees(PLAIN, &[Frame::text("")], &[text("")]);
    sees(
        PLAIN,
        &[empty(Frame::text("")), Frame::continuation("")],
        &[text("")],
    );
    let frames = [
        empty(Frame::text("")),
        empty(Frame::continuation("a")),
        empty(Frame::continuation("")),
        Frame::continuation("b"),
    ];
    sees(PLAIN, &frames, &[text("ab")]);
}

#[test]
fn s5_4_messages_do_not_interleave() {
    let open = Frame::text("a").fin(false);
    let client_at = 3;
    let server_at = 7;
    let text_inside = [open.clone(), Frame::text("b")];
    refuses(
        PLAIN,
        &text_inside,
        ProtocolError::InterleavedMessage,
        server_at,
        client_at,
    );
    let binary_inside = [open, Frame::binary("b")];
    refuses(
        PLAIN,
        &binary_inside,
        ProtocolError::InterleavedMessage,
        server_at,
        client_at,
    );
}

#[test]
fn s5_4_a_continuation_needs_an_open_message() {
    let stray = [Frame::continuation("a")];
    refuses(PLAIN, &stray, ProtocolError::UnexpectedContinuation, 0, 0);
    let after_the_end = [Frame::text("a"), Frame::continuation("a")];
    refuses(PLAIN, &after_the_end, ProtocolError::UnexpectedContinuation, 7, 3);
}

#[test]
fn s5_1_masking_goes_from_client_to_server_only() {
    let hello = Frame::text("Hello");
    let unmasked = every_way(Side::Server, PLAIN, &hello.to_bytes());
    assert_eq!(unmasked.error, Some((ProtocolError::UnmaskedFrame, 1)));
    let masked = every_way(Side::Client, PLAIN, &hello.masked(KEY).to_bytes());
    assert_eq!(masked.error, Some((ProtocolError::MaskedFrame, 1)));
}

#[test]
fn s5_2_reserved_opcodes_are_refused() {
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        let frames = [Frame::new(opcode, "")];
        refuses(PLAIN, &frames, ProtocolError::ReservedOpcode, 0, 0);
    }
}

#[test]
fn s5_2_reserved_bits_are_refused() {
    for rsv in [Rsv::RSV1, Rsv::RSV2, Rsv::RSV3] {
        for frame in [Frame::text("a"), Frame::ping(""), Frame::new(3, "")] {
            refuses(PLAIN, &[frame.rsv(rsv)], ProtocolError::ReservedBits, 0, 0);
        }
    }
}

#[test]
fn s5_2_lengths_are_minimal() {
    let padded = |payload: &str, form| [Frame::text(payload).length_form(form)];
    refuses(
        PLAIN,
        &padded("a", LengthForm::U16),
        ProtocolError::NonMinimalLength,
        3,
        3,
    );
    refuses(
        PLAIN,
        &padded("a", LengthForm::U64),
        ProtocolError::NonMinimalLength,
        9,
        9,
    );
    let sixteen_would_do = padded(&"a".repeat(126), LengthForm::U64);
    refuses(PLAIN, &sixteen_would_do, ProtocolError::NonMinimalLength, 9, 9);
}

#[test]
fn s5_2_the_top_bit_of_a_length_is_clear() {
    let frames = [Frame::binary("a")
        .length_form(LengthForm::U64)
        .declared_len(1 << 63)];
    refuses(PLAIN, &frames, ProtocolError::LengthTopBit, 2, 2);
}

#[test]
fn s5_5_control_frames_must_not_be_fragmented() {
    for opcode in [8, 9, 10] {
        let frames = [Frame::new(opcode, "").fin(false)];
        refuses(PLAIN, &frames, ProtocolError::FragmentedControl, 0, 0);
    }
}

#[test]
fn s5_5_control_frames_have_at_most_125_bytes() {
    let longest = "x".repeat(125);
    sees(
        PLAIN,
        &[Frame::ping(&longest)],
        &[Seen::Ping(longest.into_bytes())],
    );
    for opcode in [8, 9, 10] {
        let frames = [Frame::new(opcode, "x".repeat(126))];
        refuses(PLAIN, &frames, ProtocolError::OversizedControl, 1, 1);
    }
}

#[test]
fn s5_5_1_what_a_close_may_say() {
    let close = |code, reason: &str| Seen::Close {
        code: CloseCode::new(code),
        reason: reason.to_owned(),
    };
    sees(PLAIN, &[Frame::close(1000, "bye")], &[close(1000, "bye")]);
    sees(PLAIN, &[Frame::close(4999, "")], &[close(4999, "")]);
    sees(PLAIN, &[Frame::new(8, "")], &[close(0, "")]);
    sees(
        PLAIN,
        &[Frame::close(1000, "x".repeat(123))],
        &[close(1000, &"x".repeat(123))],
    );
}

#[test]
fn s5_5_1_what_a_close_may_not_say() {
    refuses(
        PLAIN,
        &[Frame::new(8, [3])],
        ProtocolError::TruncatedCloseCode,
        6,
        2,
    );
    refuses(
        PLAIN,
        &[Frame::close(1005, "")],
        ProtocolError::InvalidCloseCode,
        7,
        3,
    );
    refuses(
        PLAIN,
        &[Frame::close(2999, "bye")],
        ProtocolError::InvalidCloseCode,
        10,
        6,
    );
    refuses(
        PLAIN,
        &[Frame::close(1000, [0xC0])],
        ProtocolError::InvalidCloseReason,
        8,
        4,
    );
    refuses(
        PLAIN,
        &[Frame::close(1000, "é".as_bytes().split_last().unwrap().1)],
        ProtocolError::InvalidCloseReason,
        8,
        4,
    );
}

#[test]
fn s5_5_1_nothing_is_delivered_after_a_close() {
    let frames = [
        Frame::text("a").fin(false),
        Frame::close(1000, ""),
        Frame::continuation("b"),
        Frame::new(15, "anything"),
    ];
    let close = Seen::Close {
        code: Some(CloseCode::NORMAL_CLOSURE),
        reason: String::new(),
    };
    sees(
        PLAIN,
        &frames,
        &[data(MessageKind::Text, b"a", true, false), close],
    );
}

#[test]
fn s8_1_text_is_utf8_across_fragments() {
    let euro = "€".as_bytes();
    let frames = [
        Frame::text(&euro[..1]).fin(false),
        Frame::ping(""),
        Frame::continuation(&euro[1..]),
    ];
    let events = [
        data(MessageKind::Text, &euro[..1], true, false),
        Seen::Ping(Vec::new()),
        data(MessageKind::Text, &euro[1..], false, true),
    ];
    sees(PLAIN, &frames, &events);
}

#[test]
fn s8_1_bad_utf8_is_refused_at_its_byte() {
    refuses(
        PLAIN,
        &[Frame::text(b"ab\xFFcd")],
        ProtocolError::InvalidUtf8,
        8,
        4,
    );
    refuses(
        PLAIN,
        &[Frame::text(b"\xED\xA0\x80")],
        ProtocolError::InvalidUtf8,
        7,
        3,
    );
    refuses(
        PLAIN,
        &[Frame::text(b"\xF4\x90\x80\x80")],
        ProtocolError::InvalidUtf8,
        7,
        3,
    );
    let in_an_unfinished_frame = Frame::text(b"ok\xC0")
        .length_form(LengthForm::U64)
        .declared_len(70_000);
    refuses(
        PLAIN,
        &[in_an_unfinished_frame],
        ProtocolError::InvalidUtf8,
        16,
        12,
    );
}

#[test]
fn s8_1_an_unfinished_character_is_refused_at_the_last_byte() {
    refuses(
        PLAIN,
        &[Frame::text(b"a\xE2\x82")],
        ProtocolError::InvalidUtf8,
        8,
        4,
    );
    let the_last_frame_is_empty = [Frame::text(b"\xC3").fin(false), Frame::continuation("")];
    refuses(PLAIN, &the_last_frame_is_empty, ProtocolError::InvalidUtf8, 12, 4);
}

#[test]
fn s5_6_binary_is_any_bytes() {
    let payload: Vec<u8> = (0..=255).collect();
    sees(
        PLAIN,
        &[Frame::binary(&payload)],
        &[data(MessageKind::Binary, &payload, true, true)],
    );
}

#[test]
fn s10_4_the_frame_limit_is_inclusive() {
    let config = limited(Limits::DEFAULT.with_frame(3));
    sees(config, &[Frame::text("abc")], &[text("abc")]);
    refuses(config, &[Frame::text("abcd")], ProtocolError::FrameTooBig, 1, 1);
    sees(config, &[Frame::ping("abcd")], &[Seen::Ping(b"abcd".to_vec())]);
}

#[test]
fn s10_4_the_message_limit_is_over_the_sum() {
    let config = limited(Limits::DEFAULT.with_message(3));
    let first = Frame::text("ab").fin(false);
    sees(config, &[first.clone(), Frame::continuation("c")], &[text("abc")]);
    refuses(
        config,
        &[first, Frame::continuation("cd")],
        ProtocolError::MessageTooBig,
        9,
        5,
    );
    refuses(config, &[Frame::text("abcd")], ProtocolError::MessageTooBig, 1, 1);
}

#[test]
fn s10_4_the_number_of_fragments_counts_empty_ones() {
    let config = limited(Limits::DEFAULT.with_fragments(2));
    let first = Frame::text("a").fin(false);
    let empty = Frame::continuation("").fin(false);
    sees(config, &[first.clone(), Frame::continuation("b")], &[text("ab")]);
    refuses(
        config,
        &[first, empty.clone(), empty],
        ProtocolError::TooManyFragments,
        14,
        6,
    );
}

#[test]
fn s10_4_a_limit_of_no_fragments_refuses_every_message() {
    let config = limited(Limits::DEFAULT.with_fragments(0));
    refuses(config, &[Frame::text("a")], ProtocolError::TooManyFragments, 1, 1);
}

#[test]
fn s10_4_unlimited_takes_the_longest_length() {
    let config = limited(Limits::UNLIMITED);
    let longest = Frame::binary("a")
        .length_form(LengthForm::U64)
        .declared_len(i64::MAX as u64);
    let transcript = every_way(Side::Client, config, &longest.to_bytes());
    assert_eq!(transcript.events, [data(MessageKind::Binary, b"a", true, false)]);
}

#[test]
fn s10_4_the_sum_of_fragments_does_not_overflow() {
    let config = limited(Limits::UNLIMITED.with_fragments(9));
    let transcript = every_way(
        Side::Client,
        config,
        &bytes(
            Side::Client,
            &[
                Frame::binary("").fin(false),
                Frame::continuation("a")
                    .fin(false)
                    .length_form(LengthForm::U64)
                    .declared_len(i64::MAX as u64),
            ],
        ),
    );
    assert_eq!(transcript.error, None);
}

#[test]
fn faults_of_one_byte_are_checked_in_order() {
    use ProtocolError as E;
    refuses(PLAIN, &[Frame::new(3, "").rsv(Rsv::RSV1)], E::ReservedBits, 0, 0);
    refuses(PLAIN, &[Frame::new(11, "").fin(false)], E::ReservedOpcode, 0, 0);
    let inside = [Frame::text("").fin(false), Frame::text("").rsv(Rsv::RSV2)];
    refuses(PLAIN, &inside, E::ReservedBits, 6, 2);
    let unmasked_and_long = Frame::ping("x".repeat(126)).to_bytes();
    assert_eq!(
        every_way(Side::Server, PLAIN, &unmasked_and_long).error,
        Some((E::UnmaskedFrame, 1))
    );
    let tight = limited(Limits::UNLIMITED.with_frame(0).with_message(0).with_fragments(0));
    refuses(
        tight,
        &[Frame::text("a").length_form(LengthForm::U16)],
        E::NonMinimalLength,
        3,
        3,
    );
    refuses(tight, &[Frame::text("a")], E::FrameTooBig, 1, 1);
    let no_message = limited(Limits::UNLIMITED.with_frame(9).with_message(0).with_fragments(0));
    refuses(no_message, &[Frame::text("a")], E::MessageTooBig, 1, 1);
}
