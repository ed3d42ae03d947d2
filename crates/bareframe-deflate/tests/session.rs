//! permessage-deflate through sessions: what leaves, what arrives, and what fails.

mod sessions;
mod support;

use bareframe::{
    CloseCode, Config, Connection, Event, ExtensionWindow, Frame, MessageKind, Next, PreparedFrame,
    ProtocolError, ReceiveError, Rsv, SendError, Session,
};
use bareframe_deflate::{Compact, DeflateStep, InboundDeflate, Inflater, OutboundDeflate};
use bareframe_testkit::{self as testkit, Random};
use sessions::{Own, Way, client, frames, receive, send, server};
use support::{json, repetitive};

const LIMIT: u64 = 100_000;

/// In little flash the byte of a message at which its text is wrong is not known.
const LOCATES_TEXT: bool = cfg!(not(any(bareframe_compact, not(target_pointer_width = "64"))));

/// Every kind of message, long and short.
fn messages(seed: u64) -> Vec<(bool, Vec<u8>)> {
    let mut random = Random::new(seed);
    let mut messages = vec![(true, Vec::new()), (true, json(seed, 40)), (false, Vec::new())];
    for len in [1, 300, 700, 5000, 40_000] {
        messages.push((true, json(seed, len)));
        messages.push((false, random.bytes(len)));
        messages.push((
            true,
            "Mọi người sinh ra đều được tự do. ".repeat(len / 30).into_bytes(),
        ));
        messages.push((false, repetitive(seed, len)));
    }
    messages
}

fn frame(message: &(bool, Vec<u8>)) -> Frame<'_> {
    match message {
        (true, text) => Frame::text(std::str::from_utf8(text).unwrap()),
        (false, payload) => Frame::binary(payload),
    }
}

fn masked(frame: testkit::Frame) -> Vec<u8> {
    frame.masked([9, 8, 7, 6]).to_bytes()
}

fn compressed(payload: &[u8]) -> testkit::Frame {
    testkit::Frame::text(payload).rsv(Rsv::RSV1)
}

/// What one message is compressed to.
fn deflated(message: &[u8]) -> Vec<u8> {
    let mut out = vec![0; message.len() * 2 + 100];
    let step = Way::new(15, true)
        .deflater()
        .deflate(&mut &message[..], &mut out, true);
    let DeflateStep::MessageEnd(len) = step else {
        panic!("{step:?}")
    };
    out.truncate(len);
    out
}

/// What a server makes of the first message, and what it answers.
fn refused_by(input: &[u8]) -> (ReceiveError, Vec<u8>) {
    let mut session = server(Way::new(15, true), Way::new(15, true), 256, LIMIT);
    let mut output = Vec::new();
    let (messages, result) = receive(&mut session, input, 7, &mut output);
    assert!(messages.is_empty(), "{messages:?}");
    (result.unwrap_err(), output)
}

#[test]
fn s7_1_2_both_directions_with_different_windows_takeover_and_queues() {
    for (ours, theirs, queue) in [
        (Way::new(8, true), Way::new(15, true), 200),
        (Way::new(9, false), Way::new(12, true), 1000),
        (Way::new(15, true), Way::new(8, false), 9000),
        (Way::new(10, false), Way::new(11, false), 131),
    ] {
        let mut client = client(theirs, ours, queue, LIMIT);
        let mut server = server(ours, theirs, queue, LIMIT);
        let mut is_compressed = 0;
        for (index, message) in messages(u64::from(ours.bits)).iter().enumerate() {
            for piece in [1000, 1 + index] {
                let there = send(&mut client, &mut frame(message)).unwrap();
                let back = send(&mut server, &mut frame(message)).unwrap();
                is_compressed += usize::from(frames(&there)[0].rsv1);
                let arrived = receive(&mut server, &there, piece, &mut Vec::new());
                assert_eq!(arrived, (vec![message.clone()], Ok(())));
                let arrived = receive(&mut client, &back, piece, &mut Vec::new());
                assert_eq!(arrived, (vec![message.clone()], Ok(())));
            }
        }
        assert!(is_compressed > 20);
    }
}

#[test]
fn s6_1_a_full_queue_ends_a_frame_and_rsv1_is_on_the_first_only() {
    let message = String::from_utf8(json(1, 20_000)).unwrap();
    let mut session = server(Way::new(12, true), Way::new(12, true), 256, LIMIT);
    let output = send(&mut session, &mut Frame::text(&message)).unwrap();
    let frames = frames(&output);
    assert!(frames.len() > 20 && output.len() < message.len() / 2);
    for (index, frame) in frames.iter().enumerate() {
        assert_eq!(
            (frame.rsv1, frame.opcode),
            if index == 0 { (true, 1) } else { (false, 0) }
        );
        assert_eq!(frame.fin, index + 1 == frames.len());
        assert!(frame.payload.len() <= 254 && !frame.payload.is_empty());
    }
}

#[test]
fn s5_5_control_frames_go_between_the_frames_of_a_compressed_message() {
    let message = String::from_utf8(json(1, 5000)).unwrap();
    let mut one = server(Way::new(12, true), Way::new(12, true), 200, LIMIT);
    let mut frame = Frame::text(&message);
    let mut output = Vec::new();
    for _ in 0..3 {
        assert_eq!(one.next_sent(&mut frame), Ok(Next::Write));
        assert_eq!(one.next_sent(&mut Frame::text("x")), Err(SendError::InsideFrame));
        output.extend_from_slice(one.queued());
        one.wrote(200, &mut frame);
        output.extend(send(&mut one, &mut Frame::ping(b"?")).unwrap());
    }
    output.extend(send(&mut one, &mut frame).unwrap());
    assert_eq!(
        frames(&output).iter().filter(|frame| frame.opcode == 9).count(),
        3
    );
    let mut other = client(Way::new(12, true), Way::new(12, true), 200, LIMIT);
    let mut answers = Vec::new();
    let arrived = receive(&mut other, &output, 50, &mut answers);
    assert_eq!(arrived, (vec![(true, message.into_bytes())], Ok(())));
    assert!(frames(&answers).iter().all(|frame| frame.opcode == 10));
}

#[test]
fn s6_1_a_message_that_does_not_shrink_leaves_as_it_is_from_where_it_is() {
    let mut session = server(Way::new(12, true), Way::new(12, true), 256, LIMIT);
    let noise = Random::new(1).bytes(20_000);
    let output = send(&mut session, &mut Frame::binary(&noise)).unwrap();
    let only = &frames(&output)[..];
    assert!(matches!(only, [frame] if frame.fin && !frame.rsv1 && frame.payload == noise));
    // It is in no window: the peer follows.
    let text = String::from_utf8(json(1, 2000)).unwrap();
    let mut output = send(&mut session, &mut Frame::text(&text)).unwrap();
    output.extend(send(&mut session, &mut Frame::binary(&noise[..1000])).unwrap());
    output.extend(send(&mut session, &mut Frame::text(&text)).unwrap());
    assert!(output.len() < 2000);
    let mut other = client(Way::new(12, true), Way::new(12, true), 256, LIMIT);
    let (arrived, _) = receive(&mut other, &output, 100, &mut Vec::new());
    assert_eq!(arrived.len(), 3);
    assert_eq!(arrived[2].1, text.as_bytes());
}

#[test]
fn s5_4_fragments_are_gathered_and_compressed_or_sent_as_they_are() {
    let text = json(1, 10_000);
    let noise = Random::new(1).bytes(10_000);
    for (message, shrinks) in [(&text, true), (&noise, false)] {
        for piece in [1, 100, 3000] {
            let mut session = client(Way::new(10, true), Way::new(10, true), 300, LIMIT);
            let mut output = Vec::new();
            let count = message.len().div_ceil(piece);
            for (index, piece) in message.chunks(piece).enumerate() {
                let mut frame = Frame::binary(piece).fragment(index + 1 == count);
                output.extend(send(&mut session, &mut frame).unwrap());
                assert!((index + 1) * piece.len() >= 1024 || output.is_empty());
            }
            output.extend(send(&mut session, &mut Frame::text("and now something else")).unwrap());
            assert_eq!(frames(&output)[0].rsv1, shrinks);
            let mut other = server(Way::new(10, true), Way::new(10, true), 300, LIMIT);
            let (arrived, result) = receive(&mut other, &output, 77, &mut Vec::new());
            assert_eq!(result, Ok(()));
            assert_eq!(arrived[0], (false, message.clone()));
            assert_eq!(arrived[1], (true, b"and now something else".to_vec()));
        }
    }
}

#[test]
fn s8_a_message_opts_out_and_short_ones_are_sent_as_they_are() {
    let way = Way {
        threshold: 50,
        ..Way::new(12, true)
    };
    let mut session = server(way, way, 256, LIMIT);
    let text = "secret ".repeat(20);
    let output = send(&mut session, &mut Frame::text(&text).without_extension()).unwrap();
    assert_eq!(frames(&output)[0].payload, text.as_bytes());
    assert!(!frames(&output)[0].rsv1);
    for (len, rsv1) in [(49, false), (50, true)] {
        let output = send(&mut session, &mut Frame::text(&text[..len])).unwrap();
        assert_eq!(frames(&output)[0].rsv1, rsv1);
    }
    // What is sent in fragments may become long.
    let mut output = send(&mut session, &mut Frame::text("secret").fragment(false)).unwrap();
    output.extend(send(&mut session, &mut Frame::text(&text)).unwrap());
    assert!(frames(&output)[0].rsv1);
    // What was opted out is in no window.
    let output = send(&mut server(way, way, 256, LIMIT), &mut Frame::text(&text)).unwrap();
    let (arrived, _) = receive(&mut client(way, way, 256, LIMIT), &output, 9, &mut Vec::new());
    assert_eq!(arrived[0].1, text.as_bytes());
}

#[test]
fn s10_4_a_message_stops_at_its_limit_when_it_is_inflated() {
    // A thousand bytes of every one that arrives.
    let bomb = deflated(&vec![b'a'; 1_000_000]);
    assert!(bomb.len() < 10_000);
    let (error, output) = refused_by(&masked(compressed(&bomb)));
    assert_eq!(error, ReceiveError::Protocol(ProtocolError::MessageTooBig));
    assert_eq!(output, b"\x88\x02\x03\xf1");

    // One byte less is no error; and what is taken piece by piece ends at the limit too.
    for (len, fits) in [(LIMIT as usize, true), (LIMIT as usize + 1, false)] {
        let mut session = server(Way::new(15, true), Way::new(15, true), 256, LIMIT);
        let input = masked(compressed(&deflated(&vec![b'a'; len])));
        let mut rest = &input[..];
        let mut arrived = 0;
        let result = loop {
            match session.next_event() {
                Ok(Next::Ready) => {
                    let Some(Event::Data(data)) = session.event() else {
                        panic!()
                    };
                    arrived += data.payload().len();
                    if data.is_last() {
                        break Ok(());
                    }
                }
                Ok(Next::Read) => {
                    let len = rest.len().min(100);
                    session.space()[..len].copy_from_slice(&rest[..len]);
                    session.read(len);
                    rest = &rest[len..];
                }
                Ok(Next::Write) => session.wrote(200, &mut Frame::NONE.clone()),
                Ok(Next::Flush) => session.flushed(),
                Ok(next) => panic!("{next:?}"),
                Err(error) => break Err(error),
            }
        };
        assert_eq!(result.is_ok(), fits);
        // A match that reaches beyond the limit makes nothing.
        let least = if fits {
            LIMIT as usize
        } else {
            LIMIT as usize - 258
        };
        assert!((least..=LIMIT as usize).contains(&arrived));
    }
}

#[test]
fn s7_2_2_data_that_is_wrong_fails_the_connection_with_1007() {
    let hello = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
    let wrong = ReceiveError::Protocol(ProtocolError::Extension(CloseCode::INVALID_FRAME_PAYLOAD_DATA));
    for payload in [
        &[0x07][..],                           // a reserved type of block
        &hello[..4],                           // the end of a message within a block
        &[0xF2, 0x00, 0x11, 0x00, 0x00],       // a distance beyond the history
        &[0x00, 0x01, 0x00, 0x00, 0x00, 0x00], // a length that contradicts its complement
    ] {
        assert_eq!(
            refused_by(&masked(compressed(payload))),
            (wrong, b"\x88\x02\x03\xef".to_vec())
        );
        // In a fragment too.
        let mut input = masked(compressed(&payload[..1]).fin(false));
        input.extend(masked(testkit::Frame::continuation(&payload[1..])));
        assert_eq!(refused_by(&input).0, wrong);
    }
}

#[test]
fn s8_1_inflated_text_is_validated_across_blocks_and_frames() {
    let text = "Ba\u{df}, \u{10348}, Mọi người".repeat(3);
    let payload = deflated(text.as_bytes());
    for cut in 1..payload.len() {
        let mut input = masked(compressed(&payload[..cut]).fin(false));
        input.extend(masked(testkit::Frame::continuation(&payload[cut..])));
        let mut session = server(Way::new(15, true), Way::new(15, true), 256, LIMIT);
        let arrived = receive(&mut session, &input, 3, &mut Vec::new());
        assert_eq!(arrived, (vec![(true, text.clone().into_bytes())], Ok(())));
    }
    let invalid = ReceiveError::Protocol(ProtocolError::InvalidUtf8);
    for bytes in [&b"abc\xFFdef"[..], b"abc\xC3", b"\xED\xA0\x80"] {
        let (error, output) = refused_by(&masked(compressed(&deflated(bytes))));
        assert_eq!((error, &output[..]), (invalid, &b"\x88\x02\x03\xef"[..]));
    }
}

#[test]
fn s8_1_the_byte_of_inflated_text_that_is_wrong_is_named_however_it_is_cut() {
    let long = [&[b'x'; 5000][..], b"\xFF"].concat();
    for (text, byte) in [
        (&b"abc\xFFdef"[..], 3),
        (b"abc\xC3", 3),
        (b"\xED\xA0\x80", 1),
        (b"ab\xE2\x82", 3),
        (&long, 5000),
    ] {
        let payload = deflated(text);
        for cut in 1..payload.len() {
            let mut input = masked(compressed(b"\xCA\x48\xCD\xC9\xC9\x07\x00"));
            input.extend(masked(compressed(&payload[..cut]).fin(false)));
            input.extend(masked(testkit::Frame::continuation(&payload[cut..])));
            for at_once in [1, 3, 200] {
                let mut session = server(Way::new(15, true), Way::new(15, true), 256, LIMIT);
                let (_, result) = receive(&mut session, &input, at_once, &mut Vec::new());
                assert_eq!(result, Err(ReceiveError::Protocol(ProtocolError::InvalidUtf8)));
                let violation = session.violation().unwrap();
                assert_eq!(
                    violation.byte(),
                    LOCATES_TEXT.then_some(byte),
                    "cut at {cut}, {at_once} bytes at once"
                );
            }
        }
    }
}

#[test]
fn s6_rsv1_where_it_may_not_be_fails_the_connection() {
    let wrong = ReceiveError::Protocol(ProtocolError::ReservedBits);
    let begun = masked(compressed(&deflated(b"Hello")[..2]).fin(false));
    let continued = masked(testkit::Frame::continuation("x").rsv(Rsv::RSV1));
    let ping = masked(testkit::Frame::ping("x").rsv(Rsv::RSV1));
    let rsv2 = masked(testkit::Frame::text("x").rsv(Rsv::RSV2));
    for input in [[&begun[..], &continued].concat(), ping, rsv2] {
        assert_eq!(refused_by(&input), (wrong, b"\x88\x02\x03\xea".to_vec()));
    }
    // Without negotiation.
    let mut plain = Session::<_, _, _, Option<Own>>::with_extension(
        Connection::server(Config::DEFAULT),
        [0; 256],
        [0; 256],
        None,
        ExtensionWindow::new(vec![0; 256].into_boxed_slice()),
        None,
    );
    let input = masked(compressed(&deflated(b"Hello")));
    plain.space()[..input.len()].copy_from_slice(&input);
    plain.read(input.len());
    assert_eq!(plain.next_event(), Ok(Next::Write));
    assert_eq!(plain.queued(), b"\x88\x02\x03\xea");
}

#[test]
fn s7_2_2_a_message_of_many_windows_that_arrives_at_once_is_lent_window_by_window() {
    for len in (200..1500).step_by(7) {
        let way = Way::new(8, true);
        let message = "a".repeat(len);
        let output = send(&mut client(way, way, 256, LIMIT), &mut Frame::text(&message)).unwrap();
        assert!(output.len() < 60);
        let mut session = server(way, way, 256, LIMIT);
        let mut input = output.clone();
        input.extend(output);
        let (messages, result) = receive(&mut session, &input, 512, &mut Vec::new());
        assert_eq!(
            (messages, result),
            (vec![(true, message.into_bytes()); 2], Ok(()))
        );
    }
}

#[test]
fn s7_2_2_what_was_lent_stays_though_all_input_is_taken_and_the_window_is_full() {
    // A final block: a literal, a match of 258 bytes that goes round the window, and the end of the block in the same byte as the
    // last bit of the match.
    let payload = [0xFB, 0x3F, 0x0A, 0x00];
    let way = Way::new(8, true);
    let input = masked(testkit::Frame::binary(payload).rsv(Rsv::RSV1));
    let mut session = server(way, way, 256, LIMIT);
    let (messages, result) = receive(&mut session, &input, 512, &mut Vec::new());
    assert_eq!((messages, result), (vec![(false, vec![0xFF; 259])], Ok(())));
}

#[test]
fn s7_2_3_6_empty_messages_and_fragments_through_a_session() {
    let hello = deflated(b"Hello");
    let empty = testkit::Frame::continuation("");
    let input = [
        masked(compressed(&[0x00])),
        masked(compressed(&hello).fin(false)),
        masked(empty.clone().fin(false)),
        masked(empty.clone()),
        masked(compressed(b"").fin(false)),
        masked(testkit::Frame::continuation(&hello)),
    ]
    .concat();
    for piece in [1, 5, 500] {
        let mut session = server(Way::new(15, true), Way::new(15, true), 256, LIMIT);
        let (messages, result) = receive(&mut session, &input, piece, &mut Vec::new());
        let texts: Vec<&[u8]> = messages.iter().map(|(_, text)| &text[..]).collect();
        assert_eq!((texts, result), (vec![&b""[..], b"Hello", b"Hello"], Ok(())));
    }
}

#[test]
fn s7_2_1_a_prepared_message_is_in_the_peers_window_and_ends_the_history() {
    let text = String::from_utf8(json(1, 600)).unwrap();
    let other_text = String::from_utf8(json(2, 500)).unwrap();
    for takeover in [true, false] {
        let way = Way::new(10, takeover);
        let mut one = server(way, way, 700, LIMIT);
        let mut other = client(way, way, 700, LIMIT);
        for bits in [8, 10, 11, 15, 0] {
            let mut once = Way::new(bits.max(8), true).deflater();
            let mut out = vec![0; 700];
            let step = once.deflate(&mut other_text.as_bytes(), &mut out, true);
            let DeflateStep::MessageEnd(len) = step else {
                panic!()
            };
            let prepared = PreparedFrame::new(MessageKind::Text, Rsv::RSV1, &out[..len], vec![0; 700]);
            let prepared = prepared.unwrap().with_parameters(bits);
            let mut output = send(&mut one, &mut Frame::text(&text)).unwrap();
            match send(&mut one, &mut Frame::prepared(&prepared)) {
                Ok(bytes) => output.extend(bytes),
                // Nobody knows that a message without parameters would fit.
                Err(error) => {
                    assert_eq!(error, SendError::NotAgreed);
                    assert!(bits == 0 || bits > 10, "{bits}");
                }
            }
            output.extend(send(&mut one, &mut Frame::text(&text)).unwrap());
            let (messages, result) = receive(&mut other, &output, 99, &mut Vec::new());
            let texts: Vec<&[u8]> = messages.iter().map(|(_, text)| &text[..]).collect();
            let passes = bits != 0 && bits <= 10;
            let expected = match passes {
                true => vec![text.as_bytes(), other_text.as_bytes(), text.as_bytes()],
                false => vec![text.as_bytes(); 2],
            };
            assert_eq!((texts, result), (expected, Ok(())));
        }
    }
    // Inside a fragmented message it is refused.
    let prepared = PreparedFrame::new(MessageKind::Text, Rsv::RSV1, &[0], [0; 8]).unwrap();
    let mut session = server(Way::new(15, true), Way::new(15, true), 256, LIMIT);
    send(&mut session, &mut Frame::text("a").fragment(false)).unwrap();
    let refused = send(&mut session, &mut Frame::prepared(&prepared));
    assert_eq!(refused, Err(SendError::MessageOpen));
}

#[test]
fn a_microcontrollers_session_has_the_size_of_its_memory() {
    type Small = bareframe_deflate::Deflate<
        Inflater<Compact>,
        [u8; 512],
        bareframe_deflate::Deflater<bareframe_deflate::Greedy<[u8; 1024], [u16; 128]>>,
    >;
    type Plain = Session<bareframe::Server, [u8; 256], [u8; 256]>;
    type Compressing = Session<bareframe::Server, [u8; 256], [u8; 256], Small>;
    let more = size_of::<Compressing>() - size_of::<Plain>();
    // 1,392 bytes of the deflater, 960 of the inflater, a window, and what the halves know beside.
    assert!(more <= 1392 + 960 + 512 + 200, "{more}");
    let _ = (
        InboundDeflate::<Inflater<Compact>, [u8; 512]>::new,
        OutboundDeflate::<()>::new,
    );
}
