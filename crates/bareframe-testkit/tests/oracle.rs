//! The oracle held to RFC 6455 by bytes written by hand: what the engine is compared with must itself be right.

use MessageKind::{Binary, Text};
use ProtocolError::*;
use bareframe::{CloseCode, Config, Limits, MessageKind, ProtocolError, Rsv};
use bareframe_testkit::{Oracle, Seen, Side, check};

const RSV1: Config = Config::DEFAULT.with_rsv(Rsv::RSV1);
const UNLIMITED: Config = Config::DEFAULT.with_limits(Limits::UNLIMITED);

fn data(kind: MessageKind, payload: impl AsRef<[u8]>, first: bool, last: bool) -> Seen {
    let payload = payload.as_ref().to_vec();
    Seen::Data {
        kind,
        rsv: Rsv::NONE,
        payload,
        first,
        last,
    }
}

fn whole(kind: MessageKind, payload: impl AsRef<[u8]>) -> Seen {
    data(kind, payload, true, true)
}

fn ping(payload: &str) -> Seen {
    Seen::Ping(payload.as_bytes().to_vec())
}

fn pong(payload: &str) -> Seen {
    Seen::Pong(payload.as_bytes().to_vec())
}

fn close(code: u16, reason: &str) -> Seen {
    Seen::Close {
        code: CloseCode::new(code),
        reason: reason.to_owned(),
    }
}

/// Nothing is wrong with the input, and this is seen.
#[track_caller]
fn sees<const N: usize>(side: Side, config: Config, input: &[u8], events: [Seen; N]) {
    let verdict = check(side, config, input);
    assert_eq!(verdict.transcript.error, None);
    assert_eq!(verdict.transcript.events, events);
    assert_eq!(verdict.loose, 0);
}

/// A client sees this, with nothing wrong.
#[track_caller]
fn client_sees<const N: usize>(input: &[u8], events: [Seen; N]) {
    sees(Side::Client, Config::DEFAULT, input, events);
}

/// The last byte of the input, and none before it, is refused with this error.
#[track_caller]
fn refuses(side: Side, config: Config, input: &[u8], error: ProtocolError) {
    let found = check(side, config, input).transcript.error;
    assert_eq!(found, Some((error, input.len() - 1)));
}

/// A client refuses the last byte of the input.
#[track_caller]
fn client_refuses(input: &[u8], error: ProtocolError) {
    refuses(Side::Client, Config::DEFAULT, input, error);
}

/// A client with these limits refuses the last byte of the input.
#[track_caller]
fn limited_refuses(limits: Limits, input: &[u8], error: ProtocolError) {
    refuses(Side::Client, Config::DEFAULT.with_limits(limits), input, error);
}

/// A client with these limits sees this, with nothing wrong.
#[track_caller]
fn limited_sees<const N: usize>(limits: Limits, input: &[u8], events: [Seen; N]) {
    sees(Side::Client, Config::DEFAULT.with_limits(limits), input, events);
}

/// Returns a header with a 64-bit length.
fn header_64(first: u8, len: u64) -> Vec<u8> {
    [&[first, 127][..], &len.to_be_bytes()].concat()
}

#[test]
fn s5_7_examples() {
    let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    let masked_pong = [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    let bytes_256 = [&[0x82, 0x7E, 0x01, 0x00][..], &[7; 256]].concat();
    let bytes_65_536 = [&[0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0][..], &[7; 65_536]].concat();
    client_sees(b"\x81\x05Hello", [whole(Text, "Hello")]);
    sees(Side::Server, Config::DEFAULT, &masked, [whole(Text, "Hello")]);
    client_sees(b"\x01\x03Hel\x80\x02lo", [whole(Text, "Hello")]);
    client_sees(b"\x89\x05Hello", [ping("Hello")]);
    sees(Side::Server, Config::DEFAULT, &masked_pong, [pong("Hello")]);
    client_sees(&bytes_256, [whole(Binary, [7; 256])]);
    client_sees(&bytes_65_536, [whole(Binary, [7; 65_536])]);
}

#[test]
fn s5_1_a_server_receives_masked_frames_and_a_client_does_not() {
    refuses(Side::Server, Config::DEFAULT, &[0x81, 0x05], UnmaskedFrame);
    refuses(Side::Server, Config::DEFAULT, &[0x88, 0x00], UnmaskedFrame);
    client_refuses(&[0x81, 0x85], MaskedFrame);
    client_refuses(&[0x88, 0x80], MaskedFrame);
}

#[test]
fn s5_2_reserved_bits() {
    client_refuses(&[0xC1], ReservedBits);
    client_refuses(&[0xA1], ReservedBits);
    client_refuses(&[0x92], ReservedBits);
    refuses(Side::Client, RSV1, &[0xA1], ReservedBits);
    refuses(Side::Client, RSV1, &[0xE1], ReservedBits);
    refuses(Side::Client, RSV1, &[0xC9], ReservedBits);
    refuses(Side::Client, RSV1, &[0xC0], ReservedBits);
    refuses(Side::Client, RSV1, &[0x41, 0x00, 0xC0], ReservedBits);
}

#[test]
fn s5_2_reserved_bits_of_an_extension() {
    let compressed = |payload: &[u8], first, last| {
        let payload = payload.to_vec();
        Seen::Data {
            kind: Text,
            rsv: Rsv::RSV1,
            payload,
            first,
            last,
        }
    };
    sees(
        Side::Client,
        RSV1,
        b"\xC1\x01\xFF",
        [compressed(b"\xFF", true, true)],
    );
    sees(Side::Client, RSV1, b"\x81\x01x", [whole(Text, "x")]);
    sees(
        Side::Client,
        RSV1,
        b"\x41\x01\xFF\x89\x00\x80\x01\xC3",
        [
            compressed(b"\xFF", true, false),
            ping(""),
            compressed(b"\xC3", false, true),
        ],
    );
    refuses(Side::Client, RSV1, b"\xC1\x01\xFF\x81\x01\xFF", InvalidUtf8);
}

#[test]
fn s5_2_reserved_opcodes() {
    for first in [0x83, 0x84, 0x85, 0x86, 0x87, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F] {
        client_refuses(&[first], ReservedOpcode);
        client_refuses(&[first & 0x7F], ReservedOpcode);
        client_refuses(&[0x01, 0x00, first], ReservedOpcode);
    }
}

#[test]
fn s5_2_lengths_are_minimal() {
    client_refuses(&[0x82, 126, 0, 0], NonMinimalLength);
    client_refuses(&[0x82, 126, 0, 125], NonMinimalLength);
    client_sees(&[0x82, 126, 0, 126], []);
    client_refuses(&header_64(0x82, 0), NonMinimalLength);
    client_refuses(&header_64(0x82, 125), NonMinimalLength);
    client_refuses(&header_64(0x82, 65_535), NonMinimalLength);
    client_sees(&header_64(0x82, 65_536), []);
    refuses(
        Side::Server,
        Config::DEFAULT,
        &[0x82, 0xFE, 0, 125],
        NonMinimalLength,
    );
}

#[test]
fn s5_2_the_top_bit_of_a_length_is_clear() {
    client_refuses(&[0x82, 127, 0x80], LengthTopBit);
    client_refuses(&[0x82, 127, 0xFF], LengthTopBit);
    sees(Side::Client, UNLIMITED, &header_64(0x82, u64::MAX >> 1), []);
}

#[test]
fn s5_3_the_masking_key_goes_round_and_each_frame_begins_anew() {
    let bytes = [
        0x02, 0x85, 1, 2, 3, 4, 0x69, 0x67, 0x6F, 0x68, 0x6E, 0x80, 0x81, 9, 2, 3, 4, 0x28,
    ];
    sees(Side::Server, Config::DEFAULT, &bytes, [whole(Binary, "hello!")]);
}

#[test]
fn s5_4_fragments_come_in_order() {
    client_refuses(&[0x80], UnexpectedContinuation);
    client_refuses(&[0x00], UnexpectedContinuation);
    client_refuses(b"\x81\x01x\x80", UnexpectedContinuation);
    client_refuses(b"\x01\x01x\x80\x00\x80", UnexpectedContinuation);
    client_refuses(b"\x01\x01x\x81", InterleavedMessage);
    client_refuses(b"\x01\x01x\x02", InterleavedMessage);
    client_refuses(b"\x01\x00\x01", InterleavedMessage);
    client_refuses(b"\x01\x00\x89\x00\x01", InterleavedMessage);
}

#[test]
fn s5_4_control_frames_come_between_fragments() {
    client_sees(
        b"\x01\x02He\x89\x01p\x00\x01l\x00\x01l\x8A\x00\x80\x01o",
        [
            data(Text, "He", true, false),
            ping("p"),
            data(Text, "ll", false, false),
            pong(""),
            data(Text, "o", false, true),
        ],
    );
}

#[test]
fn s5_4_empty_fragments() {
    client_sees(b"\x81\x00\x82\x00", [whole(Text, ""), whole(Binary, "")]);
    client_sees(b"\x01\x00", []);
    client_sees(b"\x01\x00\x00\x00\x80\x00", [whole(Text, "")]);
    client_sees(b"\x01\x00\x89\x00\x80\x01x", [ping(""), whole(Text, "x")]);
    client_sees(
        b"\x01\x01x\x89\x00\x80\x00",
        [
            data(Text, "x", true, false),
            ping(""),
            data(Text, "", false, true),
        ],
    );
    let masked = [0x81, 0x80, 1, 2, 3, 4];
    sees(Side::Server, Config::DEFAULT, &masked, [whole(Text, "")]);
    sees(Side::Server, Config::DEFAULT, &masked[..5], []);
}

#[test]
fn s5_4_what_has_arrived_of_a_message_is_seen() {
    client_sees(b"\x81\x05Hel", [data(Text, "Hel", true, false)]);
    client_sees(b"\x89\x05Hel", []);
    client_sees(b"\x81", []);
}

#[test]
fn s5_5_control_frames_must_not_be_fragmented() {
    for first in [0x08, 0x09, 0x0A] {
        client_refuses(&[first], FragmentedControl);
        client_refuses(&[0x01, 0x00, first], FragmentedControl);
    }
}

#[test]
fn s5_5_control_frames_have_at_most_125_bytes() {
    for first in [0x88, 0x89, 0x8A] {
        client_refuses(&[first, 126], OversizedControl);
        client_refuses(&[first, 127], OversizedControl);
    }
    let longest = [&[0x89, 125][..], &[b'x'; 125]].concat();
    client_sees(&longest, [ping(&"x".repeat(125))]);
}

#[test]
fn s5_5_1_close() {
    client_sees(
        b"\x88\x00",
        [Seen::Close {
            code: None,
            reason: String::new(),
        }],
    );
    client_sees(b"\x88\x02\x03\xE8", [close(1000, "")]);
    client_sees(b"\x88\x07\x03\xE9\xC3\xA9bye", [close(1001, "ébye")]);
    client_sees(b"\x88\x07\x03\xE9\xC3\xA9by", []);
    client_refuses(b"\x88\x01\x03", TruncatedCloseCode);
    client_refuses(b"\x88\x03\x03\xE8\xFF", InvalidCloseReason);
    client_refuses(b"\x88\x04\x03\xE8\xFFx", InvalidCloseReason);
    client_refuses(b"\x88\x04\x03\xE8x\xC3", InvalidCloseReason);
    client_refuses(b"\x88\x05\x03\xE8\xED\xA0\x80", InvalidCloseReason);
    client_refuses(b"\x88\x03\x03\xED\xFF", InvalidCloseCode);
}

#[test]
fn s5_5_1_after_close_nothing_is_seen_and_nothing_refused() {
    client_sees(b"\x88\x02\x03\xE8\x81\x01x\xFF\xFF\x88\x00", [close(1000, "")]);
    client_sees(
        b"\x01\x01x\x88\x02\x03\xE8\x80\x01x",
        [data(Text, "x", true, false), close(1000, "")],
    );
}

#[test]
fn s7_4_codes() {
    for number in 0..=u16::MAX {
        let input = [0x88, 0x02, (number >> 8) as u8, number as u8];
        let lawful = [(1000, 1003), (1007, 1014), (3000, 4999)]
            .iter()
            .any(|&(first, last)| (first..=last).contains(&number));
        match lawful {
            true => client_sees(&input, [close(number, "")]),
            false => client_refuses(&input, InvalidCloseCode),
        }
    }
}

#[test]
fn s8_1_text_is_utf8() {
    client_refuses(b"\x81\x01\xFF", InvalidUtf8);
    client_refuses(b"\x81\x05a\x80", InvalidUtf8);
    client_refuses(b"\x81\x05\xC0", InvalidUtf8);
    client_refuses(b"\x81\x05\xE0\x80", InvalidUtf8);
    client_refuses(b"\x81\x05\xED\xA0", InvalidUtf8);
    client_refuses(b"\x81\x05\xF4\x90", InvalidUtf8);
    client_refuses(b"\x81\x05\xF5", InvalidUtf8);
    client_refuses(b"\x81\x05\xE2\x82\x28", InvalidUtf8);
    client_sees(b"\x82\x01\xFF", [whole(Binary, b"\xFF")]);
}

#[test]
fn s8_1_text_is_utf8_across_fragments() {
    client_sees(
        b"\x01\x01\xE2\x00\x00\x00\x01\x82\x80\x01\xAC",
        [whole(Text, "€")],
    );
    client_sees(
        b"\x01\x02\xE2\x82\x89\x00\x80\x01\xAC",
        [
            data(Text, b"\xE2\x82", true, false),
            ping(""),
            data(Text, b"\xAC", false, true),
        ],
    );
    client_refuses(b"\x01\x01\xE2\x80\x01\x28", InvalidUtf8);
    client_refuses(b"\x01\x01\xE2\x00\x05\x28", InvalidUtf8);
    client_refuses(b"\x01\x01\xFF", InvalidUtf8);
}

#[test]
fn s8_1_an_unfinished_sequence_is_refused_where_the_message_ends() {
    client_refuses(b"\x81\x01\xC3", InvalidUtf8);
    client_refuses(b"\x81\x03\xF0\x9D\x84", InvalidUtf8);
    client_refuses(b"\x01\x01\xE2\x80\x01\x82", InvalidUtf8);
    client_sees(b"\x01\x01\xC3", [data(Text, b"\xC3", true, false)]);
    client_refuses(b"\x01\x01\xC3\x80\x00", InvalidUtf8);
    let masked = [0x01, 0x81, 0, 0, 0, 0, 0xC3, 0x80, 0x80, 1, 2, 3, 4];
    refuses(Side::Server, Config::DEFAULT, &masked, InvalidUtf8);
}

#[test]
fn s8_1_each_message_begins_anew() {
    client_sees(b"\x81\x02\xC3\xA9\x81\x01a", [whole(Text, "é"), whole(Text, "a")]);
    client_refuses(b"\x81\x02\xC3\xA9\x81\x01\xA9", InvalidUtf8);
}

#[test]
fn s10_4_frames() {
    let limits = Limits::UNLIMITED.with_frame(3);
    limited_sees(limits, b"\x02\x03abc\x80\x03def", [whole(Binary, "abcdef")]);
    limited_refuses(limits, &[0x82, 4], FrameTooBig);
    limited_refuses(limits, &[0x82, 126, 0, 126], FrameTooBig);
    limited_refuses(limits, &header_64(0x82, 65_536), FrameTooBig);
    limited_refuses(limits, &header_64(0x82, u64::MAX >> 1), FrameTooBig);
    limited_sees(limits, b"\x89\x04ping", [ping("ping")]);
    limited_sees(limits.with_frame(0), b"\x82\x00", [whole(Binary, "")]);
    limited_refuses(limits.with_frame(0), &[0x82, 1], FrameTooBig);
}

#[test]
fn s10_4_messages() {
    let limits = Limits::UNLIMITED.with_message(3);
    limited_sees(limits, b"\x02\x02ab\x80\x01c", [whole(Binary, "abc")]);
    limited_refuses(limits, &[0x82, 4], MessageTooBig);
    limited_refuses(limits, b"\x02\x02ab\x80\x02", MessageTooBig);
    limited_refuses(limits, b"\x02\x02ab\x00\x01c\x00\x01", MessageTooBig);
    limited_sees(
        limits,
        b"\x82\x03abc\x82\x03def",
        [whole(Binary, "abc"), whole(Binary, "def")],
    );
    limited_sees(
        limits,
        b"\x02\x03abc\x89\x01p\x80\x00",
        [
            data(Binary, "abc", true, false),
            ping("p"),
            data(Binary, "", false, true),
        ],
    );
    let after_one = [&b"\x02\x01a"[..], &header_64(0x80, u64::MAX >> 1)].concat();
    limited_refuses(limits, &after_one, MessageTooBig);
}

#[test]
fn s10_4_fragments() {
    let limits = Limits::UNLIMITED.with_fragments(2);
    limited_sees(limits, b"\x02\x01a\x80\x01b", [whole(Binary, "ab")]);
    limited_refuses(limits, b"\x02\x00\x00\x00\x00\x00", TooManyFragments);
    limited_refuses(limits, b"\x02\x00\x89\x00\x00\x00\x80\x05", TooManyFragments);
    limited_refuses(limits, b"\x02\x00\x00\x00\x80\x7E\x00\x7E", TooManyFragments);
    limited_refuses(limits.with_fragments(0), &[0x82, 0], TooManyFragments);
    limited_sees(
        limits.with_fragments(1),
        b"\x82\x00\x82\x00",
        [whole(Binary, ""), whole(Binary, "")],
    );
}

#[test]
fn s10_4_the_default_limits() {
    let sixteen_mib = 16 << 20;
    client_sees(&header_64(0x82, sixteen_mib), []);
    client_refuses(&header_64(0x82, sixteen_mib + 1), FrameTooBig);
    let fragments = [&[0x02, 0][..], &[0x00, 0].repeat(65_535)].concat();
    client_sees(&fragments, []);
    client_refuses(&[&fragments[..], &[0x80, 0]].concat(), TooManyFragments);
}

/// One byte may prove several faults; each line has all those that come later in the order too.
#[test]
fn the_order_of_faults_in_one_byte() {
    client_refuses(&[0x7F], ReservedBits);
    client_refuses(&[0x70], ReservedBits);
    client_refuses(&[0x01, 0x00, 0x71], ReservedBits);
    client_refuses(&[0x0F], ReservedOpcode);
    client_refuses(&[0x89, 0xFF], MaskedFrame);
    refuses(Side::Server, Config::DEFAULT, &[0x89, 0x7F], UnmaskedFrame);
    let nothing = Limits::UNLIMITED.with_frame(0).with_message(0).with_fragments(0);
    limited_refuses(nothing, &[0x82, 0x81], MaskedFrame);
    limited_refuses(nothing, &[0x82, 126, 0, 1], NonMinimalLength);
    limited_refuses(nothing, &[0x82, 127, 0x80], LengthTopBit);
    limited_refuses(nothing, &[0x82, 1], FrameTooBig);
    limited_refuses(nothing.with_frame(1), &[0x82, 1], MessageTooBig);
    limited_refuses(
        nothing.with_frame(1).with_message(1),
        &[0x82, 1],
        TooManyFragments,
    );
}

#[test]
fn only_bytes_of_the_text_frame_at_fault_are_loose() {
    for (input, loose) in [
        (&b"\x81\x05abc\xFF"[..], 3),
        (b"\x81\x03ab\xC3", 2),
        (b"\x81\x01\xFF", 0),
        (b"\x01\x03abc\x80\x02a\xFF", 1),
        (b"\x01\x03abc\x89\x00\x80\x02a\xFF", 1),
        (b"\x01\x01\xC3\x80\x00", 0),
        (b"\x01\x03abc\x81", 0),
        (b"\x01\x03abc\x88\x01x", 0),
    ] {
        let verdict = check(Side::Client, Config::DEFAULT, input);
        assert!(verdict.transcript.error.is_some());
        assert_eq!(verdict.loose, loose, "{input:02x?}");
    }
}

#[test]
fn s7_1_7_a_violation_latches() {
    let mut oracle = Oracle::new(Side::Client, Config::DEFAULT);
    assert_eq!(oracle.push(0x81), Ok(()));
    assert_eq!(oracle.taken(), 1);
    for byte in [0x80, 0x00, 0x00] {
        assert_eq!(oracle.push(byte), Err(MaskedFrame));
        assert_eq!(oracle.taken(), 1);
        assert_eq!(oracle.verdict().transcript.error, Some((MaskedFrame, 1)));
    }
}

#[test]
fn the_oracle_knows_where_it_stands() {
    let mut oracle = Oracle::new(Side::Client, Config::DEFAULT);
    for (byte, between_frames, closed) in [
        (0x81, false, false),
        (0x01, false, false),
        (b'x', true, false),
        (0x88, false, false),
        (0x00, true, true),
        (0x81, true, true),
    ] {
        assert_eq!(oracle.push(byte), Ok(()));
        assert_eq!(oracle.is_between_frames(), between_frames);
        assert_eq!(oracle.is_closed(), closed);
    }
    assert_eq!(oracle.taken(), 6);
}
