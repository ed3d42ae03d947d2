//! What the caller of a session has to do next.

/// What the caller has to do before it calls again, or that the result is ready.
///
/// It borrows nothing; a result that is ready is lent by another call.
///
/// ```
/// use bareframe::{Config, Connection, Next, Session};
/// let mut session = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 131]);
/// assert_eq!(session.next_event(), Ok(Next::Read));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Next {
    /// Provide memory with `put_memory`, since the session has none to read into.
    Memory,
    /// Write what `to_write` returns, and report it with `wrote`.
    Write,
    /// Flush the stream, and report it with `flushed`.
    Flush,
    /// Read into `space`, and report it with `read`.
    Read,
    /// Take the event or message, or continue after what was sent: the call is done.
    Ready,
    /// Nothing, since the connection is closed: both Close frames passed, or the stream refused ours after the peer's.
    Closed,
}
