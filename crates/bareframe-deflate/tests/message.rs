//! Messages of a connection, compressed or not, in frames; the peer's inflater has to follow.

mod support;

use bareframe_deflate::{
    DeflateStep, Deflater, Fast, Level, MessageDeflater, Payload, Prepared, PreparedError,
};
use bareframe_testkit::{NaiveInflater, Random};
use support::{Setting, bits, inflate, json, repetitive};

/// The frames of a message: RSV1, FIN and payload.
type Frames = Vec<(bool, bool, Vec<u8>)>;

fn greedy(window_bits: u8) -> Deflater<impl Level> {
    let size = 1 << window_bits;
    Deflater::greedy(bits(window_bits), vec![0; 2 * size], vec![0; 512]).unwrap()
}

fn best(window_bits: u8) -> Deflater<impl Level> {
    let size = 1 << window_bits;
    let (buffer, heads, links) = (vec![0; 2 * size], vec![0; size], vec![0; size]);
    Deflater::best(bits(window_bits), buffer, heads, links, vec![0; 8192]).unwrap()
}

/// Sends a message in frames of at most `out_len` bytes; its input comes in pieces of at most `piece` bytes.
fn send<L: Level>(messages: &mut MessageDeflater<L>, message: &[u8], piece: usize, out_len: usize) -> Frames {
    let mut frames = Frames::new();
    let mut out = vec![0; out_len];
    let mut rest = message;
    loop {
        let (front, after) = rest.split_at(piece.min(rest.len()));
        let is_last = after.is_empty();
        rest = after;
        let mut input = front;
        loop {
            match messages.next(&mut input, is_last, &mut out) {
                Payload::NeedsInput => break assert!(input.is_empty() && !is_last),
                Payload::Frame {
                    len,
                    is_first,
                    is_last: is_end,
                } => {
                    assert_eq!(is_first, frames.is_empty());
                    frames.push((is_first, is_end, out[..len].to_vec()));
                    if is_end {
                        assert!(is_last && input.is_empty() && messages.is_between_messages());
                        return frames;
                    }
                }
                Payload::Uncompressed(taken) => {
                    assert!(frames.is_empty() || !frames[0].0);
                    let payload = [taken, input].concat();
                    frames.push((false, is_last, payload));
                    if is_last {
                        assert!(messages.is_between_messages());
                        return frames;
                    }
                    break;
                }
            }
        }
    }
}

fn receive(naive: &mut NaiveInflater, frames: &Frames) -> Vec<u8> {
    let payload: Vec<u8> = frames
        .iter()
        .flat_map(|(_, _, payload)| payload.clone())
        .collect();
    assert!(
        frames[1..].iter().all(|(rsv1, _, _)| !rsv1),
        "RSV1 is on the first only"
    );
    let fins: Vec<bool> = frames.iter().map(|&(_, fin, _)| fin).collect();
    assert!(
        fins.iter()
            .rposition(|fin| !fin)
            .is_none_or(|at| at + 2 == fins.len())
            && fins.ends_with(&[true])
    );
    if !frames[0].0 {
        return payload;
    }
    let inflated = naive.message(&payload);
    assert_eq!(inflated.fault, None);
    inflated.bytes
}

/// A connection on which everything happens that may.
fn converse<L: Level>(deflater: Deflater<L>, takeover: bool, seed: u64) {
    let window_bits = deflater.window_bits().bits();
    let mut random = Random::new(seed);
    let mut messages = MessageDeflater::new(deflater.with_context_takeover(takeover));
    let setting = Setting {
        bits: window_bits,
        takeover,
        ..Setting::MAX
    };
    let mut naive = setting.naive();
    let mut fast = setting.inflater::<Fast>();
    let mut window = vec![0; 1 << window_bits];
    let (mut compressed, mut sent) = (0, 0);
    for _ in 0..30 {
        let len = [0, 20, 100, 700, 3000][random.below(5)];
        let message = match random.below(4) {
            0 => random.bytes(len),
            1 => repetitive(random.number(), len),
            _ => json(random.number() % 9, len),
        };
        let opts_out = random.below(5) == 0;
        if opts_out {
            assert!(messages.opt_out());
        }
        if random.below(6) == 0 {
            let prepared_bits = 8 + random.below(8) as u8;
            let mut out = vec![0; message.len() * 2 + 100];
            let step = greedy(prepared_bits).deflate(&mut &message[..], &mut out, true);
            let DeflateStep::MessageEnd(len) = step else {
                panic!()
            };
            let prepared = Prepared::new(&out[..len], bits(prepared_bits));
            match messages.prepared(prepared) {
                Ok(payload) => {
                    assert!(prepared_bits <= window_bits);
                    assert_eq!(naive.message(payload).bytes, message);
                    let inflated = inflate(&mut fast, &mut window, &[payload.to_vec()]);
                    assert_eq!((inflated.bytes, inflated.fault), (message, None));
                }
                Err(error) => {
                    assert!(prepared_bits > window_bits);
                    let (prepared, negotiated) = (bits(prepared_bits), bits(window_bits));
                    assert_eq!(error, PreparedError::WindowTooLarge { prepared, negotiated });
                }
            }
            continue;
        }
        let out_len = [1, 16, 125, 4000][random.below(4)];
        let piece = [1, 50, 1000, 1 << 20][random.below(4)];
        let frames = send(&mut messages, &message, piece, out_len);
        assert!(!(opts_out && frames[0].0));
        assert_eq!(receive(&mut naive, &frames), message);
        if frames[0].0 {
            let pieces: Vec<Vec<u8>> = frames.into_iter().map(|(_, _, payload)| payload).collect();
            let inflated = inflate(&mut fast, &mut window, &pieces);
            assert_eq!((&inflated.bytes, inflated.fault), (&message, None));
            compressed += message.len();
            sent += pieces.concat().len();
        }
    }
    assert!(sent < compressed, "{sent} of {compressed}");
}

#[test]
fn s7_2_whatever_is_sent_how_the_peer_follows() {
    for seed in 0..3 {
        for window_bits in [8, 10, 15] {
            for takeover in [true, false] {
                converse(greedy(window_bits), takeover, seed);
                converse(best(window_bits), takeover, seed);
            }
        }
    }
}

/// Random bytes between messages that shrink.
fn sends_random_bytes_as_they_are<L: Level>(deflater: impl Fn() -> Deflater<L>) {
    for (piece, out_len) in [(1 << 20, 4000), (100, 4000), (1 << 20, 200), (1, 200)] {
        let mut messages = MessageDeflater::new(deflater());
        let message = Random::new(1).bytes(1000);
        let frames = send(&mut messages, &message, piece, out_len);
        assert!(frames.iter().all(|(rsv1, _, _)| !rsv1), "{piece} {out_len}");
        let mut naive = NaiveInflater::new(4096);
        assert_eq!(receive(&mut naive, &frames), message);
        // It is in no window, and so nothing refers to it.
        for message in [json(1, 300), message, json(1, 300)] {
            let frames = send(&mut messages, &message, piece, out_len);
            assert_eq!(receive(&mut naive, &frames), message);
        }
    }
}

#[test]
fn s6_1_what_did_not_shrink_is_sent_as_it_is() {
    sends_random_bytes_as_they_are(|| greedy(12));
    sends_random_bytes_as_they_are(|| best(12));
}

#[test]
fn s6_1_short_messages_are_sent_as_they_are() {
    let mut messages = MessageDeflater::new(greedy(9)).with_threshold(40);
    let is_compressed =
        |messages: &mut MessageDeflater<_>, len| send(messages, &vec![7; len], 1 << 20, 100)[0].0;
    assert!(!is_compressed(&mut messages, 39));
    assert!(is_compressed(&mut messages, 40));
    assert!(!is_compressed(&mut messages, 0));
    let mut all = MessageDeflater::new(greedy(9)).with_threshold(0);
    assert!(is_compressed(&mut all, 8));
}

#[test]
fn s7_2_3_6_an_empty_message_is_not_compressed_for_nothing() {
    let mut all = MessageDeflater::new(greedy(9)).with_threshold(0);
    let frames = send(&mut all, b"", 1, 10);
    assert_eq!(frames, [(false, true, Vec::new())]);
}

#[test]
fn s6_1_opting_out_within_a_message_is_refused() {
    let mut messages = MessageDeflater::new(greedy(9));
    let mut out = [0; 10];
    assert_eq!(
        messages.next(&mut &[7; 5][..], false, &mut out),
        Payload::NeedsInput
    );
    assert!(!messages.opt_out());
    let prepared = Prepared::new(&[0], bits(8));
    assert_eq!(messages.prepared(prepared), Err(PreparedError::WithinMessage));
    let payload = messages.next(&mut &[7; 500][..], true, &mut out);
    assert!(matches!(
        payload,
        Payload::Frame {
            is_first: true,
            is_last: true,
            ..
        }
    ));
    assert!(messages.prepared(prepared).is_ok());
}
