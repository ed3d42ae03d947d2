//! Slot: passes answers from one half of a connection to the other.

use bareframe::Pending;
use core::cell::Cell;
use core::fmt;
use core::task::{Context, Poll, Waker};
use critical_section::Mutex;

/// The place where the reading half of a connection leaves what the writing half has to send: a Pong, and a Close.
///
/// It is locked for as long as it takes to copy about 150 bytes, and never while a task waits, so that neither half
/// waits for the other. Tasks of one or several executors, interrupts and threads can share it, with the program's
/// implementation of [`critical_section`].
///
/// ```
/// use bareframe_embedded_io::Slot;
/// static SLOT: Slot = Slot::new();
/// ```
pub struct Slot(Mutex<Cell<Left>>);

struct Left {
    pending: Pending,
    /// The reading half reads no more.
    has_ended: bool,
    waker: Option<Waker>,
}

impl Left {
    const NOTHING: Left = Left {
        pending: Pending::NONE,
        has_ended: false,
        waker: None,
    };
}

impl Slot {
    /// Creates an empty slot, which can be used for one connection after the other.
    #[must_use]
    pub const fn new() -> Slot {
        Slot(Mutex::new(Cell::new(Left::NOTHING)))
    }

    /// Forgets the previous connection.
    pub(crate) fn reset(&self) {
        self.update(|left| *left = Left::NOTHING);
    }

    /// Adds what the writing half has to send, and wakes it.
    pub(crate) fn put(&self, pending: Pending, has_ended: bool) {
        if pending.is_empty() && !has_ended {
            return;
        }
        let waker = self.update(|left| {
            left.pending.merge(pending);
            left.has_ended |= has_ended;
            left.waker.take()
        });
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Adds what was left here to `pending`.
    pub(crate) fn take_to(&self, pending: &mut Pending) {
        pending.merge(self.update(|left| core::mem::take(&mut left.pending)));
    }

    /// Waits until there is something; returns `true` if the reading half has ended.
    pub(crate) fn poll(&self, context: &Context<'_>) -> Poll<bool> {
        self.update(|left| {
            if left.pending.is_empty() && !left.has_ended {
                left.waker = Some(context.waker().clone());
                Poll::Pending
            } else {
                Poll::Ready(left.has_ended)
            }
        })
    }

    fn update<T>(&self, change: impl FnOnce(&mut Left) -> T) -> T {
        critical_section::with(|section| {
            let cell = self.0.borrow(section);
            let mut left = cell.replace(Left::NOTHING);
            let changed = change(&mut left);
            cell.set(left);
            changed
        })
    }
}

impl Default for Slot {
    fn default() -> Slot {
        Slot::new()
    }
}

/// Shows nothing of the content, which another task may change at the same time.
impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot")
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Slot {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Slot");
    }
}
