//! Memory that connections have only while they need it: each thread has a few buffers for all that it polls.

use std::cell::RefCell;

/// At most this many buffers are kept by a thread, and this many bytes.
const MOST: usize = 64;
const MOST_BYTES: usize = 2 << 20;

thread_local! {
    static POOL: RefCell<Pool> = const {
        RefCell::new(Pool {
            buffers: Vec::new(),
            bytes: 0,
        })
    };
}

/// Buffers that nobody uses now. Each has its whole length in use, so that it is not filled with zeros again.
struct Pool {
    buffers: Vec<Vec<u8>>,
    bytes: usize,
}

impl Pool {
    fn take(&mut self, len: usize) -> Option<Vec<u8>> {
        // The one that was given back last is in the nearest cache.
        let at = self.buffers.iter().rposition(|buffer| buffer.len() == len)?;
        self.bytes = self.bytes.saturating_sub(len);
        Some(self.buffers.remove(at))
    }

    fn put(&mut self, buffer: Vec<u8>) {
        if buffer.capacity() != buffer.len() || buffer.len() > MOST_BYTES {
            return;
        }
        self.bytes = self.bytes.saturating_add(buffer.len());
        self.buffers.push(buffer);
        // The oldest may be of a length that nobody asks for again; kept, they would be all that is left.
        while self.buffers.len() > MOST || self.bytes > MOST_BYTES {
            let oldest = self.buffers.remove(0);
            self.bytes = self.bytes.saturating_sub(oldest.len());
        }
    }
}

/// Returns memory of this length.
pub(crate) fn take(len: usize) -> Vec<u8> {
    let pooled = POOL.try_with(|pool| pool.borrow_mut().take(len));
    pooled.ok().flatten().unwrap_or_else(|| vec![0; len])
}

/// Returns memory to the pool, which keeps it for the next connection if its length is one of those that are asked for again.
pub(crate) fn put(buffer: Vec<u8>) {
    if buffer.is_empty() {
        return;
    }
    let _ = POOL.try_with(|pool| pool.borrow_mut().put(buffer));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_nobody_asks_for_again_do_not_fill_the_pool() {
        for len in 1..10 * MOST {
            put(vec![0; len]);
        }
        let mut buffer = take(10_000);
        buffer[0] = 7;
        put(buffer);
        assert_eq!(take(10_000)[0], 7);
        // One that is too long for the pool takes nobody's place.
        put(vec![0; MOST_BYTES + 1]);
        assert_eq!(POOL.with_borrow(|pool| pool.buffers.len()), MOST - 1);
    }

    #[test]
    fn memory_is_used_again_by_its_length_and_what_is_kept_is_bounded() {
        let mut buffer = take(1000);
        buffer[0] = 7;
        put(buffer);
        assert_eq!(take(999)[0], 0);
        assert_eq!(take(1000)[0], 7);
        assert_eq!(take(1000)[0], 0);
        for _ in 0..1000 {
            put(vec![0; 100]);
        }
        let (kept, bytes) = POOL.with_borrow(|pool| (pool.buffers.len(), pool.bytes));
        assert_eq!((kept, bytes), (MOST, MOST * 100));
        for _ in 0..MOST {
            drop(take(100));
        }
        for _ in 0..10 {
            put(vec![0; MOST_BYTES / 2]);
        }
        assert_eq!(
            POOL.with_borrow(|pool| (pool.buffers.len(), pool.bytes)),
            (2, MOST_BYTES)
        );
    }
}
