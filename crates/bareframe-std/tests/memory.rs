//! Memory follows what has arrived, never what was declared. One test to a process: it counts all
//! allocations.

mod wire;

use bareframe_std::{Error, Options, WebSocket};
use bareframe_testkit::Frame;
use std::alloc::{GlobalAlloc, Layout, System};
use std::io::ErrorKind;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use wire::{Arrives, Takes, Wire};

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);
static CALLS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Relaxed);
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

/// What a connection has that waits for its peer, in bytes.
const IDLE: usize = 4 << 10;

/// Returns how much more memory was in use at one time, in bytes.
fn most_during<T>(act: impl FnOnce() -> T) -> (usize, T) {
    let before = NOW.load(Relaxed);
    MOST.store(before, Relaxed);
    let result = act();
    (MOST.load(Relaxed) - before, result)
}

#[test]
fn s10_4_memory_follows_what_has_arrived() {
    let key = [1, 2, 3, 4];
    // What one connection needs before anything is sent.
    let nothing: [[u8; 0]; 0] = [];
    let (fixed, _server) = most_during(|| WebSocket::server(Wire::new(nothing), &Options::DEFAULT));
    assert!(fixed <= 1 << 10, "{fixed}");

    // A header that declares 16 MiB, and a little of them.
    for arrived in [0, 10, 100_000] {
        let frame = Frame::binary(vec![7; arrived]).declared_len(16 << 20).masked(key);
        let mut server = WebSocket::server(Wire::new([frame.to_bytes()]), &Options::DEFAULT);
        let (more, read) = most_during(|| matches!(server.read(), Err(Error::AbnormalClosure)));
        assert!(read);
        // Gathered in a vector that doubles, which has both its halves while it moves; and a longer read
        // buffer.
        assert!(
            more <= 3 * arrived + (Options::DEFAULT.read_buffer_max() * 2),
            "{arrived}: {more}"
        );
        if arrived <= 10 {
            assert!(more <= IDLE, "{arrived}: {more}");
        }
    }

    // A message of any length needs no memory if it is taken in pieces.
    let frame = Frame::binary(vec![7; 1 << 20]).masked(key).to_bytes();
    let options = Options::DEFAULT.with_read_buffer_max(Options::DEFAULT.read_buffer());
    let mut server = WebSocket::server(Wire::new([frame]), &options);
    server.stream_mut().arrives.make_contiguous();
    let mut taken = 0;
    let (more, ()) = most_during(|| {
        while let Ok(Some(bareframe_std::Event::Data(piece))) = server.read_event() {
            taken += piece.payload().len();
        }
    });
    assert_eq!(taken, 1 << 20);
    assert!(more <= IDLE, "{more}");

    // What a great message took is given back with the next message.
    let frames = [
        Frame::binary(vec![7; 1 << 20]),
        Frame::text("a").fin(false),
        Frame::continuation("b"),
    ];
    let frames = frames.map(|frame| frame.masked(key).to_bytes());
    let mut server = WebSocket::server(Wire::new(frames), &options);
    assert_eq!(server.read().unwrap().unwrap().payload().len(), 1 << 20);
    let before = NOW.load(Relaxed);
    assert_eq!(server.read().unwrap().unwrap().as_str(), Some("ab"));
    assert!(before - NOW.load(Relaxed) >= 1 << 20);

    // A connection that waits has little, whatever came and went before.
    // 2040 bytes and the header fill the memory to the last byte.
    for len in [0, 20, 2_040, 70_000, 1 << 20] {
        let message = Frame::binary(vec![7; len]).masked(key).to_bytes();
        let mut wire = Wire::new([message]);
        wire.arrives.push_back(Arrives::Error(ErrorKind::WouldBlock));
        let before = NOW.load(Relaxed) - len;
        let mut server = WebSocket::server(wire, &Options::DEFAULT);
        let got = server.read().unwrap().unwrap().payload().len();
        server.feed(&[7; 10_000][..]).unwrap();
        assert!(server.read().is_err_and(|error| error.is_temporary()));
        server.stream_mut().writes.clear();
        server.stream_mut().arrives.clear();
        let now = NOW.load(Relaxed);
        assert!(now <= before + IDLE + 2000, "{len}, {got}: {before}, {now}");
    }
    // Messages that come in segments are read into the same memory, as long as each segment ends within one of them. On a
    // machine of 32 bits the longest are gathered, in memory that grows for the first of them.
    for len in [125, 1_024, 4_096, 65_536] {
        let message = Frame::binary(vec![7; len]).masked(key).to_bytes();
        let segments: Vec<Vec<u8>> = message.repeat(50).chunks(1_460).map(<[u8]>::to_vec).collect();
        let mut server = WebSocket::server(Wire::new(segments), &Options::DEFAULT);
        let before = CALLS.load(Relaxed);
        for _ in 0..50 {
            assert_eq!(server.read().unwrap().unwrap().payload().len(), len);
        }
        let calls = CALLS.load(Relaxed) - before;
        assert!(calls <= 16, "{len}: {calls}");
    }
    // So has one that only sends, once what was kept of a long frame is written.
    let plan = [Takes::Most(10), Takes::Error(ErrorKind::WouldBlock)];
    let wire = Wire::new(nothing).taking(plan);
    let mut server = WebSocket::server(wire, &Options::DEFAULT);
    let before = NOW.load(Relaxed);
    let sent = server.send(&[7; 1 << 20][..]);
    assert!(matches!(sent, Err(Error::Unflushed(_))));
    server.stream_mut().plan = [Takes::Most(usize::MAX)].into();
    server.flush().unwrap();
    server.stream_mut().writes.clear();
    let now = NOW.load(Relaxed);
    assert!(now <= before + IDLE, "{before}, {now}");
}
