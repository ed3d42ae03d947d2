//! A TCP socket of smoltcp as a stream of embedded-io-async.

use crate::clock::within;
use crate::network::Stack;
use core::cell::RefCell;
use core::fmt;
use core::future::poll_fn;
use core::net::SocketAddrV4;
use core::task::Poll;
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::{RecvError, Socket, State};

/// How long the end of a connection may take, in milliseconds.
const ENDING: u64 = 5_000;

/// A socket, which can be used for one connection after another.
///
/// Written bytes are sent when all tasks wait, so that there is nothing to flush.
pub struct TcpStream<'n, 'm> {
    stack: &'n RefCell<Stack<'m>>,
    handle: SocketHandle,
}

/// The peer has ended the connection by a reset, or it is silent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reset;

impl<'n, 'm> TcpStream<'n, 'm> {
    pub(crate) const fn new(stack: &'n RefCell<Stack<'m>>, handle: SocketHandle) -> TcpStream<'n, 'm> {
        TcpStream { stack, handle }
    }

    /// Waits for the next connection to this port.
    ///
    /// # Panics
    ///
    /// If the last one has not ended.
    pub async fn accept(&mut self, port: u16) {
        self.with(|socket| socket.listen(port).expect("the last connection has ended"));
        self.wait(|socket| socket.may_send() || socket.may_recv()).await;
    }

    /// Connects to a server, from this port of ours.
    ///
    /// # Errors
    ///
    /// [`Reset`] if there is no answer, or nobody listens.
    ///
    /// # Panics
    ///
    /// If the last connection has not ended, or the address or a port is 0.
    pub async fn connect(&mut self, server: SocketAddrV4, from: u16) -> Result<(), Reset> {
        {
            let stack = &mut *self.stack.borrow_mut();
            let (socket, context) = stack.socket(self.handle);
            let connecting = socket.connect(context, server, from);
            connecting.expect("the last connection has ended, and neither address nor port is 0");
        }
        self.wait(|socket| !matches!(socket.state(), State::SynSent | State::SynReceived))
            .await;
        self.with(|socket| socket.may_send()).then_some(()).ok_or(Reset)
    }

    /// Ends the connection: written bytes are still sent, and bytes that still arrive are discarded.
    pub async fn end(&mut self) {
        self.with(Socket::close);
        let ended = within(ENDING, async {
            let mut dropped = [0; 512];
            while let Ok(1..) = self.read(&mut dropped).await {}
            self.wait(|socket| !socket.is_open()).await;
        });
        if ended.await.is_err() {
            self.with(Socket::abort);
            // The reset leaves before the socket is used again.
            self.wait(|socket| socket.remote_endpoint().is_none()).await;
        }
    }

    fn with<T>(&self, with: impl FnOnce(&mut Socket<'m>) -> T) -> T {
        with(self.stack.borrow_mut().socket(self.handle).0)
    }

    async fn wait(&self, until: impl Fn(&Socket<'_>) -> bool) {
        poll_fn(|_| match self.with(|socket| until(socket)) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }
}

impl ErrorType for TcpStream<'_, '_> {
    type Error = Reset;
}

impl Read for TcpStream<'_, '_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Reset> {
        self.wait(|socket| socket.can_recv() || !socket.may_recv()).await;
        self.with(|socket| match socket.recv_slice(buffer) {
            Ok(len) => Ok(len),
            Err(RecvError::Finished) => Ok(0),
            Err(RecvError::InvalidState) => Err(Reset),
        })
    }
}

impl Write for TcpStream<'_, '_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Reset> {
        self.wait(|socket| socket.can_send() || !socket.may_send()).await;
        self.with(|socket| socket.send_slice(bytes)).map_err(|_| Reset)
    }

    async fn flush(&mut self) -> Result<(), Reset> {
        Ok(())
    }
}

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was reset")
    }
}

impl core::error::Error for Reset {}

impl embedded_io_async::Error for Reset {
    fn kind(&self) -> ErrorKind {
        ErrorKind::ConnectionReset
    }
}
