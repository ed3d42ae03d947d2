//! Mutexes whose content is consistent between any two calls, so that a thread that panicked does no harm.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until another thread has changed the content, at most for this long.
pub(crate) fn wait_timeout<'m, T>(
    changed: &Condvar,
    held: MutexGuard<'m, T>,
    timeout: Duration,
) -> MutexGuard<'m, T> {
    let waited = changed.wait_timeout(held, timeout);
    waited.unwrap_or_else(PoisonError::into_inner).0
}

/// Returns `None` if another thread has locked it.
pub(crate) fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(held) => Some(held),
        Err(TryLockError::Poisoned(held)) => Some(held.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}
