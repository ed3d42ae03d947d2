//! Compressing messages with our levels and with zlib-rs: by kind and length, with takeover and without.

use bareframe_benches::compression::Kind;
use bareframe_deflate::{DeflateStep, Deflater, Level, WindowBits};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use zlib_rs::DeflateFlush;

const LENS: [usize; 6] = [64, 128, 256, 1024, 4096, 65_536];
const COUNT: usize = 64;

fn ours<L: Level>(deflater: &mut Deflater<L>, message: &[u8], out: &mut [u8]) -> usize {
    match deflater.deflate(&mut &*message, out, true) {
        DeflateStep::MessageEnd(len) => len,
        step => panic!("{step:?}"),
    }
}

fn deflate(criterion: &mut Criterion) {
    let size = WindowBits::MAX.size();
    for kind in Kind::ALL {
        for takeover in [true, false] {
            let name = format!(
                "deflate {} {}",
                kind.name(),
                if takeover { "takeover" } else { "reset" }
            );
            let mut group = criterion.benchmark_group(name);
            for len in LENS {
                let messages = kind.messages(COUNT, len);
                let mut out = vec![0; len * 2 + 1000];
                group.throughput(Throughput::Bytes(len as u64));
                let mut next = (0..COUNT).cycle();

                let mut greedy = Deflater::greedy(WindowBits::MAX, vec![0; 2 * size], vec![0; 8192])
                    .expect("it is enough")
                    .with_context_takeover(takeover);
                group.bench_function(BenchmarkId::new("greedy", len), |bencher| {
                    bencher.iter(|| {
                        let message = &messages[next.next().unwrap_or_default()];
                        ours(&mut greedy, black_box(message), &mut out)
                    });
                });
                let (buffer, heads, links) = (vec![0; 2 * size], vec![0; size], vec![0; size]);
                let mut best = Deflater::best(WindowBits::MAX, buffer, heads, links, vec![0; 8192])
                    .expect("it is enough")
                    .with_context_takeover(takeover);
                group.bench_function(BenchmarkId::new("best", len), |bencher| {
                    bencher.iter(|| {
                        let message = &messages[next.next().unwrap_or_default()];
                        ours(&mut best, black_box(message), &mut out)
                    });
                });
                for level in [1, 6] {
                    let mut zlib = zlib_rs::Deflate::new(level, false, 15);
                    group.bench_function(BenchmarkId::new(format!("zlib-rs {level}"), len), |bencher| {
                        bencher.iter(|| {
                            if !takeover {
                                zlib.reset();
                            }
                            let message = &messages[next.next().unwrap_or_default()];
                            zlib.compress(black_box(message), &mut out, DeflateFlush::SyncFlush)
                        });
                    });
                }
            }
        }
    }
}

criterion_group!(benches, deflate);
criterion_main!(benches);
