//! Masking keys from the system's random source (RFC 6455 sections 5.3 and 10.3).

use bareframe::{MaskingKey, MaskingKeys};
use std::{fmt, io};

/// How many bytes are drawn at once: the keys of 64 frames.
const BATCH_LEN: usize = 256;

/// Unpredictable masking keys, from the system's random source. 64 are drawn at once, and each is returned once.
///
/// It is not `Clone`, because a copy would return the same keys again.
///
/// ```
/// use bareframe_std::{MaskingKeys, SystemKeys};
/// let mut keys = SystemKeys::new()?;
/// let _key = keys.next_key();
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct SystemKeys {
    batch: Box<[u8; BATCH_LEN]>,
    used: usize,
}

impl SystemKeys {
    /// Draws the first keys.
    ///
    /// # Errors
    ///
    /// Returns the error of the system's random source.
    pub fn new() -> io::Result<SystemKeys> {
        let mut batch = Box::new([0; BATCH_LEN]);
        fill(&mut batch[..])?;
        Ok(SystemKeys { batch, used: 0 })
    }
}

/// Fills a slice from the system's random source.
pub(crate) fn fill(bytes: &mut [u8]) -> io::Result<()> {
    getrandom::fill(bytes).map_err(io::Error::other)
}

impl MaskingKeys for SystemKeys {
    /// Draws a key that was never used before.
    ///
    /// # Panics
    ///
    /// If the system's random source fails after it has worked, which no known system does. A frame with a predictable
    /// key must not be sent.
    #[inline]
    fn next_key(&mut self) -> MaskingKey {
        loop {
            if let Some(key) = self.batch[self.used..].first_chunk_mut() {
                self.used += key.len();
                return MaskingKey::new(std::mem::take(key));
            }
            fill(&mut self.batch[..]).expect("the system's random source has failed");
            self.used = 0;
        }
    }
}

/// Shows nothing of the keys, which must not be in logs.
impl fmt::Debug for SystemKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemKeys")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn s5_3_keys_are_fresh_across_batches() {
        let mut keys = SystemKeys::new().unwrap();
        let drawn: HashSet<[u8; 4]> = (0..256).map(|_| keys.next_key().to_bytes()).collect();
        // A batch used twice would give 64; among 256 random keys one pair may be equal, hardly two.
        assert!(drawn.len() >= 254, "{}", drawn.len());
    }
}
