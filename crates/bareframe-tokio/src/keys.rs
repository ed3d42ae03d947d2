//! Masking keys from the system's random source (RFC 6455 sections 5.3 and 10.3).

use bareframe::{MaskingKey, MaskingKeys};
use std::cell::RefCell;
use std::{fmt, io};

/// How many bytes are drawn at once: the keys of 256 frames.
const BATCH_LEN: usize = 1024;

thread_local! {
    /// Keys that were drawn and not used yet, for all connections of a thread, so that none of them holds memory for it.
    static BATCH: RefCell<Batch> = const {
        RefCell::new(Batch {
            bytes: [0; BATCH_LEN],
            used: BATCH_LEN,
        })
    };
}

struct Batch {
    bytes: [u8; BATCH_LEN],
    used: usize,
}

/// Masking keys that nobody can predict, from the system's random source; 256 are drawn at once for all connections of a thread,
/// and each is used once.
///
/// ```
/// use bareframe_tokio::{MaskingKeys, SystemKeys};
/// let mut keys = SystemKeys::new()?;
/// let _key = keys.next_key();
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct SystemKeys(());

impl SystemKeys {
    /// Draws the first keys, unless this thread has some.
    ///
    /// # Errors
    ///
    /// What the system's random source returns.
    pub fn new() -> io::Result<SystemKeys> {
        BATCH.with_borrow_mut(Batch::refill)?;
        Ok(SystemKeys(()))
    }
}

impl Batch {
    /// Has at least one key that was not used.
    fn refill(&mut self) -> io::Result<()> {
        if self.used == BATCH_LEN {
            fill(&mut self.bytes)?;
            self.used = 0;
        }
        Ok(())
    }

    fn next(&mut self) -> io::Result<[u8; 4]> {
        self.refill()?;
        let mut key = [0; 4];
        let from = &mut self.bytes[self.used..][..key.len()];
        // What was used is not kept.
        key.swap_with_slice(from);
        self.used += key.len();
        Ok(key)
    }
}

/// Fills a slice from the system's random source.
fn fill(bytes: &mut [u8]) -> io::Result<()> {
    getrandom::fill(bytes).map_err(io::Error::other)
}

impl MaskingKeys for SystemKeys {
    /// Draws a key that was never used before.
    ///
    /// # Panics
    ///
    /// If the system's random source fails after it has worked, which no known system does: a frame under a
    /// key that can be guessed must not go out.
    #[inline]
    fn next_key(&mut self) -> MaskingKey {
        let drawn = BATCH.try_with(|batch| batch.borrow_mut().next());
        // While a thread ends it has no batch any more.
        let key = drawn.unwrap_or_else(|_| {
            let mut key = [0; 4];
            fill(&mut key).map(|()| key)
        });
        MaskingKey::new(key.expect("the system's random source has failed"))
    }
}

/// The keys stay out of logs.
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
    fn s5_3_keys_are_fresh_across_batches_and_connections() {
        let mut keys = [SystemKeys::new().unwrap(), SystemKeys::new().unwrap()];
        let drawn: HashSet<[u8; 4]> = (0..1024).map(|at| keys[at % 2].next_key().to_bytes()).collect();
        // A batch used twice would give 256; among 1024 random keys one pair may be equal, hardly two.
        assert!(drawn.len() >= 1022, "{}", drawn.len());
    }
}
