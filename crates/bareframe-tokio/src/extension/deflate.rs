//! permessage-deflate, if it was agreed on.

use crate::handshake_error::HandshakeError;
use crate::observed::{Observed, ObservedInbound, ObservedOutbound};
use crate::options::Options;
use crate::session::Session;
use bareframe::handshake::Extension;
use bareframe::{Connection, Role};
use bareframe_deflate::{CompressionLevel, Policy, SharedDeflate, WindowBits};
use std::borrow::Cow;

pub(crate) use bareframe_deflate::Agreed;

/// The sessions' extension.
pub(crate) type InUse = Observed<Option<SharedDeflate>>;

/// How messages that many send are compressed, and how long they are at least; `None` if they are not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compression(Option<(WindowBits, CompressionLevel, usize)>);

/// Returns the list of what a client offers.
pub(crate) fn offer<'a>(options: &Options, others: &'a str) -> Cow<'a, str> {
    Agreed::offer(options.deflate(), others)
}

/// Returns what a server agrees to of what a client offers, and the list for the response: with others, which the program has chosen.
pub(crate) fn accept<'o, 'c>(
    options: &Options,
    offers: impl Iterator<Item = Extension<'o>>,
    others: &'c str,
) -> (Agreed, Cow<'c, str>) {
    Agreed::accept(options.deflate(), others, offers)
}

/// Returns what a client has agreed to that has offered these others beside.
pub(crate) fn from_response<'r>(
    options: &Options,
    others: &str,
    response: impl Iterator<Item = Extension<'r>>,
) -> Result<Agreed, HandshakeError> {
    Agreed::from_response(options.deflate(), others, response).map_err(HandshakeError::Deflate)
}

/// Creates the session.
pub(crate) fn session<R: Role>(
    agreed: Agreed,
    connection: Connection<R>,
    is_client: bool,
    options: &Options,
) -> Session<R> {
    let policy = options.deflate().unwrap_or(Policy::DEFAULT);
    let limit = options.config().limits().message();
    let (inbound, window, outbound) = agreed.halves(policy, is_client, limit);
    let (inbound, outbound) = (ObservedInbound::new(inbound), ObservedOutbound::new(outbound));
    Session::with_extension(connection, None, Vec::new(), inbound, window, outbound)
}

impl Compression {
    /// Returns how messages are compressed that many send.
    pub(crate) fn new(agreed: Agreed, is_client: bool, options: &Options) -> Compression {
        let policy = options.deflate().unwrap_or(Policy::DEFAULT);
        Compression(agreed.parameters().map(|parameters| {
            let (_, sending) = parameters.directions(is_client);
            (sending.window_bits(), policy.level(), policy.threshold())
        }))
    }

    /// Returns how a message of this length is compressed; `None` if it is sent as it is.
    pub(crate) fn of(self, len: usize) -> Option<(WindowBits, CompressionLevel)> {
        let (bits, level, threshold) = self.0?;
        (len >= threshold).then_some((bits, level))
    }
}
