//! Connections that end because the program does (RFC 6455 section 7.4.1, code 1001).

use bareframe_testkit::Frame as Bytes;
use bareframe_tokio::{ClientSocket, CloseCode, Error, Frame, Options, ServerSocket, Shutdown, WebSocket};
use futures_util::StreamExt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

fn pair(len: usize) -> (ClientSocket<DuplexStream>, ServerSocket<DuplexStream>) {
    let (of_client, of_server) = duplex(len);
    (
        WebSocket::client(of_client, &Options::DEFAULT).unwrap(),
        WebSocket::server(of_server, &Options::DEFAULT),
    )
}

/// Reads to the end, and then closes.
async fn serve(mut socket: ServerSocket<DuplexStream>) -> Result<usize, Error> {
    let mut messages = 0;
    while socket.read().await?.is_some() {
        messages += 1;
    }
    socket.close(None, "").await?;
    Ok(messages)
}

#[tokio::test]
async fn s7_4_1_each_connection_closes_with_1001_and_what_the_peer_sends_until_its_close_is_read() {
    let shutdown = Shutdown::new();
    let (clients, servers): (Vec<_>, Vec<_>) = (0..100).map(|_| pair(64)).unzip();
    let servers: Vec<_> = servers
        .into_iter()
        .map(|server| tokio::spawn(serve(server.with_shutdown(&shutdown))))
        .collect();
    // All of them wait.
    tokio::task::yield_now().await;
    assert_eq!((shutdown.connections(), shutdown.has_begun()), (100, false));
    shutdown.begin();
    let clients = clients.into_iter().map(|mut client| {
        tokio::spawn(async move {
            client.send("late").await.unwrap();
            assert!(client.read().await.unwrap().is_none());
            assert_eq!(client.close_reason().unwrap().code(), Some(CloseCode::GOING_AWAY));
            client.close(None, "").await.unwrap();
        })
    });
    let clients: Vec<_> = clients.collect();
    assert_eq!(shutdown.finish(5 * SECOND).await, 0);
    for server in servers {
        assert_eq!(server.await.unwrap().unwrap(), 1);
    }
    for client in clients {
        client.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn connections_that_do_not_end_in_time_are_counted() {
    let shutdown = Shutdown::new();
    let begun = Instant::now();
    let (_client, server) = pair(64);
    let (_other, idle) = pair(64);
    // The first one's peer never closes; the other is not read from.
    let served = tokio::spawn(serve(server.with_shutdown(&shutdown)));
    let idle = idle.with_shutdown(&shutdown);
    assert_eq!(shutdown.finish(3 * SECOND).await, 2);
    assert_eq!(begun.elapsed(), 3 * SECOND);
    assert!(matches!(served.await.unwrap(), Err(Error::CloseTimeout)));
    assert_eq!(begun.elapsed(), Options::DEFAULT.close_timeout());
    assert_eq!(shutdown.finish(SECOND).await, 1);
    drop(idle);
    assert_eq!(shutdown.finish(SECOND).await, 0);
    assert_eq!(begun.elapsed(), Options::DEFAULT.close_timeout() + SECOND);
}

#[tokio::test]
async fn what_comes_after_it_has_begun_closes_at_once() {
    let shutdown = Shutdown::default();
    shutdown.begin();
    shutdown.clone().begun().await;
    let (mut client, server) = pair(64);
    let served = tokio::spawn(serve(server.with_shutdown(&shutdown)));
    assert!(client.read().await.unwrap().is_none());
    client.close(None, "").await.unwrap();
    served.await.unwrap().unwrap();
}

/// A peer of which there is always a message to read, and which takes all that is written.
struct Flood;

impl AsyncRead for Flood {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let message = Bytes::text("a").masked([0; 4]).to_bytes();
        while buffer.remaining() >= message.len() {
            buffer.put_slice(&message);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Flood {
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

#[tokio::test]
async fn a_peer_that_sends_without_pause_is_told_too_and_has_its_limit() {
    let shutdown = Shutdown::new();
    let options = Options::DEFAULT.with_close_timeout(Duration::ZERO);
    let mut server = WebSocket::server(Flood, &options).with_shutdown(&shutdown);
    for _ in 0..1000 {
        server.read().await.unwrap().unwrap();
    }
    shutdown.begin();
    let mut messages = 0;
    let ended = loop {
        match server.read().await {
            Ok(Some(_)) => messages += 1,
            ended => break ended.map(drop),
        }
        assert!(messages < 10_000_000, "it is never told");
        // A timer ends only when the runtime has its turn.
        if messages % 100_000 == 0 {
            tokio::task::yield_now().await;
        }
    };
    assert!(matches!(ended, Err(Error::CloseTimeout)), "{ended:?}");
}

#[tokio::test]
async fn in_halves_the_close_follows_the_frame_that_the_other_half_is_within() {
    let shutdown = Shutdown::new();
    let (mut client, of_server) = duplex(16);
    let server = WebSocket::server(of_server, &Options::DEFAULT).with_shutdown(&shutdown);
    let (mut reader, mut writer) = server.split();
    let payload = vec![b'a'; 1000];
    let (begun, is_begun) = tokio::sync::oneshot::channel();
    let writing = tokio::spawn(async move {
        let mut begun = Some(begun);
        let mut frame = Frame::binary(&payload);
        let mut sending = Box::pin(writer.send_frame(&mut frame));
        poll_fn(|cx| {
            let polled = sending.as_mut().poll(cx);
            if polled.is_pending()
                && let Some(begun) = begun.take()
            {
                let _ = begun.send(());
            }
            polled
        })
        .await
    });
    is_begun.await.unwrap();
    let reading = tokio::spawn(async move {
        assert!(reader.read().await?.is_none());
        reader.close(None, "").await
    });
    tokio::task::yield_now().await;
    shutdown.begin();
    let mut received = vec![0; 1004 + 4];
    client.read_exact(&mut received).await.unwrap();
    assert_eq!(received[..4], [0x82, 126, 3, 232]);
    assert_eq!(received[1004..], Bytes::close(1001, "").to_bytes());
    writing.await.unwrap().unwrap();
    let close = Bytes::close(1001, "").masked([0; 4]).to_bytes();
    client.write_all(&close).await.unwrap();
    drop(client);
    reading.await.unwrap().unwrap();
    assert_eq!(shutdown.connections(), 0);
}

#[tokio::test]
async fn a_message_that_was_taken_goes_before_the_close() {
    let shutdown = Shutdown::new();
    let (mut client, of_server) = duplex(16);
    let mut server = WebSocket::server(of_server, &Options::DEFAULT).with_shutdown(&shutdown);
    {
        let sending = server.send(vec![b'a'; 100_000]);
        tokio::pin!(sending);
        // Dropped when it has begun.
        let polled = poll_fn(|cx| Poll::Ready(sending.as_mut().poll(cx))).await;
        assert!(polled.is_pending());
    }
    shutdown.begin();
    let reading = tokio::spawn(async move { server.read().await.map(|message| message.is_none()) });
    let mut received = vec![0; 100_010 + 4];
    client.read_exact(&mut received).await.unwrap();
    assert_eq!(received[100_010..], Bytes::close(1001, "").to_bytes());
    client
        .write_all(&Bytes::close(1001, "").masked([0; 4]).to_bytes())
        .await
        .unwrap();
    assert!(reading.await.unwrap().unwrap());
}

#[tokio::test]
async fn a_stream_of_messages_ends_and_a_read_that_was_dropped_changes_nothing() {
    let shutdown = Shutdown::new();
    let (mut client, server) = pair(64);
    let mut server = server.with_shutdown(&shutdown);
    let dropped = tokio::time::timeout(Duration::from_millis(1), server.read()).await;
    assert!(dropped.is_err());
    shutdown.begin();
    let client = tokio::spawn(async move { client.read().await.map(|message| message.is_none()) });
    let last = server.next().await.unwrap().unwrap();
    let bareframe_tokio::Message::Close(Some(close)) = last else {
        panic!("{last:?}")
    };
    assert_eq!(close.code, CloseCode::GOING_AWAY);
    assert!(server.next().await.is_none());
    assert!(client.await.unwrap().unwrap());
}
