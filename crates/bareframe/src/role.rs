//! The two roles: a client masks what it sends and a server does not (RFC 6455 section 5.1).

use crate::mask::{MaskingKey, MaskingKeys};
use core::fmt;

/// A role in a connection: [`Client`] or [`Server`].
pub trait Role: sealed::Role {}

/// The role that masks nothing and receives masked frames.
///
/// ```
/// use bareframe::{Config, Connection, Server};
/// let server: Connection<Server> = Connection::server(Config::DEFAULT);
/// assert!(size_of_val(&server) <= 320);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Server(());

/// The role that masks every frame with a fresh key from its source, and receives frames that are not masked.
///
/// It is not `Clone`, whatever its source is: a clone would send the same keys again (RFC 6455 section 10.3).
///
/// ```
/// use bareframe::{Client, Config, Connection, MaskingKey};
/// fn connection<K: FnMut() -> MaskingKey>(keys: K) -> Connection<Client<K>> {
///     Connection::client(Config::DEFAULT, keys)
/// }
/// # let _ = connection(|| MaskingKey::new([1, 2, 3, 4]));
/// ```
#[derive(PartialEq, Eq)]
pub struct Client<K> {
    pub(crate) keys: K,
}

impl Server {
    pub(crate) const fn new() -> Server {
        Server(())
    }
}

impl Role for Server {}
impl<K: MaskingKeys> Role for Client<K> {}

pub(crate) mod sealed {
    use super::MaskingKey;

    pub trait Role {
        /// Whether this role's peer masks its frames.
        const RECEIVES_MASKED: bool;
        /// The bytes that a masking key adds to what this role sends.
        const KEY_LEN: usize;

        /// Returns the key of the next frame that this role sends.
        fn next_key(&mut self) -> Option<MaskingKey>;
    }
}

impl sealed::Role for Server {
    const RECEIVES_MASKED: bool = true;
    const KEY_LEN: usize = 0;

    #[inline]
    fn next_key(&mut self) -> Option<MaskingKey> {
        None
    }
}

impl<K: MaskingKeys> sealed::Role for Client<K> {
    const RECEIVES_MASKED: bool = false;
    const KEY_LEN: usize = 4;

    #[inline]
    fn next_key(&mut self) -> Option<MaskingKey> {
        Some(self.keys.next_key())
    }
}

/// Shows nothing of the source of keys, which must not be in logs.
impl<K> fmt::Debug for Client<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}
