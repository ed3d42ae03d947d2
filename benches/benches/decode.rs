//! Ours decoding, by size and by split.

mod support;

use bareframe_benches::ours;
use bareframe_benches::wire::{From, Payload, Stream};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const SIZES: [usize; 9] = [8, 16, 40, 125, 128, 512, 1024, 4096, 65_536];
/// Bytes in each read.
const SPLITS: [usize; 3] = [1, 64, 1460];

fn whole(criterion: &mut Criterion) {
    for (from, name) in [(From::Client, "server"), (From::Server, "client")] {
        for kind in [Payload::Binary, Payload::Ascii] {
            let mut group = criterion.benchmark_group(format!("decode as a {name}, {}", kind.name()));
            for len in SIZES {
                let stream = Stream::repeated(kind.first_byte(), from, &kind.bytes(len), (64 << 10) / len);
                group.throughput(Throughput::Bytes((stream.frames * len) as u64));
                group.bench_function(BenchmarkId::from_parameter(len), |bencher| {
                    support::measure(bencher, &mut *ours::decode(&stream));
                });
            }
        }
    }
}

fn in_pieces(criterion: &mut Criterion) {
    for split in SPLITS {
        let mut group = criterion.benchmark_group(format!("decode in pieces of {split}"));
        for len in [125, 1024, 65_536] {
            let stream = Stream::repeated(0x82, From::Client, &Payload::Binary.bytes(len), (64 << 10) / len);
            group.throughput(Throughput::Bytes((stream.frames * len) as u64));
            group.bench_function(BenchmarkId::from_parameter(len), |bencher| {
                support::measure(bencher, &mut *ours::pieces(&stream, split));
            });
        }
    }
}

criterion_group!(benches, whole, in_pieces);
criterion_main!(benches);
