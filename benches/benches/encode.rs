//! Ours encoding, by size.

use bareframe_benches::ours;
use bareframe_benches::wire::Payload;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

fn headers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode a server's header");
    for len in [125, 1024, 65_536] {
        let mut header = ours::header();
        group.bench_function(BenchmarkId::from_parameter(len), |bencher| {
            bencher.iter(|| header(black_box(len)));
        });
    }
}

fn client_frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode a client's frame");
    for len in [16, 128, 1024, 65_536] {
        let (mut frame, payload) = (ours::client_frame(len + 14), Payload::Binary.bytes(len));
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function(BenchmarkId::from_parameter(len), |bencher| {
            bencher.iter(|| frame(black_box(&payload)));
        });
    }
}

criterion_group!(benches, headers, client_frames);
criterion_main!(benches);
