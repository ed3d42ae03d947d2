//! How criterion measures a task.

use bareframe_benches::measure::Task;
use criterion::Bencher;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Measures a task with criterion, without its preparation.
pub(crate) fn measure(bencher: &mut Bencher<'_>, task: &mut dyn Task) {
    bencher.iter_custom(|times| {
        let mut took = Duration::ZERO;
        for _ in 0..times {
            task.prepare();
            let begin = Instant::now();
            black_box(task.run());
            took += begin.elapsed();
        }
        took
    });
}
