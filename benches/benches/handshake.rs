//! Ours reading a browser's request, and answering it.

use bareframe::handshake::{Accept, HeadEnd, Key, Request};
use bareframe_benches::ours;
use bareframe_benches::wire::REQUEST;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;

fn handshake(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("handshake");
    let mut whole = ours::handshake();
    group.bench_function("request and answer", |bencher| {
        bencher.iter(|| whole(black_box(REQUEST)))
    });
    group.bench_function("request", |bencher| {
        bencher.iter(|| Request::parse(black_box(REQUEST)).map(|(request, _)| request.upgrade().is_ok()));
    });
    if let Some(key) = Key::parse(b"dGhlIHNhbXBsZSBub25jZQ==") {
        group.bench_function("accept", |bencher| {
            bencher.iter(|| Accept::from_key(black_box(&key)))
        });
    }
    for piece in [16, 256] {
        group.bench_function(BenchmarkId::new("end of head in pieces", piece), |bencher| {
            bencher.iter(|| {
                let mut end = HeadEnd::new(8192);
                let lens = (piece..REQUEST.len()).step_by(piece).chain([REQUEST.len()]);
                lens.filter(|&len| matches!(end.arrived(black_box(&REQUEST[..len])), Ok(true)))
                    .count()
            });
        });
    }
}

criterion_group!(benches, handshake);
criterion_main!(benches);
