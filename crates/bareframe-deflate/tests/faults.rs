//! Faults that others had with permessage-deflate, each a test; `docs/faults.md` has the table of them all.

mod support;

use bareframe::{Opcode, ProtocolError, Rsv, Utf8Validator};
use bareframe_deflate::{
    Acceptance, Compact, DeflateStep, Deflater, Fast, InflateError, Inflater, Level, Size, Step, WindowBits,
    begins_compressed,
};
use bareframe_testkit::{DeflateFault, NaiveInflater, split};
use support::{Setting, bits, inflate, json, repetitive, zlib};

/// "Hello" and its payload.
const HELLO: [u8; 7] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];

/// A block with the fixed codes: `A`, and then 10 bytes from a distance of 100.
const TOO_FAR: [u8; 6] = [0x72, 0x04, 0x5B, 0x03, 0x00, 0x00];

fn greedy(window_bits: u8) -> Deflater<impl Level> {
    let size = 1 << window_bits;
    Deflater::greedy(bits(window_bits), vec![0; 2 * size], vec![0; 1024]).unwrap()
}

fn deflate<L: Level>(deflater: &mut Deflater<L>, message: &[u8]) -> Vec<u8> {
    let mut out = vec![0; message.len() * 2 + 100];
    let step = deflater.deflate(&mut &message[..], &mut out, true);
    let DeflateStep::MessageEnd(len) = step else {
        panic!("{step:?}")
    };
    out.truncate(len);
    out
}

fn for_each_size(
    mut run: impl FnMut(&mut dyn FnMut(&mut [u8], &[u8]) -> bareframe_testkit::Inflated),
    setting: Setting,
) {
    let mut compact = setting.inflater::<Compact>();
    run(&mut |window, payload| inflate(&mut compact, window, &[payload.to_vec()]));
    let mut fast = setting.inflater::<Fast>();
    run(&mut |window, payload| inflate(&mut fast, window, &[payload.to_vec()]));
}

#[test]
fn rfc1951_s3_2_5_old_memory_is_never_handed_out() {
    // What is in the memory before would be ten times an S.
    for_each_size(
        |inflate| {
            let mut window = vec![b'S'; 1 << 15];
            let inflated = inflate(&mut window, &TOO_FAR);
            assert_eq!(inflated.bytes, b"A");
            assert_eq!(
                inflated.fault.map(|(fault, _)| fault),
                Some(DeflateFault::Distance)
            );
        },
        Setting::MAX,
    );
}

#[test]
fn a_pooled_window_shows_nothing_of_another_connection() {
    fn check<T: Size>() {
        let mut window = vec![0; 1 << 15];
        let mut inflater = Inflater::<T>::new(WindowBits::MAX);
        let secret = zlib(6, 15, true, &[b"SECRET".repeat(100)]);
        assert_eq!(inflate(&mut inflater, &mut window, &secret).bytes.len(), 600);
        inflater.reset();
        let inflated = inflate(&mut inflater, &mut window, &[TOO_FAR.to_vec()]);
        assert_eq!(inflated.bytes, b"A");
        // An inflater of its own over the same memory neither.
        let inflated = inflate(
            &mut Inflater::<T>::new(WindowBits::MAX),
            &mut window,
            &[TOO_FAR.to_vec()],
        );
        assert_eq!(inflated.bytes, b"A");
    }
    check::<Compact>();
    check::<Fast>();

    let message = json(1, 300);
    let mut pooled = greedy(10);
    let alone = deflate(&mut pooled, &message);
    let after = deflate(&mut pooled, &message);
    assert!(after.len() < alone.len() / 2);
    pooled.reset();
    assert_eq!(deflate(&mut pooled, &message), alone);
}

#[test]
fn a_pooled_deflater_serves_many_connections() {
    let mut pooled = greedy(10).with_context_takeover(false);
    for seed in 0..100 {
        let message = json(seed % 3, 200);
        let inflated = NaiveInflater::new(1024).message(&deflate(&mut pooled, &message));
        assert_eq!((inflated.bytes, inflated.fault), (message, None));
    }
}

#[test]
fn s7_2_1_a_flush_is_written_when_the_output_is_full_at_the_end() {
    for message in [json(1, 100), json(2, 31), b"".to_vec(), repetitive(3, 300)] {
        let whole = deflate(&mut greedy(9), &message);
        for first in 0..=whole.len() + 1 {
            let mut deflater = greedy(9);
            let mut input = &message[..];
            let mut payload = vec![0; first];
            let mut step = deflater.deflate(&mut input, &mut payload, true);
            let mut more = [0; 1];
            while let DeflateStep::OutputFull(_) = step {
                step = deflater.deflate(&mut input, &mut more, true);
                if let DeflateStep::OutputFull(1) | DeflateStep::MessageEnd(1) = step {
                    payload.push(more[0]);
                }
            }
            payload.truncate(whole.len());
            assert!(
                matches!(step, DeflateStep::MessageEnd(_)) && payload == whole,
                "{first}"
            );
        }
    }
}

#[test]
fn s10_4_a_bomb_stops_at_its_limit_while_it_is_made() {
    let bomb = zlib(9, 15, true, &[vec![0; 10_000_000]]);
    assert!(bomb[0].len() < 20_000);
    for limit in [0, 1, 1000, 32_768, 100_000] {
        for_each_size(
            |inflate| {
                let inflated = inflate(&mut vec![0; 1 << 15], &bomb[0]);
                let (fault, at) = inflated.fault.unwrap();
                assert_eq!(fault, DeflateFault::TooBig);
                assert!(inflated.bytes.len() as u64 <= limit && inflated.bytes.len() + 258 > limit as usize);
                assert!(
                    at < 50 + limit as usize / 500,
                    "no more was looked at than it took"
                );
            },
            Setting {
                limit,
                ..Setting::MAX
            },
        );
    }
    // Exactly the limit is no bomb, and the next message has a limit of its own.
    for_each_size(
        |inflate| {
            let mut window = vec![0; 1 << 15];
            for _ in 0..3 {
                assert_eq!(inflate(&mut window, &HELLO).bytes, b"Hello");
            }
        },
        Setting {
            limit: 5,
            ..Setting::MAX
        },
    );
    assert_eq!(InflateError::TooBig { limit: 5 }.close_code().number(), 1009);
}

#[test]
fn s7_1_2_a_window_of_8_bits_is_one_of_256_bytes() {
    let message = repetitive(1, 5000);
    let mut deflater = greedy(8);
    let mut naive = NaiveInflater::new(256);
    for _ in 0..5 {
        let inflated = naive.message(&deflate(&mut deflater, &message));
        assert_eq!((&inflated.bytes, inflated.fault), (&message, None));
    }
    let parameters = Acceptance::DEFAULT.with_server_max_window_bits(WindowBits::MIN);
    let offers = bareframe::handshake::Extensions::parse("permessage-deflate").unwrap();
    assert_eq!(
        parameters.accept(offers).unwrap().server().window_bits().size(),
        256
    );
}

#[test]
fn s7_1_2_a_distance_beyond_the_negotiated_window_is_refused() {
    // 400 bytes that do not repeat, and then again.
    let message = bareframe_testkit::Random::new(1).bytes(400).repeat(2);
    let payload = zlib(6, 10, true, std::slice::from_ref(&message));
    for (window_bits, fault) in [(9, None), (8, Some(DeflateFault::Distance))] {
        for_each_size(
            |inflate| {
                let inflated = inflate(&mut vec![0; 1 << window_bits], &payload[0]);
                assert_eq!(inflated.fault.map(|(fault, _)| fault), fault);
            },
            Setting {
                bits: window_bits,
                ..Setting::MAX
            },
        );
        // Also if there is more memory than the window.
        let mut more = vec![0; (1 << window_bits) + 1000];
        let mut inflater = Inflater::<Fast>::new(bits(window_bits));
        let inflated = inflate(&mut inflater, &mut more, &payload);
        assert_eq!(inflated.fault.map(|(fault, _)| fault), fault);
    }
    assert_eq!(InflateError::InvalidDistance.close_code().number(), 1007);
}

#[test]
fn s7_2_3_4_a_final_block_ends_its_stream_and_the_next_begins_anew() {
    let with_final = [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00];
    for_each_size(
        |inflate| {
            let mut window = vec![0; 1 << 15];
            assert_eq!(inflate(&mut window, &with_final).bytes, b"Hello");
            // As some end it: without the byte of the empty block that follows.
            assert_eq!(inflate(&mut window, &with_final[..7]).bytes, b"Hello");
            // Two streams in one message.
            let twice = [&with_final[..7], &with_final].concat();
            assert_eq!(inflate(&mut window, &twice).bytes, b"HelloHello");
            assert_eq!(inflate(&mut window, &HELLO).bytes, b"Hello");
            // A stream does not refer to another.
            assert_eq!(inflate(&mut window, &with_final).bytes, b"Hello");
            let inflated = inflate(&mut window, &[0xF2, 0x00, 0x11, 0x00, 0x00]);
            assert_eq!(
                inflated.fault.map(|(fault, _)| fault),
                Some(DeflateFault::Distance)
            );
        },
        Setting::MAX,
    );
}

#[test]
fn s7_1_1_history_is_kept_where_it_was_agreed_and_forgotten_where_not() {
    let messages = [json(1, 100), json(1, 100), json(2, 200)];
    for takeover in [true, false] {
        let mut deflater = greedy(10).with_context_takeover(takeover);
        let payloads: Vec<_> = messages
            .iter()
            .map(|message| deflate(&mut deflater, message))
            .collect();
        assert_eq!(payloads[0] != payloads[1], takeover);
        for inflate_takeover in [true, false] {
            for_each_size(
                |inflate| {
                    let mut window = vec![0; 1 << 15];
                    let mut good = 0;
                    for (payload, message) in payloads.iter().zip(&messages) {
                        let inflated = inflate(&mut window, payload);
                        if inflated.fault.is_some() {
                            break;
                        }
                        assert_eq!(inflated.bytes, *message);
                        good += 1;
                    }
                    // Only what refers to what was forgotten fails.
                    assert_eq!(good, if takeover && !inflate_takeover { 1 } else { 3 });
                },
                Setting {
                    takeover: inflate_takeover,
                    ..Setting::MAX
                },
            );
        }
    }
}

#[test]
fn s6_rsv1_is_on_the_first_frame_of_a_message_and_nowhere_else() {
    use Opcode::{Binary, Close, Continuation, Ping, Pong, Text};
    for opcode in [Text, Binary] {
        assert_eq!(begins_compressed(opcode, Rsv::RSV1), Ok(true));
        assert_eq!(begins_compressed(opcode, Rsv::NONE), Ok(false));
    }
    for opcode in [Continuation, Close, Ping, Pong] {
        assert_eq!(
            begins_compressed(opcode, Rsv::RSV1),
            Err(ProtocolError::ReservedBits)
        );
        assert_eq!(begins_compressed(opcode, Rsv::NONE), Ok(false));
    }
}

#[test]
fn s7_2_3_6_empty_messages_and_empty_fragments() {
    let empty: [&[&[u8]]; 5] = [
        &[&[0x00]],
        &[&[], &[0x00], &[]],
        &[&[]],
        &[&[], &[]],
        &[&[0x00], &[]],
    ];
    let hello: [&[&[u8]]; 3] = [
        &[&HELLO[..3], &[], &HELLO[3..], &[]],
        &[&[], &HELLO],
        &[&HELLO[..6], &[0x00], &[]],
    ];
    fn check<T: Size>(pieces: &[&[u8]], expected: &[u8]) {
        let pieces: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.to_vec()).collect();
        let mut inflater = Inflater::<T>::new(WindowBits::MIN);
        for _ in 0..3 {
            let inflated = inflate(&mut inflater, &mut [0; 256], &pieces);
            assert_eq!((&inflated.bytes[..], inflated.fault), (expected, None));
        }
    }
    for pieces in empty {
        check::<Compact>(pieces, b"");
        check::<Fast>(pieces, b"");
    }
    for pieces in hello {
        check::<Compact>(pieces, b"Hello");
        check::<Fast>(pieces, b"Hello");
    }
}

#[test]
fn s8_1_text_is_validated_across_blocks_and_windows() {
    let text = "naïve 你好 🎈 ".repeat(100);
    let mut wrong = text.clone().into_bytes();
    wrong[700] = 0xFF;
    for (message, is_text) in [(text.into_bytes(), true), (wrong, false)] {
        let payload = zlib(6, 9, true, std::slice::from_ref(&message));
        for pieces in
            [1, 3, 1000].map(|size| split::cut(&payload[0], &split::in_pieces_of(size, payload[0].len())))
        {
            let mut inflater = Inflater::<Fast>::new(bits(9));
            let (mut window, mut validator) = ([0; 512], Utf8Validator::new());
            let mut is_valid = true;
            for (index, piece) in pieces.iter().enumerate() {
                let mut input = &piece[..];
                let is_last = index + 1 == pieces.len();
                while let Step::Output(range) = inflater.inflate(&mut window, &mut input, is_last).unwrap() {
                    is_valid &= validator.push(&window[range]).is_ok();
                }
            }
            assert_eq!(is_valid && validator.finish().is_ok(), is_text);
        }
    }
}

#[test]
fn no_call_of_the_codec_takes_nothing_and_says_nothing() {
    let payload = zlib(6, 9, true, &[repetitive(1, 3000)]).remove(0);
    let mut inflater = Inflater::<Fast>::new(bits(9));
    let mut window = [0; 512];
    for byte in &payload {
        let mut input = std::slice::from_ref(byte);
        let mut calls = 0;
        while let Step::Output(range) = inflater.inflate(&mut window, &mut input, false).unwrap() {
            assert!(!range.is_empty());
            calls += 1;
            assert!(
                calls <= 3,
                "a byte makes at most 258 bytes for each of its bits, in a memory of 512"
            );
        }
        assert!(input.is_empty());
    }
    let mut deflater = greedy(9);
    let message = json(1, 3000);
    for byte in &message {
        let mut input = std::slice::from_ref(byte);
        let mut out = [0; 10];
        let mut calls = 0;
        while let DeflateStep::OutputFull(len) = deflater.deflate(&mut input, &mut out, false) {
            assert_eq!(len, 10);
            calls += 1;
            assert!(calls < 100);
        }
        assert!(input.is_empty());
    }
}

#[test]
fn s7_1_2_each_direction_has_its_own_window() {
    let offers =
        "permessage-deflate; server_max_window_bits=9; client_max_window_bits=12; client_no_context_takeover";
    let offers = bareframe::handshake::Extensions::parse(offers).unwrap();
    let parameters = Acceptance::DEFAULT.accept(offers).unwrap();
    for (direction, window_bits, takeover) in
        [(parameters.server(), 9, true), (parameters.client(), 12, false)]
    {
        assert_eq!(direction.window_bits(), bits(window_bits));
        assert_eq!(direction.context_takeover(), takeover);
        let mut deflater =
            greedy(direction.window_bits().bits()).with_context_takeover(direction.context_takeover());
        let mut inflater = Inflater::<Compact>::new(direction.window_bits())
            .with_context_takeover(direction.context_takeover());
        let mut window = vec![0; direction.window_bits().size()];
        for seed in 0..5 {
            let message = json(seed, 2000);
            let payload = deflate(&mut deflater, &message);
            assert_eq!(inflate(&mut inflater, &mut window, &[payload]).bytes, message);
        }
    }
}
