//! A client over TCP that knows no protocol: it sends the bytes that a test says, and expects bytes.

use crate::Frame;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A client that tests use against a server over TCP.
///
/// ```
/// use bareframe_testkit::{Frame, RawClient};
/// use std::io::{Read, Write};
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let address = listener.local_addr()?;
/// let server = std::thread::spawn(move || {
///     let mut stream = listener.accept()?.0;
///     stream.read(&mut [0; 1024])?;
///     stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x02Hi")
/// });
/// let mut client = RawClient::connect(address, &[])?;
/// client.expect(&Frame::text("Hi"))?;
/// # server.join().unwrap()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct RawClient(TcpStream);

impl RawClient {
    /// Connects, sends these frames in one write with the request, and reads the answer, which must be 101.
    ///
    /// # Errors
    ///
    /// The stream's, and [`io::ErrorKind::InvalidData`] if the answer is another. A read ends after 20 seconds.
    pub fn connect(address: SocketAddr, frames: &[Frame]) -> io::Result<RawClient> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let mut client = RawClient(stream);
        let mut bytes = REQUEST.to_vec();
        frames.iter().for_each(|frame| bytes.extend(masked(frame)));
        client.0.write_all(&bytes)?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.0.read_exact(&mut byte)?;
            head.extend(byte);
        }
        if !head.starts_with(b"HTTP/1.1 101 ") {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                String::from_utf8_lossy(&head),
            ));
        }
        Ok(client)
    }

    /// Sends a frame, masked.
    ///
    /// # Errors
    ///
    /// The stream's.
    pub fn send(&mut self, frame: &Frame) -> io::Result<()> {
        self.0.write_all(&masked(frame))
    }

    /// Sends a frame, masked, in one write for each of its bytes.
    ///
    /// # Errors
    ///
    /// The stream's.
    pub fn send_byte_by_byte(&mut self, frame: &Frame) -> io::Result<()> {
        self.0.set_nodelay(true)?;
        masked(frame)
            .chunks(1)
            .try_for_each(|byte| self.0.write_all(byte))
    }

    /// Reads as many bytes as this frame has, which is a server's.
    ///
    /// # Errors
    ///
    /// The stream's, and [`io::ErrorKind::InvalidData`] if the bytes are others.
    pub fn expect(&mut self, frame: &Frame) -> io::Result<()> {
        let expected = frame.to_bytes();
        let mut received = vec![0; expected.len()];
        self.0.read_exact(&mut received)?;
        if received != expected {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(())
    }

    /// Returns the stream.
    pub const fn stream(&mut self) -> &mut TcpStream {
        &mut self.0
    }
}

fn masked(frame: &Frame) -> Vec<u8> {
    frame.clone().masked([1, 2, 3, 4]).to_bytes()
}
