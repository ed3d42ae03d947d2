//! Masking keys from a random number generator (RFC 6455 section 5.3).

use bareframe::{MaskingKey, MaskingKeys};
use core::fmt;
use rand_core::CryptoRng;

/// A client's masking keys, drawn from a generator of this crate's version of [`rand_core`] that no peer can predict (RFC 6455
/// section 10.3).
///
/// For a generator of another version pass a closure, which is a source of masking keys too: `move ||
/// MaskingKey::new(generator.next_u32().to_ne_bytes())`.
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

impl<G: CryptoRng> MaskingKeys for RandomKeys<G> {
    fn next_key(&mut self) -> MaskingKey {
        MaskingKey::new(self.0.next_u32().to_ne_bytes())
    }
}

/// Shows nothing of the generator, which must not be in logs.
impl<G> fmt::Debug for RandomKeys<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RandomKeys")
    }
}

/// Shows nothing of the generator, which must not be in logs.
#[cfg(feature = "defmt")]
impl<G> defmt::Format for RandomKeys<G> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "RandomKeys");
    }
}
