//! A message to 10,000 connections, beside as many tasks that are woken in the same way and write bytes that are ready.

use bareframe_tokio::{Broadcast, Options, Overflow, SharedMessage, Subscription, WebSocket};
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

const RECEIVERS: usize = 10_000;
const LEN: usize = 1024;

/// A stream that counts the bytes that it takes, and from which nothing comes.
struct Sink(Arc<AtomicUsize>);

impl AsyncRead for Sink {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Sink {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.fetch_add(bytes.len(), Relaxed);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Measures this many messages to tasks that do this with what they receive.
fn measure<F: Future<Output = ()> + Send + 'static>(
    messages: u64,
    receive: impl Fn(Subscription, Sink) -> F,
) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let room = Broadcast::new();
        let written = Arc::new(AtomicUsize::new(0));
        for _ in 0..RECEIVERS {
            let messages = room.subscribe(16, Overflow::Close);
            tokio::spawn(receive(messages, Sink(Arc::clone(&written))));
        }
        let mut due = 0;
        let mut send = async || {
            due += RECEIVERS * (4 + LEN);
            room.send(SharedMessage::binary(&[7; LEN])).await;
            while written.load(Relaxed) < due {
                tokio::task::yield_now().await;
            }
        };
        // Everybody waits then.
        send().await;
        let begin = Instant::now();
        for _ in 0..messages {
            send().await;
        }
        begin.elapsed()
    })
}

fn broadcast(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("broadcast to {RECEIVERS}"));
    group
        .throughput(Throughput::Elements(RECEIVERS as u64))
        .sample_size(20);
    group.bench_function("connections", |bencher| {
        bencher.iter_custom(|messages| {
            measure(messages, |mut messages, sink| async move {
                let mut socket = WebSocket::server(sink, &Options::DEFAULT);
                socket
                    .forward(&mut messages)
                    .await
                    .expect("the sink takes everything");
            })
        });
    });
    group.bench_function("tasks that write ready bytes", |bencher| {
        let frame = Bytes::from([&[0x82, 126, 4, 0][..], &[7; LEN]].concat());
        bencher.iter_custom(|messages| {
            measure(messages, |mut messages, mut sink| {
                let frame = frame.clone();
                async move {
                    while messages.recv().await.is_ok() {
                        let mut frame = frame.clone();
                        sink.write_all_buf(&mut frame)
                            .await
                            .expect("the sink takes everything");
                        sink.flush().await.expect("the sink takes everything");
                    }
                }
            })
        });
    });
}

criterion_group!(benches, broadcast);
criterion_main!(benches);
