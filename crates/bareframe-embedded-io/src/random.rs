//! Masking keys from a random number generator (RFC 6455 section 5.3).

use bareframe::{MaskingKey, MaskingKeys};
use core::fmt;
use rand_core::CryptoRng;

/// A client's masking keys, drawn from a generator of this crate's version of [`rand_core`] that no peer can predict (RFC 6455
/// section 10.3).
///
/// A generator of another version is given as a closure, which is a source of masking keys by itself:
/// `move || MaskingKey::new(generator.next_u32().to_ne_bytes())`.
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

/// The generator stays out of logs.
impl<G> fmt::Debug for RandomKeys<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RandomKeys")
    }
}

/// The generator stays out of logs.
#[cfg(feature = "defmt")]
impl<G> defmt::Format for RandomKeys<G> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "RandomKeys");
    }
}
