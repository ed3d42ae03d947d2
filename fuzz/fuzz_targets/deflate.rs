//! Messages compressed by every level in every window: what comes out is inflated to the same by the naive inflater, which
//! enforces the window, and by zlib-rs; what was abandoned is not in the history.

#![no_main]

use arbitrary::Arbitrary;
use bareframe_deflate::{DeflateStep, Deflater, Level};
use bareframe_fuzz::deflate::{Compressible, deflate, window_bits};
use bareframe_testkit::NaiveInflater;
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    bits: u8,
    takeover: bool,
    best: bool,
    heads: u16,
    calls: Vec<Call<'a>>,
}

#[derive(Arbitrary, Debug)]
enum Call<'a> {
    Message {
        message: Compressible<'a>,
        piece: u16,
        out: u8,
    },
    Abandon {
        message: Compressible<'a>,
        out: u8,
        is_last: bool,
    },
    Forget,
}

fuzz_target!(|input: Input<'_>| {
    let bits = window_bits(input.bits);
    let (buffer, heads) = (vec![0; 2 * bits.size()], vec![0; usize::from(input.heads).max(2)]);
    if input.best {
        let deflater = Deflater::best(bits, buffer, heads, vec![0; bits.size()], vec![0; 6144]);
        run(&input, deflater.expect("the memory is large enough"));
    } else {
        let deflater = Deflater::greedy(bits, buffer, heads);
        run(&input, deflater.expect("the memory is large enough"));
    }
});

fn run<L: Level>(input: &Input<'_>, deflater: Deflater<L>) {
    let size = deflater.window_bits().size();
    let mut deflater = deflater.with_context_takeover(input.takeover);
    let mut naive = NaiveInflater::new(size);
    let mut zlib = zlib_rs::Inflate::new(false, 15);
    for call in &input.calls {
        match call {
            Call::Message { message, piece, out } => {
                let message = message.bytes();
                let payload = deflate(
                    &mut deflater,
                    &message,
                    usize::from(*piece).max(1),
                    usize::from(*out).max(1),
                );
                if !input.takeover {
                    naive = NaiveInflater::new(size);
                }
                let inflated = naive.message(&payload);
                assert!(
                    inflated.bytes == message && inflated.fault.is_none(),
                    "{:?}",
                    inflated.fault
                );
                let with_tail = [&payload[..], &[0, 0, 0xFF, 0xFF]].concat();
                let mut bytes = vec![0; message.len() + 300];
                let before = zlib.total_out();
                zlib.decompress(&with_tail, &mut bytes, zlib_rs::InflateFlush::SyncFlush)
                    .expect("zlib inflates it");
                assert!(bytes[..(zlib.total_out() - before) as usize] == message);
            }
            Call::Abandon {
                message,
                out,
                is_last,
            } => {
                let mut out = vec![0; usize::from(*out)];
                let step = deflater.deflate(&mut &message.bytes()[..], &mut out, *is_last);
                assert_eq!(
                    deflater.is_between_messages(),
                    matches!(step, DeflateStep::MessageEnd(_))
                );
                deflater.abandon();
                assert!(deflater.is_between_messages());
            }
            Call::Forget => {
                deflater.forget();
                naive = NaiveInflater::new(size);
            }
        }
    }
}
