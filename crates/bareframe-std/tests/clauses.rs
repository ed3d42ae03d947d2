//! What RFC 6455 section 4.1 asks of a client beside its head, over TCP.

use bareframe_std::{Error, connect};
use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Reads to the end of a head.
fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

#[test]
fn s4_1_a_connection_that_can_not_be_opened_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    drop(listener);
    let result = connect(&url);
    assert!(
        matches!(&result, Err(Error::Connect(error)) if error.error().kind() == ErrorKind::ConnectionRefused),
        "{result:?}"
    );
}

#[test]
fn s4_1_every_request_has_a_nonce_of_its_own() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let mut keys: Vec<String> = (0..4)
        .map(|_| {
            let url = url.clone();
            let client = thread::spawn(move || connect(&url).map(drop));
            let head = read_head(&mut listener.accept().unwrap().0);
            assert!(client.join().unwrap().is_err(), "nobody answered");
            let mut lines = head
                .lines()
                .filter_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
            lines.next().unwrap().to_owned()
        })
        .collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 4);
    assert!(
        keys.iter().all(|key| key.len() == 24 && key.ends_with("==")),
        "{keys:?}"
    );
}

#[test]
fn s4_1_nothing_follows_the_request_before_the_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let client = thread::spawn(move || connect(&url).map(drop));
    let (mut stream, _) = listener.accept().unwrap();
    read_head(&mut stream);
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let early = stream.read(&mut [0]);
    assert!(early.is_err_and(|error| error.kind() == ErrorKind::WouldBlock));
    drop(stream);
    assert!(client.join().unwrap().is_err());
}

#[cfg(feature = "rustls")]
#[test]
fn s4_1_tls_comes_first_and_names_the_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("wss://localhost:{}/", listener.local_addr().unwrap().port());
    let connector = bareframe_std::Connector::DEFAULT.with_timeout(Duration::from_secs(5));
    let client = thread::spawn(move || connector.connect(&url).map(drop));
    let (mut stream, _) = listener.accept().unwrap();
    let mut hello = vec![0; 5];
    stream.read_exact(&mut hello).unwrap();
    assert_eq!(hello[0], 22, "a record of a TLS handshake (RFC 8446 section 5.1)");
    let len = usize::from(u16::from_be_bytes([hello[3], hello[4]]));
    hello = vec![0; len];
    stream.read_exact(&mut hello).unwrap();
    // The name after its type and length, as server_name has it (RFC 6066 section 3).
    let named = hello.windows(12).any(|bytes| bytes == b"\x00\x00\x09localhost");
    assert!(named, "{}", hello.escape_ascii());
    drop(stream);
    assert!(
        client.join().unwrap().is_err(),
        "without TLS there is no connection"
    );
}
