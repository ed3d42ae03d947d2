//! Our session: events, messages and sends, by size, and the engine alone for comparison.

mod support;

use bareframe_benches::wire::{From, Payload, Stream};
use bareframe_benches::{ours, session};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

const SIZES: [usize; 8] = [8, 16, 40, 125, 128, 512, 1024, 4096];

fn reads(criterion: &mut Criterion) {
    for kind in [Payload::Binary, Payload::Ascii, Payload::Vietnamese] {
        let mut group = criterion.benchmark_group(format!("session reads {}", kind.name()));
        for len in SIZES {
            let bytes = kind.bytes(len);
            let stream = Stream::repeated(kind.first_byte(), From::Client, &bytes, (64 << 10) / len);
            group.throughput(Throughput::Elements(stream.frames as u64));
            group.bench_function(BenchmarkId::new("receive", len), |bencher| {
                support::measure(bencher, &mut *ours::decode(&stream));
            });
            group.bench_function(BenchmarkId::new("events", len), |bencher| {
                support::measure(bencher, &mut *session::events(&stream));
            });
            group.bench_function(BenchmarkId::new("messages", len), |bencher| {
                support::measure(bencher, &mut *session::messages(&stream));
            });
        }
    }
}

fn sends(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("session sends");
    for len in SIZES {
        let payload = Payload::Binary.bytes(len);
        group.throughput(Throughput::Bytes(len as u64));
        let (mut encode, mut send) = (ours::server_frame(len + 14), session::server_sends());
        group.bench_function(BenchmarkId::new("encode as a server", len), |bencher| {
            bencher.iter(|| encode(black_box(&payload)));
        });
        group.bench_function(BenchmarkId::new("as a server", len), |bencher| {
            bencher.iter(|| send(black_box(&payload)));
        });
        let (mut encode, mut send) = (ours::client_frame(len + 14), session::client_sends());
        group.bench_function(BenchmarkId::new("encode as a client", len), |bencher| {
            bencher.iter(|| encode(black_box(&payload)));
        });
        group.bench_function(BenchmarkId::new("as a client", len), |bencher| {
            bencher.iter(|| send(black_box(&payload)));
        });
    }
}

criterion_group!(benches, reads, sends);
criterion_main!(benches);
