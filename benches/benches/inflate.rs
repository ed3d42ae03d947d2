//! Inflating messages with both of ours, zlib-rs and miniz_oxide: by kind and length, with fixed codes and with dynamic
//! ones.

use bareframe_benches::compression::Kind;
use bareframe_deflate::{Compact, Fast, Inflater, Size, Step, WindowBits};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use std::hint::black_box;
use zlib_rs::{DeflateFlush, InflateFlush};

const LENS: [usize; 6] = [64, 128, 256, 1024, 4096, 65_536];
const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];

/// Compresses a message by itself, so that it can be inflated again and again.
fn payload(level: i32, message: &[u8]) -> Vec<u8> {
    let mut zlib = zlib_rs::Deflate::new(level, false, 15);
    let mut out = vec![0; message.len() * 2 + 1000];
    zlib.compress(message, &mut out, DeflateFlush::SyncFlush)
        .expect("there is room");
    out.truncate(zlib.total_out() as usize - TAIL.len());
    out
}

fn ours<T: Size>(inflater: &mut Inflater<T>, window: &mut [u8], payload: &[u8]) -> usize {
    let mut input = payload;
    let mut len = 0;
    while let Ok(Step::Output(range)) = inflater.inflate(window, &mut input, true) {
        len += black_box(&window[range]).len();
    }
    len
}

fn inflate(criterion: &mut Criterion) {
    for kind in Kind::ALL {
        for (level, codes) in [(1, "fixed"), (6, "dynamic")] {
            let mut group = criterion.benchmark_group(format!("inflate {} {codes}", kind.name()));
            for len in LENS {
                let message = kind.messages(1, len).remove(0);
                let payload = payload(level, &message);
                let with_tail = [&payload[..], &TAIL].concat();
                let mut window = vec![0; WindowBits::MAX.size()];
                group.throughput(Throughput::Bytes(len as u64));

                let mut fast = Inflater::<Fast>::new(WindowBits::MAX).with_context_takeover(false);
                assert_eq!(ours(&mut fast, &mut window, &payload), len);
                group.bench_function(BenchmarkId::new("fast", len), |bencher| {
                    bencher.iter(|| ours(&mut fast, &mut window, black_box(&payload)));
                });
                let mut compact = Inflater::<Compact>::new(WindowBits::MAX).with_context_takeover(false);
                group.bench_function(BenchmarkId::new("compact", len), |bencher| {
                    bencher.iter(|| ours(&mut compact, &mut window, black_box(&payload)));
                });
                let mut zlib = zlib_rs::Inflate::new(false, 15);
                let mut out = vec![0; len + 300];
                group.bench_function(BenchmarkId::new("zlib-rs", len), |bencher| {
                    bencher.iter(|| {
                        zlib.reset(false);
                        zlib.decompress(black_box(&with_tail), &mut out, InflateFlush::SyncFlush)
                    });
                });
                let mut miniz = Box::new(DecompressorOxide::new());
                let flags = inflate_flags::TINFL_FLAG_HAS_MORE_INPUT
                    | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
                group.bench_function(BenchmarkId::new("miniz_oxide", len), |bencher| {
                    bencher.iter(|| {
                        miniz.init();
                        decompress(&mut miniz, black_box(&with_tail), &mut out, 0, flags)
                    });
                });
            }
        }
    }
}

criterion_group!(benches, inflate);
criterion_main!(benches);
