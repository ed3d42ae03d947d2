//! What an idle connection holds. One test to a process: it counts all allocations.

use bareframe_testkit::Frame;
use bareframe_tokio::{Options, ServerSocket, WebSocket};
use std::alloc::{GlobalAlloc, Layout, System};
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        NOW.fetch_add(layout.size(), Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// A peer that says something and then is silent; what is sent to it is taken.
struct Idle {
    arrives: Arc<[u8]>,
    read: usize,
    /// At most this many bytes are read at once.
    step: usize,
}

impl AsyncRead for Idle {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let left = self.arrives.len() - self.read;
        if left == 0 {
            return Poll::Pending;
        }
        let len = left.min(space.remaining()).min(self.step);
        space.put_slice(&self.arrives[self.read..][..len]);
        self.read += len;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Idle {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Polls for as long as the task is woken.
fn poll<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    // A poll makes a bounded number of reads, and wakes its task for more.
    for _ in 0..10 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(output);
        }
    }
    None
}

/// What a connection may hold, in bytes, that has nothing to do.
const IDLE: usize = 2 << 10;

/// Returns how many bytes this many connections hold each, once each has had this and waits for more; an echo of what they had.
fn held(count: usize, arrives: &[u8], step: usize, echoes: bool) -> usize {
    held_by(count, arrives, step, echoes, |stream| {
        WebSocket::server(stream, &Options::DEFAULT)
    })
}

fn held_by(
    count: usize,
    arrives: &[u8],
    step: usize,
    echoes: bool,
    open: impl Fn(Idle) -> ServerSocket<Idle>,
) -> usize {
    let arrives: Arc<[u8]> = arrives.into();
    let before = NOW.load(Relaxed);
    let mut sockets: Vec<Box<ServerSocket<Idle>>> = Vec::with_capacity(count);
    for _ in 0..count {
        let stream = Idle {
            arrives: Arc::clone(&arrives),
            read: 0,
            step,
        };
        let mut socket = Box::new(open(stream));
        while let Some(read) = poll(socket.read_with_sender()) {
            let (message, mut sender) = read.unwrap().expect("no Close comes");
            if echoes {
                poll(sender.send(&message)).expect("the stream takes it").unwrap();
            }
        }
        sockets.push(socket);
    }
    (NOW.load(Relaxed) - before) / count
}

/// Holds this many connections that had 64 KiB to the limit.
fn hold_to_limit(count: usize) {
    let long = Frame::binary(vec![7; 64 << 10]).masked([1, 2, 3, 4]).to_bytes();
    let each = held(count, &long, usize::MAX, true);
    println!("{count} connections that had 64 KiB each hold {each} bytes each");
    println!("of which size_of is {}", size_of::<ServerSocket<Idle>>());
    assert!(each <= IDLE, "{each}");
}

/// Holds connections that had 64 KiB in a compressed message, and sent it back, to the limit.
#[cfg(feature = "deflate")]
fn hold_compressed_to_limit() {
    use bareframe_tokio::deflate::{CompressionLevel, Policy, WindowBits, prepare};
    use bareframe_tokio::handshake::Extensions;
    use bareframe_tokio::{MessageKind, Rsv};
    let offers = Extensions::parse("permessage-deflate").unwrap();
    let (agreed, _) = Policy::DEFAULT.accept_with("", offers).unwrap();
    let options = Options::DEFAULT.with_deflate(Policy::DEFAULT);
    let open = |stream| WebSocket::server_with_deflate(stream, &options, agreed);
    let payload: Vec<u8> = (0..64 << 10_u32).map(|number| (number / 7) as u8).collect();
    let kind = MessageKind::Binary;
    let prepared = prepare(kind, &payload, WindowBits::MAX, CompressionLevel::Fast).unwrap();
    // The same masked: the payload follows a header without a key.
    let header = if prepared.bytes()[1] == 127 { 10 } else { 4 };
    let compressed = Frame::binary(&prepared.bytes()[header..]).rsv(Rsv::RSV1);
    let long = compressed.masked([1, 2, 3, 4]).to_bytes();
    assert!(long.len() > 1000);
    for step in [100, usize::MAX] {
        // What the pool of the process holds does not count.
        held_by(10, &long, step, true, open);
        let each = held_by(1000, &long, step, true, open);
        println!("with deflate, without takeover: {each} bytes each");
        assert!(each <= IDLE, "{step}: {each}");
    }
}

#[test]
fn an_idle_connection_holds_no_buffer() {
    // What the pool of the thread holds does not count.
    held(
        10,
        &Frame::binary(vec![7; 100 << 10]).masked([0; 4]).to_bytes(),
        10_000,
        true,
    );
    hold_to_limit(1000);
    // However it came.
    let long = Frame::binary(vec![7; 64 << 10]).masked([1, 2, 3, 4]).to_bytes();
    for step in [1000, 10_000] {
        let each = held(100, &long, step, true);
        assert!(each <= IDLE, "{step}: {each}");
    }
    let gathered = [
        Frame::text("a").fin(false),
        Frame::continuation(vec![b'b'; 200 << 10]),
    ];
    let gathered = gathered
        .map(|frame| frame.masked([1, 2, 3, 4]).to_bytes())
        .concat();
    let each = held(100, &gathered, usize::MAX, false);
    assert!(each <= IDLE, "{each}");
    #[cfg(feature = "deflate")]
    hold_compressed_to_limit();
    // Of a message that has begun, what has arrived is held, and about as much again.
    for begun in [0, 1, 100, 10_000] {
        let each = held(100, &long[..begun + 14], usize::MAX, false);
        println!("{begun} bytes of a message: {each} bytes each");
        assert!(each <= IDLE + 2 * begun, "{begun}: {each}");
    }
}

#[test]
#[ignore = "takes a minute; ci.sh async runs it"]
fn a_hundred_thousand_idle_connections_hold_no_buffer() {
    hold_to_limit(100_000);
}
