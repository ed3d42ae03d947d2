//! What the deflater makes of messages is held to the naive inflater, which enforces the window, and to others.

mod support;

use bareframe_deflate::{DeflateStep, Deflater, Fast, Level, WindowBits};
use bareframe_testkit::{NaiveInflater, Random, split};
use support::{Setting, bits, inflate, json, repetitive};

/// Compresses a message that comes in pieces, into outputs of this many bytes.
#[track_caller]
fn deflate<L: Level>(deflater: &mut Deflater<L>, pieces: &[Vec<u8>], out_len: usize) -> Vec<u8> {
    let mut payload = Vec::new();
    let none = [Vec::new()];
    let pieces = if pieces.is_empty() { &none } else { pieces };
    for (index, piece) in pieces.iter().enumerate() {
        let mut input = &piece[..];
        loop {
            let mut out = vec![0xEE; out_len];
            let is_last = index + 1 == pieces.len();
            let step = deflater.deflate(&mut input, &mut out, is_last);
            let (DeflateStep::NeedsInput(len) | DeflateStep::OutputFull(len) | DeflateStep::MessageEnd(len)) =
                step;
            payload.extend_from_slice(&out[..len]);
            match step {
                DeflateStep::OutputFull(_) => assert_eq!(len, out_len, "it is full"),
                DeflateStep::NeedsInput(_) => {
                    assert!(input.is_empty() && !is_last);
                    break;
                }
                DeflateStep::MessageEnd(_) => {
                    assert!(input.is_empty() && is_last && deflater.is_between_messages());
                    return payload;
                }
            }
        }
    }
    unreachable!("the last piece ends the message")
}

/// All levels at all windows, with few and many heads.
fn for_each_level(bits: WindowBits, mut run: impl FnMut(&mut dyn FnMut(&[Vec<u8>], usize) -> Vec<u8>)) {
    for takeover in [true, false] {
        for heads in [2, bits.size() / 4, 4096] {
            let mut greedy = Deflater::greedy(bits, vec![0; 2 * bits.size()], vec![0; heads])
                .unwrap()
                .with_context_takeover(takeover);
            run(&mut |pieces, out| deflate(&mut greedy, pieces, out));
        }
        for (heads, tokens) in [(2, (bits.size() * 3 / 2).min(6144)), (bits.size(), 8192)] {
            let (buffer, links) = (vec![0; 2 * bits.size()], vec![0; bits.size()]);
            let mut best = Deflater::best(bits, buffer, vec![0; heads], links, vec![0; tokens])
                .unwrap()
                .with_context_takeover(takeover);
            run(&mut |pieces, out| deflate(&mut best, pieces, out));
        }
    }
}

fn messages() -> Vec<Vec<u8>> {
    let mut random = Random::new(1);
    vec![
        json(1, 200),
        vec![],
        b"a".to_vec(),
        json(2, 64),
        repetitive(3, 900),
        vec![7; 700],
        random.bytes(300),
        json(4, 1000),
        "Все люди рождаются свободными и равными в своём достоинстве и правах".into(),
        random.bytes(2),
        json(5, 64),
    ]
}

#[test]
fn s7_2_1_every_level_and_window_is_inflated_by_all() {
    for window_bits in 8..=15 {
        for_each_level(bits(window_bits), |deflate| {
            let mut naive = NaiveInflater::new(1 << window_bits);
            let mut fast = Setting {
                bits: window_bits,
                ..Setting::MAX
            }
            .inflater::<Fast>();
            let mut window = vec![0; 1 << window_bits];
            let mut zlib = zlib_rs::Inflate::new(false, 15);
            for message in messages() {
                let payload = deflate(std::slice::from_ref(&message), 10_000);
                let inflated = naive.message(&payload);
                assert_eq!((&inflated.bytes, inflated.fault), (&message, None));
                let inflated = inflate(&mut fast, &mut window, std::slice::from_ref(&payload));
                assert_eq!((&inflated.bytes, inflated.fault), (&message, None));
                let with_tail = [&payload[..], &[0, 0, 0xFF, 0xFF]].concat();
                let mut out = vec![0; message.len() + 10];
                let before = zlib.total_out();
                zlib.decompress(&with_tail, &mut out, zlib_rs::InflateFlush::SyncFlush)
                    .unwrap();
                assert_eq!(out[..(zlib.total_out() - before) as usize], message);
            }
        });
    }
}

#[test]
fn s7_2_1_every_split_of_input_and_output() {
    for window_bits in [8, 9, 15] {
        for out_len in [1, 7, 8, 9, 64, 1000] {
            for_each_level(bits(window_bits), |deflate| {
                let mut naive = NaiveInflater::new(1 << window_bits);
                for message in messages() {
                    for size in [1, 256] {
                        let lens = split::in_pieces_of(size, message.len());
                        let payload = deflate(&split::cut(&message, &lens), out_len);
                        let inflated = naive.message(&payload);
                        assert_eq!((&inflated.bytes, inflated.fault), (&message, None));
                    }
                }
            });
        }
    }
}

#[test]
fn s7_2_1_the_output_does_not_depend_on_the_cuts() {
    for window_bits in [10, 12] {
        let message = json(6, 3000);
        let mut whole = Vec::new();
        for_each_level(bits(window_bits), |deflate| {
            whole.push(deflate(std::slice::from_ref(&message), 10_000))
        });
        for (size, out_len) in [(1, 10_000), (100, 10_000), (3000, 1), (7, 3)] {
            let mut whole = whole.iter();
            for_each_level(bits(window_bits), |deflate| {
                let lens = split::in_pieces_of(size, message.len());
                let payload = deflate(&split::cut(&message, &lens), out_len);
                assert!(payload == *whole.next().unwrap());
            });
        }
    }
}

#[test]
fn s7_2_3_6_an_empty_message_is_one_byte() {
    for_each_level(WindowBits::MIN, |deflate| assert_eq!(deflate(&[], 10), [0x00]));
}

#[test]
fn random_bytes_grow_little() {
    for window_bits in 8..=15 {
        let message = Random::new(window_bits.into()).bytes(65_536);
        let most = if window_bits >= 12 { 65 } else { 1310 };
        let mut worst = 0;
        for size in [100, 65_536] {
            if size == 100 && ![8, 12, 15].contains(&window_bits) {
                continue;
            }
            let pieces = split::cut(&message, &split::in_pieces_of(size, message.len()));
            for_each_level(bits(window_bits), |deflate| {
                let grown = deflate(&pieces, 100_000).len() - message.len();
                assert!(grown <= most, "{window_bits}, pieces of {size}: {grown}");
                worst = worst.max(grown);
            });
        }
        // With `--nocapture`, the figures in the README.
        println!("window bits {window_bits}: 65,536 random bytes grow by {worst}");
    }
}

#[test]
fn s7_2_1_text_after_random_bytes_shrinks_however_it_is_cut() {
    let message = [json(1, 3000), Random::new(2).bytes(3000), json(3, 9000)].concat();
    for window_bits in [8, 9, 12] {
        let size = bits(window_bits).size();
        let greedy = |piece| {
            let mut deflater =
                Deflater::greedy(bits(window_bits), vec![0; 2 * size], vec![0; size / 4]).unwrap();
            let pieces = split::cut(&message, &split::in_pieces_of(piece, message.len()));
            deflate(&mut deflater, &pieces, 100_000)
        };
        let whole = greedy(message.len());
        assert!(whole.len() < 9500, "{window_bits}: {}", whole.len());
        for piece in [1, 2, 100, 128, 1000] {
            assert!(greedy(piece) == whole, "{window_bits}, pieces of {piece}");
        }
    }
}

#[test]
fn what_is_abandoned_is_not_in_the_history() {
    for window_bits in [8, 9, 15] {
        let size = bits(window_bits).size();
        let mut deflater = Deflater::greedy(bits(window_bits), vec![0; 2 * size], vec![0; 256]).unwrap();
        let mut naive = NaiveInflater::new(size);
        let mut random = Random::new(8);
        for round in 0..200 {
            let message = json(round % 5, random.below(400));
            if random.below(2) == 0 {
                let mut out = vec![0; 1 + random.below(100)];
                let is_last = random.below(2) == 0;
                let _ = deflater.deflate(&mut &json(round, random.below(2000))[..], &mut out, is_last);
                deflater.abandon();
            }
            if deflater.is_between_messages() && random.below(5) == 0 {
                deflater.forget();
                naive = NaiveInflater::new(size);
            }
            let payload = deflate(&mut deflater, std::slice::from_ref(&message), 1000);
            let inflated = naive.message(&payload);
            assert_eq!(
                (&inflated.bytes, inflated.fault),
                (&message, None),
                "round {round}"
            );
        }
    }
}

#[test]
fn memory_that_is_too_small_is_refused() {
    for window_bits in 8..=15 {
        let bits = bits(window_bits);
        let size = bits.size();
        let greedy = |buffer, heads| Deflater::greedy(bits, vec![0; buffer], vec![0; heads]).is_ok();
        assert!(greedy(2 * size, 2));
        assert!(!greedy(2 * size - 1, 2) && !greedy(2 * size, 1) && !greedy(2 * size, 0));
        let best = |buffer, heads, links, tokens| {
            let (buffer, heads, links) = (vec![0; buffer], vec![0; heads], vec![0; links]);
            Deflater::best(bits, buffer, heads, links, vec![0; tokens]).is_ok()
        };
        let tokens = (3 * size / 2).min(6144);
        assert!(best(2 * size, 2, size, tokens));
        assert!(!best(2 * size - 1, 2, size, tokens) && !best(2 * size, 1, size, tokens));
        assert!(!best(2 * size, 2, size - 1, tokens) && !best(2 * size, 2, size, tokens / 2));
    }
}
