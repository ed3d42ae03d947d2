//! No extension: no code and no state.

use super::StdSession;
use crate::error::HandshakeError;
use crate::options::Options;
use bareframe::handshake::{Extension, Upgrade};
use bareframe::{Config, Connection, Role, Session};
use std::borrow::Cow;

/// The sessions' extension.
pub(crate) type InUse = ();

/// What was agreed on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agreed;

impl Agreed {
    pub(crate) const NOTHING: Agreed = Agreed;

    /// Returns the configuration of the connection.
    pub(crate) const fn config(self, config: Config) -> Config {
        config
    }
}

/// Returns the list of what a client offers.
pub(crate) fn offer<'a>(_: &Options, others: &'a str) -> Cow<'a, str> {
    Cow::Borrowed(others)
}

/// Returns what a server agrees to, and the list of what it has chosen.
pub(crate) fn accept<'a>(_: &Options, _: &Upgrade<'_>, others: &'a str) -> (Agreed, Cow<'a, str>) {
    (Agreed, Cow::Borrowed(others))
}

/// Returns what a client has agreed to that has offered these others beside.
pub(crate) fn from_response<'r>(
    _: &Options,
    _: &str,
    _: impl IntoIterator<Item = Extension<'r>>,
) -> Result<Agreed, HandshakeError> {
    Ok(Agreed)
}

/// Creates the session.
pub(crate) fn session<R: Role>(
    _: Agreed,
    connection: Connection<R>,
    _: bool,
    _: &Options,
    queue: Vec<u8>,
) -> StdSession<R> {
    Session::new(connection, Vec::new(), queue).with_close_reasons()
}
