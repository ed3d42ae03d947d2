//! Ours validating text: the validator alone, and text messages, by size and by split.

mod support;

use bareframe::Utf8Validator;
use bareframe_benches::ours;
use bareframe_benches::wire::{From, Payload, Stream, TEXT};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

const SIZES: [usize; 7] = [16, 40, 125, 512, 1024, 4096, 65_536];

fn kinds() -> impl Iterator<Item = Payload> {
    std::iter::once(Payload::Ascii).chain(Payload::BEYOND_ASCII)
}

fn validator(criterion: &mut Criterion) {
    for kind in kinds() {
        let mut group = criterion.benchmark_group(format!("utf8 alone, {}", kind.name()));
        for len in SIZES {
            let text = kind.bytes(len);
            group.throughput(Throughput::Bytes(len as u64));
            group.bench_function(BenchmarkId::from_parameter(len), |bencher| {
                bencher.iter(|| Utf8Validator::new().push(black_box(&text)));
            });
            group.bench_function(BenchmarkId::new("in pieces of 1460", len), |bencher| {
                bencher.iter(|| {
                    let mut validator = Utf8Validator::new();
                    let mut pieces = black_box(&text).chunks(1460);
                    pieces.all(|piece| validator.push(piece).is_ok())
                });
            });
        }
    }
}

fn messages(criterion: &mut Criterion) {
    for kind in kinds() {
        let mut group = criterion.benchmark_group(format!("text messages, {}", kind.name()));
        for len in SIZES {
            let stream = Stream::repeated(TEXT, From::Client, &kind.bytes(len), (64 << 10) / len);
            group.throughput(Throughput::Bytes((stream.frames * len) as u64));
            group.bench_function(BenchmarkId::from_parameter(len), |bencher| {
                support::measure(bencher, &mut *ours::decode(&stream));
            });
        }
    }
}

criterion_group!(benches, validator, messages);
criterion_main!(benches);
