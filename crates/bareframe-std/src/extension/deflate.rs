//! permessage-deflate, if it was agreed on.

use super::StdSession;
use crate::error::HandshakeError;
use crate::options::Options;
use bareframe::handshake::{Extension, Upgrade};
use bareframe::{Connection, Role, Session};
use bareframe_deflate::{Policy, SharedDeflate};
use std::borrow::Cow;

pub(crate) use bareframe_deflate::Agreed;

/// The sessions' extension.
pub(crate) type InUse = Option<SharedDeflate>;

/// Returns the list of what a client offers.
pub(crate) fn offer<'a>(options: &Options, others: &'a str) -> Cow<'a, str> {
    Agreed::offer(options.deflate(), others)
}

/// Returns what a server agrees to, and the list of what it has chosen.
pub(crate) fn accept<'a>(
    options: &Options,
    upgrade: &Upgrade<'_>,
    others: &'a str,
) -> (Agreed, Cow<'a, str>) {
    Agreed::accept(options.deflate(), others, upgrade.extensions())
}

/// Returns what a client has agreed to that has offered these others beside.
pub(crate) fn from_response<'r>(
    options: &Options,
    others: &str,
    response: impl IntoIterator<Item = Extension<'r>>,
) -> Result<Agreed, HandshakeError> {
    Agreed::from_response(options.deflate(), others, response).map_err(HandshakeError::Deflate)
}

/// Creates the session.
pub(crate) fn session<R: Role>(
    agreed: Agreed,
    connection: Connection<R>,
    is_client: bool,
    options: &Options,
    queue: Vec<u8>,
) -> StdSession<R> {
    let policy = options.deflate().unwrap_or(Policy::DEFAULT);
    let limit = options.config().limits().message();
    let (inbound, window, outbound) = agreed.halves(policy, is_client, limit);
    Session::with_extension(connection, Vec::new(), queue, inbound, window, outbound).with_close_reasons()
}
