//! Servers that do with each connection what a test says.
#![allow(dead_code, reason = "each test uses some")]

use bareframe_testkit::Frame;
use bareframe_tokio::handshake::{Accept, Key};
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Listens on an address of this machine.
pub(crate) async fn listen() -> (SocketAddr, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (listener.local_addr().unwrap(), listener)
}

/// Starts a server for one connection.
pub(crate) async fn serve_once<T, F>(
    serve: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> (SocketAddr, JoinHandle<T>)
where
    F: Future<Output = T> + Send,
    T: Send + 'static,
{
    let (address, listener) = listen().await;
    let served = tokio::spawn(async move {
        let stream = listener.accept().await.unwrap().0;
        drop(listener);
        serve(stream).await
    });
    (address, served)
}

/// Reads a head, and nothing after it.
pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Returns the value of a header of a head.
pub(crate) fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let line = |line: &'h str| line.strip_prefix(name)?.strip_prefix(": ");
    head.lines().find_map(line)
}

/// Returns the answer that opens a WebSocket.
pub(crate) fn switch(head: &str, more: &str) -> String {
    let key = Key::parse(header(head, "Sec-WebSocket-Key").unwrap().as_bytes()).unwrap();
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n{more}\r\n",
        Accept::from_key(&key).as_str()
    )
}

/// Opens a WebSocket, says "Hello" in the same write, and waits for the end. Returns the head of the request.
pub(crate) async fn greet(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> String {
    let head = read_head(&mut stream).await;
    let answer = [switch(&head, "").as_bytes(), &Frame::text("Hello").to_bytes()].concat();
    stream.write_all(&answer).await.unwrap();
    stream.flush().await.unwrap();
    wait_for_end(&mut stream).await;
    head
}

/// Answers with this head and content, and returns the head of the request.
pub(crate) async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str) -> String {
    let head = read_head(&mut stream).await;
    stream.write_all(answer.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    head
}

/// Waits until the other end is gone, and returns what it still sent.
pub(crate) async fn wait_for_end(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut rest = Vec::new();
    // A reset is an end as any other.
    let _ = stream.read_to_end(&mut rest).await;
    rest
}
