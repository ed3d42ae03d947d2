//! What is shared by two tasks: the writing half, and the slot in which the reading half leaves what has to be sent.
//!
//! The reading half puts something into the slot, and then sends it if the other does not hold the writing half at that moment.
//! The other looks into the slot after it has given the writing half back. Both look at the same lock, that of the slot, after what
//! they did before: so whichever is there last sees what the other did, and nothing is left unsent.

#[cfg(test)]
mod model;

use bareframe::Pending;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::Poll;

/// A lock, of std or of a model that tries all interleavings.
pub(crate) trait Lock {
    type Value;

    /// Acts on the value, as soon as nobody else does.
    fn with<U>(&self, act: impl FnOnce(&mut Self::Value) -> U) -> U;

    /// Acts on the value, unless somebody else does.
    fn try_with<U>(&self, act: impl FnOnce(&mut Self::Value) -> U) -> Option<U>;
}

impl<T> Lock for Mutex<T> {
    type Value = T;

    fn with<U>(&self, act: impl FnOnce(&mut T) -> U) -> U {
        act(&mut lock(self))
    }

    fn try_with<U>(&self, act: impl FnOnce(&mut T) -> U) -> Option<U> {
        match self.try_lock() {
            Ok(mut value) => Some(act(&mut value)),
            Err(TryLockError::Poisoned(error)) => Some(act(&mut error.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// Locks for the length of a poll. A task that panicked has left the value as a dropped future does.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The writing half and the slot. No lock is held when a poll returns.
#[derive(Debug)]
pub(crate) struct Handoff<H, P = Mutex<Pending>> {
    held: H,
    slot: P,
}

/// The slot alone. It is locked for as long as it takes to copy it, also while the writing half is held.
pub(crate) struct Slot<'h, P>(&'h P);

impl<H: Lock, P: Lock<Value = Pending>> Handoff<H, P> {
    pub(crate) const fn new(held: H, slot: P) -> Handoff<H, P> {
        Handoff { held, slot }
    }

    /// Leaves what has to be sent; [`Handoff::settle`] is to be called after it.
    pub(crate) fn leave(&self, pending: Pending) {
        self.slot.with(|slot| slot.merge(pending));
    }

    /// Sends what was left, unless the other half holds the writing half: it then does that. `answer` returns `true` when the
    /// slot is empty, and `false` if something in it has to wait for another call.
    pub(crate) fn settle(
        &self,
        mut answer: impl FnMut(&mut H::Value, &Slot<'_, P>) -> Poll<bool>,
    ) -> Option<Poll<bool>> {
        loop {
            let done = self.held.try_with(|held| answer(held, &Slot(&self.slot)))?;
            if done != Poll::Ready(true) || Slot(&self.slot).is_empty() {
                return Some(done);
            }
        }
    }

    /// Acts on the writing half, and then sends what was left meanwhile.
    pub(crate) fn hold<U>(
        &self,
        act: impl FnOnce(&mut H::Value, &Slot<'_, P>) -> U,
        answer: impl FnMut(&mut H::Value, &Slot<'_, P>) -> Poll<bool>,
    ) -> U {
        let done = self.held.with(|held| act(held, &Slot(&self.slot)));
        if !Slot(&self.slot).is_empty() {
            let _ = self.settle(answer);
        }
        done
    }

    /// Looks at the writing half, after a poll of the other half.
    pub(crate) fn with<U>(&self, look: impl FnOnce(&mut H::Value) -> U) -> U {
        self.held.with(look)
    }

    /// Looks at the writing half, unless the other half holds it.
    pub(crate) fn look<U>(&self, look: impl FnOnce(&mut H::Value) -> U) -> Option<U> {
        self.held.try_with(look)
    }
}

impl<P: Lock<Value = Pending>> Slot<'_, P> {
    /// Has what is in the slot sent as far as it can be now.
    pub(crate) fn update(&self, send: impl FnOnce(&mut Pending)) {
        self.0.with(send);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.with(|slot| slot.is_empty())
    }
}
