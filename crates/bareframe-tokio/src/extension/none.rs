//! No extension: no code and no state.

use crate::handshake_error::HandshakeError;
use crate::observed::{Observed, ObservedInbound, ObservedOutbound};
use crate::options::Options;
use crate::session::Session;
use bareframe::handshake::Extension;
use bareframe::{Config, Connection, Role};
use std::borrow::Cow;

/// The sessions' extension.
pub(crate) type InUse = Observed<()>;

/// What was agreed on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agreed;

/// How messages that many send are compressed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compression;

impl Agreed {
    pub(crate) const NOTHING: Agreed = Agreed;

    /// Returns the configuration of the connection.
    pub(crate) const fn config(self, config: Config) -> Config {
        config
    }
}

impl Compression {
    /// Returns how messages that many send are compressed.
    pub(crate) const fn new(_: Agreed, _: bool, _: &Options) -> Compression {
        Compression
    }
}

/// Returns the list of what a client offers.
pub(crate) fn offer<'a>(_: &Options, others: &'a str) -> Cow<'a, str> {
    Cow::Borrowed(others)
}

/// Returns what a server agrees to of what a client offers, and the list for the response: with others, which the program has chosen.
pub(crate) fn accept<'o, 'c>(
    _: &Options,
    _: impl Iterator<Item = Extension<'o>>,
    others: &'c str,
) -> (Agreed, Cow<'c, str>) {
    (Agreed, Cow::Borrowed(others))
}

/// Returns what a client has agreed to that has offered these others beside.
pub(crate) fn from_response<'r>(
    _: &Options,
    _: &str,
    _: impl Iterator<Item = Extension<'r>>,
) -> Result<Agreed, HandshakeError> {
    Ok(Agreed)
}

/// Creates the session.
pub(crate) fn session<R: Role>(_: Agreed, connection: Connection<R>, _: bool, _: &Options) -> Session<R> {
    let (inbound, outbound) = (ObservedInbound::new(()), ObservedOutbound::new(()));
    Session::with_extension(connection, None, Vec::new(), inbound, (), outbound)
}
