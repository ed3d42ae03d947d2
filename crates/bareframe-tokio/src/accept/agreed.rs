//! Which of the offered extensions a server uses. Extensions of this crate are agreed on here and nowhere else.

use crate::options::Options;
use crate::websocket::{ServerSocket, WebSocket};
use bareframe::handshake::Extension;
use std::borrow::Cow;

/// What was agreed on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agreed;

impl Agreed {
    /// Returns what is used of what the client offers, and the list for the response: with `others`, which the program has chosen.
    pub(crate) fn choose<'o, 'c>(
        _: &Options,
        _offered: impl Iterator<Item = Extension<'o>>,
        others: &'c str,
    ) -> (Agreed, Cow<'c, str>) {
        (Agreed, Cow::Borrowed(others))
    }

    /// Creates the connection that uses it.
    pub(crate) fn socket<S>(self, stream: S, options: &Options) -> ServerSocket<S> {
        WebSocket::server(stream, options)
    }
}
