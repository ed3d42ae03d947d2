//! The values of `Sec-WebSocket-Extensions` that a policy makes, with other extensions beside it.

use super::{EXTENSION, NegotiationError, Parameters, agree};
use crate::Policy;
use bareframe::handshake::{Extension, Extensions};
use std::string::{String, ToString};

impl Policy {
    /// Returns the list of what a client offers: what `others` has, and then permessage-deflate. If `others` has that itself, it is
    /// returned as it is.
    ///
    /// ```
    /// use bareframe_deflate::Policy;
    /// let policy = Policy::DEFAULT.with_sending_takeover(true).with_receiving_takeover(true);
    /// assert_eq!(policy.offer_with("x-toy"), "x-toy, permessage-deflate; client_max_window_bits");
    /// assert_eq!(policy.offer_with("permessage-deflate"), "permessage-deflate");
    /// ```
    #[must_use]
    pub fn offer_with(&self, others: &str) -> String {
        if has_deflate(others) {
            return others.to_string();
        }
        join(others, &self.offer().to_string())
    }

    /// Returns what a client has agreed to, if it has offered [`Policy::offer_with`] these others.
    ///
    /// # Errors
    ///
    /// If the response fits no offer: the client fails the connection (RFC 7692 section 7).
    pub fn agree_with<'r>(
        &self,
        others: &str,
        response: impl IntoIterator<Item = Extension<'r>>,
    ) -> Result<Option<Parameters>, NegotiationError> {
        if has_deflate(others) {
            return Ok(None);
        }
        agree(&[self.offer()], response)
    }

    /// Returns what a server accepts of a client's offers, and the list of that with the others that it has chosen. If `others` has
    /// permessage-deflate itself, nothing is accepted beside it.
    ///
    /// ```
    /// use bareframe::handshake::Extensions;
    /// use bareframe_deflate::Policy;
    /// let offers = Extensions::parse("x-toy, permessage-deflate; server_no_context_takeover").unwrap();
    /// let policy = Policy::DEFAULT.with_receiving_takeover(true);
    /// let (parameters, list) = policy.accept_with("x-toy", offers).unwrap();
    /// assert_eq!(list, "x-toy, permessage-deflate; server_no_context_takeover");
    /// assert!(!parameters.server().context_takeover());
    /// ```
    #[must_use]
    pub fn accept_with<'o>(
        &self,
        others: &str,
        offers: impl IntoIterator<Item = Extension<'o>>,
    ) -> Option<(Parameters, String)> {
        if has_deflate(others) {
            return None;
        }
        let parameters = self.acceptance().accept(offers)?;
        Some((parameters, join(others, &parameters.to_string())))
    }
}

fn has_deflate(list: &str) -> bool {
    Extensions::parse(list).is_some_and(|mut all| all.any(|one| one.name() == EXTENSION))
}

fn join(others: &str, element: &str) -> String {
    let mut list = others.to_string();
    if !list.is_empty() {
        list += ", ";
    }
    list += element;
    list
}
