//! Leases: an inflater or a deflater of one's own, or of a pool for as long as a message is in work.

use crate::deflate::{Deflater, Level};
use crate::inflate::{Inflater, Size};
use crate::{Direction, WindowBits};
use bareframe::Memory;
use core::cell::Cell;
use core::fmt;
use core::ops::DerefMut;

/// What inflates a connection's messages, with a window in the memory `M`: an [`Inflater`] of its own, or a [`PooledInflater`].
pub trait InflaterLease<M> {
    /// The size of the inflater.
    type Size: Size;

    /// Sees that there is an inflater, and memory in `window`, for a message that begins.
    fn lease(&mut self, window: &mut M);

    /// Returns the inflater; `None` if none could be leased.
    fn inflater(&mut self) -> Option<&mut Inflater<Self::Size>>;

    /// Returns the leased memory when a message has ended that wrote at most `used` bytes of the window.
    fn release(&mut self, window: &mut M, used: usize);
}

/// What deflates a connection's messages: a [`Deflater`] of its own, or a [`PooledDeflater`].
pub trait DeflaterLease {
    /// The level of the deflater.
    type Level: Level;

    /// Sees that there is a deflater for a message that begins. Returns `false` if there is none: the message is sent as it is.
    fn lease(&mut self) -> bool;

    /// Returns the deflater, if one is leased.
    fn deflater(&mut self) -> Option<&mut Deflater<Self::Level>>;

    /// Returns the leased memory when a message has ended.
    fn release(&mut self);

    /// Returns the window bits that messages are compressed with.
    fn window_bits(&self) -> WindowBits;
}

impl<T: Size, M: Memory> InflaterLease<M> for Inflater<T> {
    type Size = T;

    fn lease(&mut self, _: &mut M) {}

    fn inflater(&mut self) -> Option<&mut Inflater<T>> {
        Some(self)
    }

    fn release(&mut self, _: &mut M, _: usize) {}
}

impl<L: Level> DeflaterLease for Deflater<L> {
    type Level = L;

    fn lease(&mut self) -> bool {
        true
    }

    fn deflater(&mut self) -> Option<&mut Deflater<L>> {
        Some(self)
    }

    fn release(&mut self) {}

    fn window_bits(&self) -> WindowBits {
        Deflater::window_bits(self)
    }
}

/// Memory that many connections share, each for as long as a message is in work: inflaters with their windows, or deflaters.
///
/// Whoever gives something back has overwritten what a message left in it. A [`Cell`] is a pool of one for connections in one
/// thread; the feature `std` has one for many threads.
///
/// ```
/// use bareframe_deflate::{Compact, Inflater, Pool, WindowBits};
/// use std::cell::Cell;
/// let bits = WindowBits::MIN;
/// let pool = &Cell::new(Some((Box::new(Inflater::<Compact>::new(bits)), [0; 256])));
/// let leased = Pool::take(&pool, bits).unwrap();
/// assert!(Pool::take(&pool, bits).is_none());
/// Pool::put(&pool, bits, leased);
/// ```
pub trait Pool<T> {
    /// Removes and returns one for these window bits.
    fn take(&self, window_bits: WindowBits) -> Option<T>;

    /// Puts one in that is for these window bits.
    fn put(&self, window_bits: WindowBits, item: T);
}

/// All connections have the same window bits.
impl<T> Pool<T> for &Cell<Option<T>> {
    fn take(&self, _: WindowBits) -> Option<T> {
        Cell::take(self)
    }

    fn put(&self, _: WindowBits, item: T) {
        self.set(Some(item));
    }
}

/// An inflater and a window, leased from a pool.
///
/// Without context takeover they are given back when a message has ended, with the window overwritten as far as it was used. With it
/// they are leased by the first compressed message and kept.
pub struct PooledInflater<P, I> {
    pool: P,
    direction: Direction,
    limit: u64,
    leased: Option<I>,
}

impl<P, I> PooledInflater<P, I> {
    /// Creates one for messages that the peer sends so, of at most `limit` bytes when they are inflated.
    pub const fn new(pool: P, direction: Direction, limit: u64) -> PooledInflater<P, I> {
        PooledInflater {
            pool,
            direction,
            limit,
            leased: None,
        }
    }
}

impl<P, I, T, M> InflaterLease<Option<M>> for PooledInflater<P, I>
where
    P: Pool<(I, M)>,
    I: DerefMut<Target = Inflater<T>>,
    T: Size,
    M: Memory + AsMut<[u8]>,
{
    type Size = T;

    fn lease(&mut self, window: &mut Option<M>) {
        if self.leased.is_none()
            && let Some((mut inflater, memory)) = self.pool.take(self.direction.window_bits())
        {
            inflater.reset_to(
                self.direction.window_bits(),
                self.direction.context_takeover(),
                self.limit,
            );
            (self.leased, *window) = (Some(inflater), Some(memory));
        }
    }

    fn inflater(&mut self) -> Option<&mut Inflater<T>> {
        self.leased.as_deref_mut()
    }

    fn release(&mut self, window: &mut Option<M>, used: usize) {
        if self.direction.context_takeover() {
            return;
        }
        if let Some(inflater) = self.leased.take()
            && let Some(mut memory) = window.take()
        {
            if let Some(used) = memory.as_mut().get_mut(..used) {
                used.fill(0);
            }
            self.pool.put(self.direction.window_bits(), (inflater, memory));
        }
    }
}

/// A deflater, leased from a pool.
///
/// Without context takeover it is given back when a message has ended, and what it kept of the message is overwritten. With it, it is
/// leased by the first message that is compressed and kept.
pub struct PooledDeflater<P, D> {
    pool: P,
    direction: Direction,
    leased: Option<D>,
}

impl<P, D> PooledDeflater<P, D> {
    /// Creates one for messages that are sent so. The pool's deflaters have the window bits that they are asked for.
    pub const fn new(pool: P, direction: Direction) -> PooledDeflater<P, D> {
        PooledDeflater {
            pool,
            direction,
            leased: None,
        }
    }
}

impl<P, D, L> DeflaterLease for PooledDeflater<P, D>
where
    P: Pool<D>,
    D: DerefMut<Target = Deflater<L>>,
    L: Level,
{
    type Level = L;

    fn lease(&mut self) -> bool {
        if self.leased.is_none()
            && let Some(mut deflater) = self.pool.take(self.direction.window_bits())
        {
            // One with another window would send distances that the peer refuses.
            if deflater.window_bits() == self.direction.window_bits() {
                deflater.set_context_takeover(self.direction.context_takeover());
                self.leased = Some(deflater);
            } else {
                let window_bits = deflater.window_bits();
                self.pool.put(window_bits, deflater);
            }
        }
        self.leased.is_some()
    }

    fn deflater(&mut self) -> Option<&mut Deflater<L>> {
        self.leased.as_deref_mut()
    }

    fn release(&mut self) {
        if self.direction.context_takeover() {
            return;
        }
        if let Some(mut deflater) = self.leased.take() {
            deflater.wipe();
            self.pool.put(self.direction.window_bits(), deflater);
        }
    }

    fn window_bits(&self) -> WindowBits {
        self.direction.window_bits()
    }
}

impl<P, I> fmt::Debug for PooledInflater<P, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PooledInflater")
            .field("direction", &self.direction)
            .field("is_leased", &self.leased.is_some())
            .finish_non_exhaustive()
    }
}

impl<P, D> fmt::Debug for PooledDeflater<P, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PooledDeflater")
            .field("direction", &self.direction)
            .field("is_leased", &self.leased.is_some())
            .finish_non_exhaustive()
    }
}
