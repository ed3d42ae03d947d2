//! One message to many: encoded once, written from where it is, and bounded for those that do not read.

mod wire;

use bareframe_testkit::{Frame, Random};
use bareframe_tokio::{
    Broadcast, BroadcastError, Error, MaskingKey, Options, Overflow, Server, SharedMessage, WebSocket,
};
use std::collections::HashSet;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf, duplex};
use tokio::task::JoinSet;
use wire::{KEY, Takes, Wire, poll_once, ready};

/// Where what is written is from, and how long it is.
type Written = Arc<Mutex<Vec<(usize, usize)>>>;

/// A stream that takes everything, and from which nothing comes.
struct Sink(Written);

impl AsyncRead for Sink {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Sink {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.lock().unwrap().push((bytes.as_ptr().addr(), bytes.len()));
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Sends a message to this many receivers, and returns what was written.
async fn broadcast(
    count: usize,
    message: &SharedMessage,
    open: impl Fn(usize, Sink) -> WebSocket<Sink, Server>,
) -> Vec<(usize, usize)> {
    let written = Written::default();
    let room = Broadcast::new();
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let mut messages = room.subscribe(4, Overflow::Close);
        let mut socket = open(number, Sink(Arc::clone(&written)));
        tasks.spawn(async move { socket.forward(&mut messages).await });
    }
    assert_eq!(room.receivers(), count);
    assert_eq!(room.send(message.clone()).await, count);
    drop(room);
    while let Some(done) = tasks.join_next().await {
        done.unwrap().unwrap();
    }
    Arc::into_inner(written).unwrap().into_inner().unwrap()
}

#[tokio::test]
async fn a_message_to_ten_thousand_is_encoded_once_and_written_from_where_it_is() {
    let message = SharedMessage::binary(&[7; 1024]);
    let written = broadcast(10_000, &message, |_, sink| {
        WebSocket::server(sink, &Options::DEFAULT)
    })
    .await;
    assert_eq!(written.len(), 10_000);
    let places = written.into_iter().collect::<HashSet<_>>();
    // The header is in front of the payload that the message itself lends.
    let at = message.payload().as_ptr().addr() - 4;
    assert_eq!(places, HashSet::from([(at, 1028)]));
}

#[cfg(feature = "deflate")]
#[tokio::test]
async fn a_message_is_compressed_once_for_each_set_of_parameters() {
    use bareframe_tokio::deflate::{CompressionLevel, Policy, WindowBits};
    use bareframe_tokio::handshake::Extensions;
    let policies = [
        Policy::DEFAULT,
        Policy::DEFAULT.with_sending_window_bits(WindowBits::MIN),
        Policy::DEFAULT.with_level(CompressionLevel::Best),
        // Too short to be compressed.
        Policy::DEFAULT.with_threshold(10_000),
    ];
    let open = |number: usize, sink| {
        let policy = policies[number % 4].with_sending_takeover(number % 8 < 4);
        let offers = Extensions::parse("permessage-deflate").unwrap();
        let (agreed, _) = policy.accept_with("", offers).unwrap();
        WebSocket::server_with_deflate(sink, &Options::DEFAULT.with_deflate(policy), agreed)
    };
    let noise = bareframe_testkit::Random::new(1).bytes(3000);
    let text: String = noise.iter().map(|byte| char::from(b'a' + byte % 4)).collect();
    let written = broadcast(1000, &SharedMessage::text(&text), open).await;
    assert_eq!(written.len(), 1000);
    let places = written.into_iter().collect::<HashSet<_>>();
    assert_eq!(places.len(), 4);
    assert_eq!(
        places.iter().filter(|(_, len)| *len > 3000).count(),
        1,
        "{places:?}"
    );
}

#[cfg(feature = "deflate")]
#[test]
fn rfc7692_s7_2_a_message_that_was_compressed_for_many_is_inflated_between_others() {
    use bareframe_tokio::deflate::Policy;
    use bareframe_tokio::handshake::Extensions;
    let policy = Policy::DEFAULT
        .with_sending_takeover(true)
        .with_receiving_takeover(true);
    let offers = || Extensions::parse("permessage-deflate").unwrap();
    let agreed = policy.accept_with("", offers()).unwrap().0;
    let options = Options::DEFAULT.with_deflate(policy);
    let mut server = WebSocket::server_with_deflate(Wire::open([[]; 0]), &options, agreed);
    let text = "all work and no play ".repeat(20);
    ready(server.send(text.as_str())).unwrap();
    ready(server.send_shared(&SharedMessage::text(&text))).unwrap();
    ready(server.send(text.as_str())).unwrap();
    let wire = Wire::open([server.stream().written()]);
    assert!(server.stream().writes.iter().all(|write| write[0] == 0xc1));
    let mut client = WebSocket::client_with_deflate(wire, &options, agreed).unwrap();
    for _ in 0..3 {
        assert_eq!(ready(client.read()).unwrap().unwrap().as_str(), Some(&text[..]));
    }
}

#[test]
fn s5_3_a_client_encodes_it_with_a_key_of_its_own() {
    let mut client =
        WebSocket::client_with_keys(Wire::open([[]; 0]), &Options::DEFAULT, || MaskingKey::new(KEY));
    for len in [5, 1000, 100_000] {
        ready(client.send_shared(&SharedMessage::binary(&vec![7; len]))).unwrap();
        let expected = Frame::binary(vec![7; len]).masked(KEY).to_bytes();
        assert!(client.stream().written() == expected, "{len}");
        client.stream_mut().writes.clear();
    }
}

#[test]
fn a_send_that_is_dropped_within_it_loses_nothing() {
    for len in [5, 100, 1000, 100_000] {
        let mut server = WebSocket::server(
            Wire::open([[]; 0]).taking([Takes::Most(3), Takes::Nothing]),
            &Options::DEFAULT,
        );
        assert!(poll_once(server.send_shared(&SharedMessage::binary(&vec![7; len]))).is_none());
        server.stream_mut().plan = [Takes::Most(usize::MAX)].into();
        ready(server.send("next")).unwrap();
        let expected = [Frame::binary(vec![7; len]), Frame::text("next")].map(|frame| frame.to_bytes());
        assert!(server.stream().written() == expected.concat(), "{len}");
    }
}

/// Returns what is in a queue, in order.
fn texts(messages: &mut bareframe_tokio::Subscription) -> Vec<String> {
    let taken = std::iter::from_fn(|| poll_once(messages.recv())?.ok());
    taken
        .map(|message| String::from_utf8(message.payload().to_vec()).unwrap())
        .collect()
}

#[test]
fn the_oldest_or_the_newest_is_dropped_and_no_more_than_the_bound_is_held() {
    let room = Broadcast::new();
    let mut oldest = room.subscribe(3, Overflow::DropOldest);
    let mut newest = room.subscribe(3, Overflow::DropNewest);
    for number in 0..10 {
        let reached = ready(room.send(SharedMessage::text(&number.to_string())));
        assert_eq!(reached, if number < 3 { 2 } else { 1 });
        assert!(oldest.len() <= 3 && newest.len() <= 3);
    }
    assert_eq!((oldest.dropped(), newest.dropped()), (7, 7));
    assert_eq!(texts(&mut oldest), ["7", "8", "9"]);
    assert_eq!(texts(&mut newest), ["0", "1", "2"]);
    ready(room.send(SharedMessage::text("more")));
    assert_eq!(texts(&mut newest), ["more"]);
}

#[test]
fn who_is_to_be_waited_for_holds_up_all_and_a_send_that_is_dropped_has_reached_nobody() {
    let room = Broadcast::new();
    let mut slow = room.subscribe(1, Overflow::Wait);
    let mut other = room.subscribe(10, Overflow::DropOldest);
    ready(room.send("one".into()));
    assert!(poll_once(room.send("two".into())).is_none());
    assert_eq!(other.len(), 1);
    assert_eq!(texts(&mut slow), ["one"]);
    ready(room.send("three".into()));
    assert_eq!(texts(&mut slow), ["three"]);
    assert_eq!(texts(&mut other), ["one", "three"]);
    ready(room.send("four".into()));
    drop(slow);
    ready(room.send("five".into()));
    assert_eq!(texts(&mut other), ["four", "five"]);
}

#[test]
fn a_try_waits_for_nobody_and_returns_the_message_that_nobody_has() {
    let room = Broadcast::new();
    let mut slow = room.subscribe(1, Overflow::Wait);
    let mut other = room.subscribe(1, Overflow::DropOldest);
    assert_eq!(room.try_send("one".into()).unwrap(), 2);
    let unsent = room.try_send("two".into()).unwrap_err();
    assert_eq!(unsent.payload(), b"two");
    assert_eq!(texts(&mut slow), ["one"]);
    assert_eq!(texts(&mut other), ["one"]);
    assert_eq!(room.try_send(unsent).unwrap(), 2);
    assert_eq!(texts(&mut other), ["two"]);
    drop(slow);
    assert_eq!(room.try_send("three".into()).unwrap(), 1);
    drop(other);
    assert_eq!(room.try_send("four".into()).unwrap(), 0);
}

#[tokio::test]
async fn who_waits_for_room_is_woken_by_a_receiver_that_reads_or_goes() {
    for reads in [true, false] {
        let room = Broadcast::new();
        let mut slow = room.subscribe(1, Overflow::Wait);
        room.send("one".into()).await;
        let sending = tokio::spawn(async move { room.send("two".into()).await });
        tokio::task::yield_now().await;
        assert!(!sending.is_finished());
        if reads {
            assert_eq!(slow.recv().await.unwrap().payload(), b"one");
            assert_eq!(sending.await.unwrap(), 1);
        } else {
            drop(slow);
            assert_eq!(sending.await.unwrap(), 0);
        }
    }
}

#[test]
fn receivers_that_go_leave_the_others_in_place() {
    let room = Broadcast::new();
    let mut receivers: Vec<_> = (0..5).map(|_| room.subscribe(1, Overflow::DropNewest)).collect();
    drop(receivers.remove(1));
    drop(receivers.remove(3));
    assert_eq!(room.receivers(), 3);
    assert_eq!(ready(room.send("x".into())), 3);
    for receiver in &mut receivers {
        assert_eq!(texts(receiver), ["x"]);
    }
    drop(receivers);
    assert_eq!(room.receivers(), 0);
}

#[tokio::test]
async fn a_broadcast_ends_when_all_who_send_are_gone_after_what_was_sent() {
    let room = Broadcast::new();
    let other = room.clone();
    let mut messages = room.subscribe(4, Overflow::Wait);
    drop(room);
    other.send("last".into()).await;
    drop(other);
    assert_eq!(messages.recv().await.unwrap().payload(), b"last");
    assert_eq!(messages.recv().await.unwrap_err(), BroadcastError::Ended);
}

#[tokio::test]
async fn s7_4_1_who_is_too_slow_is_closed_with_1013() {
    let (stream, mut peer) = duplex(4096);
    let room = Broadcast::new();
    let mut messages = room.subscribe(2, Overflow::Close);
    for number in 0..3 {
        room.send(SharedMessage::text(&format!("{number}"))).await;
    }
    // What it did not read is not held.
    assert_eq!((messages.len(), messages.dropped()), (0, 3));
    let mut server = WebSocket::server(stream, &Options::DEFAULT);
    assert!(matches!(server.forward(&mut messages).await, Err(Error::TooSlow)));
    let mut close = [0; 4];
    peer.read_exact(&mut close).await.unwrap();
    assert_eq!(close, [0x88, 2, 0x03, 0xf5]);
}

#[tokio::test]
async fn who_takes_nothing_of_a_message_is_found_to_be_too_slow_meanwhile() {
    let (stream, mut peer) = duplex(10);
    let room = Broadcast::new();
    let mut messages = room.subscribe(2, Overflow::Close);
    let (reader, mut writer) = WebSocket::server(stream, &Options::DEFAULT).split();
    let forwarding = tokio::spawn(async move { (writer.forward(&mut messages).await, writer) });
    for _ in 0..4 {
        room.send(SharedMessage::binary(&[7; 100])).await;
        tokio::task::yield_now().await;
    }
    let (forwarded, mut writer) = forwarding.await.unwrap();
    assert!(matches!(forwarded, Err(Error::TooSlow)));
    // The message that was begun continues.
    let flushing = tokio::spawn(async move { writer.flush().await });
    let mut frame = [0; 102];
    peer.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[..], Frame::binary([7; 100]).to_bytes());
    flushing.await.unwrap().unwrap();
    drop(reader);
}

#[tokio::test]
async fn a_forward_that_is_dropped_loses_nothing() {
    let (stream, mut peer) = duplex(10);
    let room = Broadcast::new();
    let mut messages = room.subscribe(1000, Overflow::Close);
    let mut server = WebSocket::server(stream, &Options::DEFAULT);
    let mut expected = Vec::new();
    for number in 0..100_u8 {
        let payload = vec![number; usize::from(number) * 3];
        room.send(SharedMessage::binary(&payload)).await;
        expected.extend(Frame::binary(payload).to_bytes());
    }
    let receiving = tokio::spawn(async move {
        let mut received = Vec::new();
        peer.read_to_end(&mut received).await.unwrap();
        received
    });
    drop(room);
    while !matches!(poll_once(server.forward(&mut messages)), Some(Ok(()))) {
        tokio::task::yield_now().await;
    }
    server.flush().await.unwrap();
    drop(server);
    assert!(receiving.await.unwrap() == expected);
}

/// A stream that takes all of what is written, or some, or has the task wait, and from which Pings come.
struct Choppy(Arc<Mutex<(Random, Vec<u8>)>>);

impl AsyncRead for Choppy {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, space: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.0.lock().unwrap().0.below(3) > 0 {
            return Poll::Pending;
        }
        space.put_slice(&Frame::ping("?").masked(KEY).to_bytes());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Choppy {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let (random, written) = &mut *self.0.lock().unwrap();
        let len = match random.below(4) {
            0 => return Poll::Pending,
            1 => random.below(bytes.len()) + 1,
            _ => bytes.len(),
        };
        written.extend_from_slice(&bytes[..len]);
        Poll::Ready(Ok(len))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.0.lock().unwrap().0.below(4) {
            0 => Poll::Pending,
            _ => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Returns the payloads of the messages in a server's frames, and how many Pongs are between them.
fn messages_and_pongs(mut wire: &[u8]) -> (Vec<Vec<u8>>, u64) {
    let (mut messages, mut pongs) = (Vec::new(), 0);
    while let [first, len, rest @ ..] = wire {
        let (len, rest) = match (len, rest) {
            (126, [high, low, rest @ ..]) => (usize::from(u16::from_be_bytes([*high, *low])), rest),
            (len, rest) => (usize::from(*len), rest),
        };
        let (payload, rest) = rest.split_at(len);
        match first {
            0x82 => messages.push(payload.to_vec()),
            0x8A => pongs += 1,
            first => panic!("{first:#x}"),
        }
        wire = rest;
    }
    (messages, pongs)
}

/// Forwards messages over such a stream by futures that are dropped when they wait, in a connection or in halves, and reads meanwhile.
fn forward_over_a_choppy_stream(seed: u64, in_halves: bool) {
    let mut random = Random::new(seed);
    let stream = Arc::new(Mutex::new((Random::new(seed + 1), Vec::new())));
    let server = WebSocket::server(Choppy(Arc::clone(&stream)), &Options::DEFAULT);
    let room = Broadcast::new();
    let mut messages = room.subscribe(1000, Overflow::Close);
    let mut expected = Vec::new();
    let mut send = |random: &mut Random| {
        for _ in 0..random.below(4) {
            let len = random.below(300);
            let payload = random.bytes(len);
            assert!(room.try_send(SharedMessage::binary(&payload)).is_ok());
            expected.push(payload);
        }
    };
    let sent = if in_halves {
        let (mut reader, mut writer) = server.split();
        for _ in 0..40 {
            send(&mut random);
            assert!(poll_once(writer.forward(&mut messages)).is_none());
            assert!(poll_once(reader.read()).is_none());
        }
        drop(room);
        while poll_once(writer.forward(&mut messages)).is_none() {}
        while poll_once(writer.flush()).is_none() {}
        writer.sent()
    } else {
        let mut server = server;
        for _ in 0..40 {
            send(&mut random);
            assert!(poll_once(server.forward(&mut messages)).is_none());
            assert!(poll_once(server.read()).is_none());
        }
        drop(room);
        while poll_once(server.forward(&mut messages)).is_none() {}
        while poll_once(server.flush()).is_none() {}
        server.sent()
    };
    let wire = &stream.lock().unwrap().1;
    let (received, pongs) = messages_and_pongs(wire);
    assert!(received == expected, "seed {seed}");
    assert!(pongs > 0);
    let count = expected.len() as u64;
    assert_eq!(
        (sent.messages(), sent.frames(), sent.pongs()),
        (count, count + pongs, pongs)
    );
    assert_eq!(sent.bytes(), wire.len() as u64);
    assert_eq!(sent.payload_bytes(), expected.concat().len() as u64);
}

#[test]
fn what_is_forwarded_is_whole_and_counted_however_the_stream_takes_it() {
    for seed in 0..500 {
        forward_over_a_choppy_stream(seed, false);
        forward_over_a_choppy_stream(seed, true);
    }
}
