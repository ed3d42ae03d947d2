//! What the proxy holds of long frames, and of a side that does not read.

use super::Pair;
use bareframe_tokio::{Event, Role, WebSocket};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Relaxed) + layout.size();
        MOST.fetch_max(now, Relaxed);
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

/// How long the frame is, and how much may be allocated while it passes: by the client, the proxy, the server and the other tests
/// together, with the windows of HTTP/2.
const LEN: u64 = 64 << 20;
const MOST_ALLOCATED: usize = 4 << 20;

/// Sends a frame of [`LEN`] bytes of which no part is held.
async fn send_long(stream: &mut (impl AsyncWrite + Unpin), masked: bool) {
    let mut header = vec![0x82, 127];
    header.extend(LEN.to_be_bytes());
    if masked {
        header[1] |= 0x80;
        header.extend([0; 4]);
    }
    stream.write_all(&header).await.unwrap();
    let zeros = [0; 16 << 10];
    for _ in 0..LEN / zeros.len() as u64 {
        stream.write_all(&zeros).await.unwrap();
    }
    stream.flush().await.unwrap();
}

/// Reads a message, and returns its length.
async fn message_len<S, R>(socket: &mut WebSocket<S, R>) -> u64
where
    S: AsyncRead + AsyncWrite + Unpin,
    R: Role,
{
    let mut len = 0;
    loop {
        let Some(Event::Data(piece)) = socket.read_event().await.unwrap() else {
            panic!()
        };
        len += piece.payload().len() as u64;
        if piece.is_last() {
            return len;
        }
    }
}

#[tokio::test]
async fn a_frame_of_64_mib_passes_in_little_memory() {
    let mut pair = Pair::open(&[]).await;
    let begun = NOW.load(Relaxed);
    MOST.store(begun, Relaxed);
    let (mut stream, _) = pair.client.into_inner();
    let (len, ()) = tokio::join!(message_len(&mut pair.server.socket), send_long(&mut stream, true));
    assert_eq!(len, LEN);

    let mut pair = Pair::open(&["--http2"]).await;
    let (mut stream, _) = pair.server.socket.into_inner();
    let (len, ()) = tokio::join!(message_len(&mut pair.client), send_long(&mut stream, false));
    assert_eq!(len, LEN);
    let most = MOST.load(Relaxed) - begun;
    assert!(most < MOST_ALLOCATED, "{most}");
}

#[tokio::test]
async fn a_side_that_does_not_read_holds_up_the_other() {
    for more in [&[][..], &["--http2"]] {
        let mut pair = Pair::open(more).await;
        let begun = NOW.load(Relaxed);
        let part = vec![7; 64 << 10];
        let mut sent = 0;
        // What the system holds of four streams is a few MiB.
        while timeout(Duration::from_millis(300), pair.client.feed(part.clone()))
            .await
            .is_ok()
        {
            sent += 1;
            assert!(sent < 1024, "{sent}");
        }
        let held = NOW.load(Relaxed) - begun;
        assert!(held < MOST_ALLOCATED, "{held}");
        let read = async {
            for _ in 0..sent {
                let message = pair.server.socket.read().await.unwrap();
                assert_eq!(message.unwrap().payload(), part);
            }
        };
        let ((), flushed) = tokio::join!(read, pair.client.flush());
        flushed.unwrap();
    }
}
