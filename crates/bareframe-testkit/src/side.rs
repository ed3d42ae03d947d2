//! The two ends of a connection.

/// The end of a connection that receives.
///
/// ```
/// use bareframe_testkit::Side;
/// assert!(Side::Server.expects_masks());
/// assert_eq!(Side::Server.other(), Side::Client);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Side {
    /// Receives masked frames.
    Server,
    /// Receives frames that are not masked.
    Client,
}

impl Side {
    /// Both sides, for tests that run each.
    pub const BOTH: [Side; 2] = [Side::Server, Side::Client];

    /// Returns the peer of this side.
    #[must_use]
    pub fn other(self) -> Side {
        match self {
            Side::Server => Side::Client,
            Side::Client => Side::Server,
        }
    }

    /// Returns `true` if the frames that this side receives must be masked (RFC 6455 section 5.1).
    #[must_use]
    pub fn expects_masks(self) -> bool {
        self == Side::Server
    }
}
