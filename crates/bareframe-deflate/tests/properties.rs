//! Whatever is compressed is what was, and whatever is inflated is what the naive inflater makes of it.

mod support;

use bareframe_deflate::{Compact, DeflateStep, Deflater, Fast, Level};
use bareframe_testkit::{NaiveInflater, Random, split};
use proptest::prelude::*;
use support::{Setting, bits, inflate};

/// Bytes that repeat, in a narrower or wider alphabet.
fn messages() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let part = (
        proptest::collection::vec(any::<u8>(), 0..40),
        1..30_usize,
        0..8_u32,
    );
    let message = proptest::collection::vec(part, 0..5).prop_map(|parts| {
        let repeated = |(bytes, times, shift): (Vec<u8>, usize, u32)| {
            bytes
                .iter()
                .map(|byte| byte >> shift)
                .collect::<Vec<u8>>()
                .repeat(times)
        };
        parts.into_iter().flat_map(repeated).collect()
    });
    proptest::collection::vec(message, 1..5)
}

fn round_trip<L: Level>(
    deflater: Deflater<L>,
    takeover: bool,
    messages: &[Vec<u8>],
    out_len: usize,
    seed: u64,
) {
    let setting = Setting {
        bits: deflater.window_bits().bits(),
        takeover,
        ..Setting::MAX
    };
    let mut deflater = deflater.with_context_takeover(takeover);
    let mut naive = setting.naive();
    let (mut compact, mut fast) = (setting.inflater::<Compact>(), setting.inflater::<Fast>());
    let (mut first, mut second) = (vec![0; 1 << setting.bits], vec![0; 1 << setting.bits]);
    let mut random = Random::new(seed);
    for message in messages {
        let mut payload = Vec::new();
        let mut out = vec![0; out_len];
        let lens = split::at_random(message.len(), 500, &mut random);
        let mut pieces = split::cut(message, &lens);
        pieces.push(Vec::new());
        for (index, piece) in pieces.iter().enumerate() {
            let mut input = &piece[..];
            loop {
                let step = deflater.deflate(&mut input, &mut out, index + 1 == pieces.len());
                let (DeflateStep::OutputFull(len)
                | DeflateStep::NeedsInput(len)
                | DeflateStep::MessageEnd(len)) = step;
                payload.extend_from_slice(&out[..len]);
                if !matches!(step, DeflateStep::OutputFull(_)) {
                    break;
                }
            }
        }
        let lens = split::at_random(payload.len(), 30, &mut random);
        let pieces = split::cut(&payload, &lens);
        for inflated in [
            naive.message(&payload),
            inflate(&mut compact, &mut first, &pieces),
            inflate(&mut fast, &mut second, &pieces),
        ] {
            assert_eq!((&inflated.bytes, inflated.fault), (message, None));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_compressed_is_inflated(
        messages in messages(),
        window_bits in 8..=15_u8,
        takeover: bool,
        best: bool,
        out_len in 1..100_usize,
        heads in 2..2000_usize,
        seed: u64,
    ) {
        let size = 1 << window_bits;
        let (buffer, heads) = (vec![0; 2 * size], vec![0; heads]);
        if best {
            let deflater = Deflater::best(bits(window_bits), buffer, heads, vec![0; size], vec![0; 6144]);
            round_trip(deflater.unwrap(), takeover, &messages, out_len, seed);
        } else {
            let deflater = Deflater::greedy(bits(window_bits), buffer, heads);
            round_trip(deflater.unwrap(), takeover, &messages, out_len, seed);
        }
    }

    #[test]
    fn any_bytes_are_inflated_as_the_naive_inflater_does(
        payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 1..4),
        window_bits in 8..=15_u8,
        takeover: bool,
        limit in 0..2000_u64,
        seed: u64,
    ) {
        let setting = Setting { bits: window_bits, takeover, limit };
        let expected = setting.expected(&payloads);
        let mut random = Random::new(seed);
        let mut cut = |payload: &[u8]| {
            let lens = split::at_random(payload.len(), 8, &mut random);
            split::cut(payload, &lens)
        };
        setting.check::<Compact>(&payloads, &expected, 0, &mut cut);
        setting.check::<Fast>(&payloads, &expected, 7, &mut cut);
    }

    #[test]
    fn a_window_that_is_larger_inflates_the_same(messages in messages(), window_bits in 8..15_u8) {
        let size = 1 << window_bits;
        let mut deflater = Deflater::greedy(bits(window_bits), vec![0; 2 * size], vec![0; 500]).unwrap();
        let mut naive = NaiveInflater::new(1 << 15);
        for message in messages {
            let mut out = vec![0; message.len() * 2 + 100];
            let step = deflater.deflate(&mut &message[..], &mut out, true);
            let DeflateStep::MessageEnd(len) = step else { panic!("{step:?}") };
            prop_assert_eq!(naive.message(&out[..len]).bytes, message);
        }
    }
}
