//! Masking keys from a random number generator (RFC 6455 section 5.3).

use bareframe::{MaskingKey, MaskingKeys};
use core::fmt;
use rand_core::CryptoRng;

/// A client's masking keys, drawn from a generator that no peer can predict (RFC 6455 section 10.3).
///
/// ```
/// use bareframe_embedded_io::RandomKeys;
/// use rand_core::CryptoRng;
/// fn keys(generator: impl CryptoRng) -> RandomKeys<impl CryptoRng> {
///     RandomKeys(generator)
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RandomKeys<G>(pub G);

impl<G: CryptoRng> RandomKeys<G> {
    /// Draws the octets that [`Connecting::new`](crate::Connecting::new) asks for.
    pub fn nonce(&mut self) -> [u8; 16] {
        let mut nonce = [0; 16];
        self.0.fill_bytes(&mut nonce);
        nonce
    }
}

impl<G: CryptoRng> MaskingKeys for RandomKeys<G> {
    fn next_key(&mut self) -> MaskingKey {
        MaskingKey::new(self.0.next_u32().to_ne_bytes())
    }
}

/// The generator stays out of logs.
impl<G> fmt::Debug for RandomKeys<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RandomKeys")
    }
}
