//! permessage-deflate, if it was agreed on.

use crate::handshake_error::HandshakeError;
use crate::observed::{Observed, ObservedInbound, ObservedOutbound};
use crate::options::Options;
use crate::session::Session;
use bareframe::handshake::Extension;
use bareframe::{Config, Connection, ExtensionWindow, Role, Rsv};
use bareframe_deflate::{CompressionLevel, Parameters, Policy, SharedDeflate, WindowBits};
use std::borrow::Cow;

/// The sessions' extension.
pub(crate) type InUse = Observed<Option<SharedDeflate>>;

/// What was agreed on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agreed(pub(crate) Option<Parameters>);

/// How messages that many send are compressed, and how long they are at least; `None` if they are not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compression(Option<(WindowBits, CompressionLevel, usize)>);

impl Agreed {
    pub(crate) const NOTHING: Agreed = Agreed(None);

    /// Returns the list of what a client offers.
    pub(crate) fn offer<'a>(options: &Options, others: &'a str) -> Cow<'a, str> {
        match options.deflate() {
            Some(policy) => Cow::Owned(policy.offer_with(others)),
            None => Cow::Borrowed(others),
        }
    }

    /// Returns what a server agrees to of what a client offers, and the list for the response: with others, which the program has chosen.
    pub(crate) fn accept<'o, 'c>(
        options: &Options,
        offers: impl Iterator<Item = Extension<'o>>,
        others: &'c str,
    ) -> (Agreed, Cow<'c, str>) {
        let accepted = options
            .deflate()
            .and_then(|policy| policy.accept_with(others, offers));
        match accepted {
            Some((parameters, list)) => (Agreed(Some(parameters)), Cow::Owned(list)),
            None => (Agreed::NOTHING, Cow::Borrowed(others)),
        }
    }

    /// Returns what a client has agreed to that has offered these others beside.
    pub(crate) fn from_response<'r>(
        options: &Options,
        others: &str,
        response: impl Iterator<Item = Extension<'r>>,
    ) -> Result<Agreed, HandshakeError> {
        match options.deflate() {
            Some(policy) => policy
                .agree_with(others, response)
                .map(Agreed)
                .map_err(HandshakeError::Deflate),
            None => Ok(Agreed::NOTHING),
        }
    }

    /// Returns the configuration of the engine for it.
    pub(crate) fn config(self, options: &Options) -> Config {
        let config = options.config();
        match self.0 {
            Some(_) => config.with_rsv(config.rsv() | Rsv::RSV1),
            None => config,
        }
    }

    /// Returns how messages are compressed that many send.
    pub(crate) fn compression(self, is_client: bool, options: &Options) -> Compression {
        let policy = options.deflate().unwrap_or(Policy::DEFAULT);
        Compression(self.0.map(|parameters| {
            let sending = if is_client {
                parameters.client()
            } else {
                parameters.server()
            };
            (sending.window_bits(), policy.level(), policy.threshold())
        }))
    }

    /// Creates the session.
    pub(crate) fn session<R: Role>(
        self,
        connection: Connection<R>,
        is_client: bool,
        options: &Options,
    ) -> Session<R> {
        let halves = self.0.map(|parameters| {
            let (server, client) = (parameters.server(), parameters.client());
            let (receiving, sending) = if is_client {
                (server, client)
            } else {
                (client, server)
            };
            let policy = options.deflate().unwrap_or(Policy::DEFAULT);
            policy.halves(receiving, sending, options.config().limits().message())
        });
        let (inbound, window, outbound) = match halves {
            Some((inbound, window, outbound)) => (Some(inbound), window, Some(outbound)),
            None => (None, ExtensionWindow::new(None), None),
        };
        let (inbound, outbound) = (ObservedInbound::new(inbound), ObservedOutbound::new(outbound));
        Session::with_extension(connection, None, Vec::new(), inbound, window, outbound)
    }
}

impl Compression {
    /// Returns how a message of this length is compressed; `None` if it is sent as it is.
    pub(crate) fn of(self, len: usize) -> Option<(WindowBits, CompressionLevel)> {
        let (bits, level, threshold) = self.0?;
        (len >= threshold).then_some((bits, level))
    }
}
