//! Over the traits of `futures-io`: the same connection, and without a runtime.
#![cfg(feature = "futures-io")]

mod wire;

use bareframe_testkit::{Frame, Side};
use bareframe_tokio::{Error, FuturesIo, Options, StreamEnd, WebSocket};
use futures_util::io::{AllowStdIo, AsyncRead, AsyncWrite};
use std::io::{self, Cursor, IoSlice, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead as _, AsyncWrite as _, DuplexStream, ReadBuf, duplex};
use wire::{arriving, ready};

/// What arrives, and what was written.
#[derive(Default)]
struct Both {
    arrives: Cursor<Vec<u8>>,
    written: Vec<Vec<u8>>,
}

impl Read for Both {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.arrives.read(to)
    }
}

impl Write for Both {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        self.write(&bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn messages_pass_without_a_runtime() {
    let frames = [
        Frame::ping("p"),
        Frame::text("Hello"),
        Frame::binary(vec![7; 50_000]),
    ];
    let both = Both {
        arrives: Cursor::new(arriving(Side::Server, &frames)),
        written: Vec::new(),
    };
    let mut server = WebSocket::server(FuturesIo::new(AllowStdIo::new(both)), &Options::DEFAULT);
    assert_eq!(ready(server.read()).unwrap().unwrap().as_str(), Some("Hello"));
    ready(server.feed("first")).unwrap();
    ready(server.send(vec![1; 50_000])).unwrap();
    assert_eq!(ready(server.read()).unwrap().unwrap().payload().len(), 50_000);
    assert!(matches!(ready(server.read()), Err(Error::AbnormalClosure)));
    let written = &server.stream().as_inner().get_ref().written;
    let expected = [
        Frame::pong("p"),
        Frame::text("first"),
        Frame::binary(vec![1; 50_000]),
    ];
    assert!(written.concat() == expected.map(|frame| frame.to_bytes()).concat());
    assert_eq!(
        written.len(),
        1,
        "what is gathered leaves in one write with what is sent"
    );
}

/// A stream of tokio with the other traits.
struct Other(DuplexStream);

impl AsyncRead for Other {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut space = ReadBuf::new(to);
        let read = Pin::new(&mut self.0).poll_read(cx, &mut space);
        read.map_ok(|()| space.filled().len())
    }
}

impl AsyncWrite for Other {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn s7_1_1_both_ends_wait_for_each_other_and_see_the_end() {
    let (of_client, of_server) = duplex(100);
    let mut server = WebSocket::server(FuturesIo::new(Other(of_server)), &Options::DEFAULT);
    let mut client = WebSocket::client(FuturesIo::new(Other(of_client)), &Options::DEFAULT).unwrap();
    let serving = tokio::spawn(async move {
        while let Some((message, mut sender)) = server.read_with_sender().await.unwrap() {
            sender.send(&message).await.unwrap();
        }
        server.close(None, "").await.unwrap()
    });
    for len in [0, 1000, 100_000] {
        client.send(vec![7; len]).await.unwrap();
        assert_eq!(client.read().await.unwrap().unwrap().payload(), vec![7; len]);
    }
    assert_eq!(client.close(None, "").await.unwrap(), StreamEnd::Seen);
    assert_eq!(serving.await.unwrap(), StreamEnd::Seen);
}
