//! Ours masking, in place and while copying, by size and by split.

use bareframe::{Masker, MaskingKey};
use bareframe_benches::ours;
use bareframe_benches::wire::{KEY, Payload};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

const SIZES: [usize; 12] = [1, 4, 8, 16, 32, 64, 125, 256, 1024, 4096, 65_536, 1 << 20];

fn whole(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mask");
    for len in SIZES {
        let (mut bytes, mut out) = (Payload::Binary.bytes(len), vec![0; len]);
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function(BenchmarkId::new("in place", len), |bencher| {
            bencher.iter(|| ours::mask(black_box(&mut bytes), black_box(KEY)));
        });
        group.bench_function(BenchmarkId::new("copied", len), |bencher| {
            bencher.iter(|| ours::mask_copy(black_box(&bytes), black_box(KEY), black_box(&mut out)));
        });
    }
}

fn in_pieces(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mask 65,536 in pieces");
    let mut bytes = Payload::Binary.bytes(65_536);
    group.throughput(Throughput::Bytes(65_536));
    for piece in [7, 64, 1460] {
        group.bench_function(BenchmarkId::from_parameter(piece), |bencher| {
            bencher.iter(|| {
                let mut masker = Masker::new(MaskingKey::new(black_box(KEY)));
                for piece in black_box(&mut bytes).chunks_mut(piece) {
                    masker.apply(piece);
                }
            });
        });
    }
}

criterion_group!(benches, whole, in_pieces);
criterion_main!(benches);
