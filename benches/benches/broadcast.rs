//! A message to 10,000 connections, beside tasks that are woken in the same way and write the same ready bytes.

use bareframe_benches::broadcast::{RECEIVERS, ours, ready_bytes};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn broadcast(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("broadcast to {RECEIVERS}"));
    group
        .throughput(Throughput::Elements(RECEIVERS as u64))
        .sample_size(20);
    group.bench_function("connections", |bencher| bencher.iter_custom(ours));
    group.bench_function("tasks that write ready bytes", |bencher| {
        bencher.iter_custom(ready_bytes)
    });
}

criterion_group!(benches, broadcast);
criterion_main!(benches);
