//! A server that reads one request, and does then what a test says.

use bareframe_std::handshake::{Accept, Key};
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

/// Starts it; returns its URL, and the thread that returns the head of the request. `answer` gets the stream and the value of
/// `Sec-WebSocket-Accept`.
pub(crate) fn server_once<T>(
    answer: impl FnOnce(TcpStream, &str) -> T + Send + 'static,
) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/chat", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        let head = String::from_utf8(head).unwrap();
        let key = head
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
            .unwrap();
        let accept = Accept::from_key(&Key::parse(key.as_bytes()).unwrap());
        answer(stream, accept.as_str());
        head
    });
    (url, server)
}
