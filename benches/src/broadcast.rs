//! A message to many connections over streams in memory.

#[cfg(feature = "peers")]
pub mod peers;

use bareframe_tokio::{Broadcast, Options, Overflow, SharedMessage, Subscription, WebSocket};
use bytes::Bytes;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

/// How many receive it.
pub const RECEIVERS: usize = 10_000;
/// How long it is, in bytes.
pub const LEN: usize = 1024;

/// A stream that counts the bytes that it takes, and from which nothing comes.
#[derive(Clone, Debug)]
pub struct Sink(Arc<AtomicUsize>);

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

/// Sends this many messages to connections of ours.
///
/// # Panics
///
/// If a connection fails.
pub fn ours(messages: u64) -> Duration {
    measure(messages, |mut messages, sink| async move {
        let mut socket = WebSocket::server(sink, &Options::DEFAULT);
        let forwarded = socket.forward(&mut messages).await;
        forwarded.expect("the sink takes everything");
    })
}

/// Sends this many messages to tasks that write a frame which was encoded before.
///
/// # Panics
///
/// If the stream in memory fails.
pub fn ready_bytes(messages: u64) -> Duration {
    let frame = Bytes::from([&[0x82, 126, 4, 0][..], &[7; LEN]].concat());
    measure(messages, |mut messages, mut sink| {
        let frame = frame.clone();
        async move {
            while messages.recv().await.is_ok() {
                let mut frame = frame.clone();
                let written = sink.write_all_buf(&mut frame).await;
                written.expect("the sink takes everything");
                sink.flush().await.expect("the sink takes everything");
            }
        }
    })
}
