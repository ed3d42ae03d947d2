//! The closing handshake, to its end (RFC 6455 section 7).

use crate::deadline::Deadline;
use crate::error::{Error, is_temporary};
use crate::linger::end_stream;
use crate::stream::Stream;
use crate::websocket::WebSocket;
use bareframe::{CloseCode, Role, State};

impl<S: Stream, R: Role> WebSocket<S, R> {
    /// Closes the connection: sends our Close if none was sent, waits for the peer's and drops the data that
    /// still arrives, and ends the stream (RFC 6455 section 7.1). To have the data, call
    /// [`WebSocket::send_close`] and then [`WebSocket::read`] until `None`.
    ///
    /// It is called as well when `read` has given `None` or an error, to end the stream in good order. A
    /// server ends it first, and waits a moment for the client to do so too, so that what was sent last is
    /// not lost; a client waits for the server.
    ///
    /// The stream must be blocking; over another, send the Close and read to the end as that allows.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] for a reason that does not fit, and nothing is closed; [`Error::CloseTimeout`] if the
    /// peer's Close does not come within [`Options::close_timeout`](crate::Options::close_timeout); what
    /// [`WebSocket::read`] gives.
    pub fn close(&mut self, code: impl Into<Option<CloseCode>>, reason: &str) -> Result<(), Error> {
        let code = code.into();
        let deadline = Deadline::after(self.closing.timeout);
        self.link.deadline = deadline;
        let closed = self.finish_handshake(code, reason, deadline);
        if !matches!(closed, Err(Error::Send(_))) {
            let after_peer = self.closing.after_peer && self.state() == State::Closed;
            let _ = end_stream(&mut self.link.stream, after_peer, deadline);
        }
        self.link.deadline = Deadline::NONE;
        closed
    }

    fn finish_handshake(
        &mut self,
        code: Option<CloseCode>,
        reason: &str,
        deadline: Deadline,
    ) -> Result<(), Error> {
        loop {
            if deadline.left().is_err() {
                return Err(Error::CloseTimeout);
            }
            let done = match self.state() {
                State::Open | State::CloseReceived => self
                    .send_close(code, reason)
                    .and_then(|()| self.reader.drop_all(&mut self.link)),
                State::CloseSent => self.reader.drop_all(&mut self.link),
                _ => self.flush(),
            };
            match done {
                Err(Error::Io(error) | Error::Unflushed(error)) if is_temporary(&error) => {}
                done => return done,
            }
        }
    }
}
