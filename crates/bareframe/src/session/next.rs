//! What the caller of a session does next.

/// What the caller has to do before it calls again, or what is there.
///
/// It borrows nothing; what is ready is lent by another call.
///
/// ```
/// use bareframe::{Config, Connection, Next, Session};
/// let mut session = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 131]);
/// assert_eq!(session.next_event(), Ok(Next::Read));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Next {
    /// Give the session memory by `put_memory`; it has none to read into.
    Memory,
    /// Write what `to_write` returns, and report it by `wrote`.
    Write,
    /// Flush the stream, and report it by `flushed`.
    Flush,
    /// Read into `space`, and report it by `read`.
    Read,
    /// Take what was asked for: it is there.
    Ready,
    /// Nothing: the connection is closed, by both Close frames or by the peer's and a stream that refuses ours.
    Closed,
}
