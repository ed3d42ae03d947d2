//! What the two sides of a connection have agreed on.

use crate::{NegotiationError, Parameters, Policy, SharedDeflate};
use bareframe::handshake::Extension;
use bareframe::{Config, ExtensionWindow, Rsv};
use std::borrow::Cow;
use std::boxed::Box;

/// The extension's halves and window if it is in use, and otherwise nothing in their places, for
/// [`Session::with_extension`](bareframe::Session::with_extension).
pub type AgreedHalves = (
    <Option<SharedDeflate> as bareframe::Extension>::Inbound,
    ExtensionWindow<Option<Box<[u8]>>>,
    <Option<SharedDeflate> as bareframe::Extension>::Outbound,
);

/// What the two sides of a connection have agreed on: the parameters of the extension, or that it is not in use. A side without a
/// policy neither offers nor accepts it.
///
/// ```
/// use bareframe::handshake::Extensions;
/// use bareframe_deflate::{Agreed, Policy};
/// let policy = Some(Policy::DEFAULT);
/// let offered = Agreed::offer(policy, "");
/// let (server, chosen) = Agreed::accept(policy, "", Extensions::parse(&offered).unwrap());
/// let client = Agreed::from_response(policy, "", Extensions::parse(&chosen).unwrap())?;
/// assert_eq!(client.parameters().unwrap().server(), server.parameters().unwrap().server());
/// assert_eq!(Agreed::accept(None, "", Extensions::parse(&offered).unwrap()).0, Agreed::NOTHING);
/// # Ok::<(), bareframe_deflate::NegotiationError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Agreed(Option<Parameters>);

impl Agreed {
    /// The extension is not in use.
    pub const NOTHING: Agreed = Agreed(None);

    /// Returns the parameters, if the extension is in use.
    #[must_use]
    pub const fn parameters(self) -> Option<Parameters> {
        self.0
    }

    /// Returns the list of what a client offers: `others`, and permessage-deflate as the policy says.
    #[must_use]
    pub fn offer(policy: Option<Policy>, others: &str) -> Cow<'_, str> {
        policy.map_or(Cow::Borrowed(others), |policy| {
            Cow::Owned(policy.offer_with(others))
        })
    }

    /// Returns what a server agrees to, and the list for its response: `others`, which it has chosen, and that.
    pub fn accept<'o, 'c>(
        policy: Option<Policy>,
        others: &'c str,
        offers: impl IntoIterator<Item = Extension<'o>>,
    ) -> (Agreed, Cow<'c, str>) {
        match policy.and_then(|policy| policy.accept_with(others, offers)) {
            Some((parameters, list)) => (Agreed(Some(parameters)), Cow::Owned(list)),
            None => (Agreed::NOTHING, Cow::Borrowed(others)),
        }
    }

    /// Returns what a client has agreed to that has offered [`Agreed::offer`] with the same policy and others.
    ///
    /// # Errors
    ///
    /// If the response fits no offer: the client fails the connection (RFC 7692 section 7).
    pub fn from_response<'r>(
        policy: Option<Policy>,
        others: &str,
        response: impl IntoIterator<Item = Extension<'r>>,
    ) -> Result<Agreed, NegotiationError> {
        match policy {
            Some(policy) => policy.agree_with(others, response).map(Agreed),
            None => Ok(Agreed::NOTHING),
        }
    }

    /// Returns the configuration of the connection: with RSV1, if the extension is in use.
    #[must_use]
    pub fn config(self, config: Config) -> Config {
        match self.0 {
            Some(_) => config.with_rsv(config.rsv() | Rsv::RSV1),
            None => config,
        }
    }

    /// Returns the halves for a connection that takes messages of at most `limit` bytes, as [`Policy::halves`] does.
    #[must_use]
    pub fn halves(self, policy: Policy, is_client: bool, limit: u64) -> AgreedHalves {
        let halves = self.0.map(|parameters| {
            let (receiving, sending) = parameters.directions(is_client);
            policy.halves(receiving, sending, limit)
        });
        match halves {
            Some((inbound, window, outbound)) => (Some(inbound), window, Some(outbound)),
            None => (None, ExtensionWindow::new(None), None),
        }
    }
}

impl From<Parameters> for Agreed {
    fn from(parameters: Parameters) -> Agreed {
        Agreed(Some(parameters))
    }
}
