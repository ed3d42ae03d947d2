//! DeflatePool: memory that all connections of a process share, and what adapters with `std` use as their extension.

mod any_level;
mod prepare;

pub use any_level::AnyLevel;
pub use prepare::prepare;

use crate::session::{Deflate, InboundDeflate, OutboundDeflate, Pool, PooledDeflater, PooledInflater};
use crate::{CompressionLevel, Deflater, Direction, Fast, Inflater, Policy, WindowBits};
use bareframe::ExtensionWindow;
use core::fmt;
use std::boxed::Box;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

/// Inflaters with their windows, and deflaters, for connections in any threads.
///
/// It creates what is asked for and not there, and keeps at most 32 of each kind that are not in use.
///
/// ```
/// use bareframe_deflate::DeflatePool;
/// static POOL: DeflatePool = DeflatePool::new();
/// assert_eq!(POOL.idle(), 0);
/// ```
pub struct DeflatePool(Mutex<Idle>);

struct Idle {
    inflaters: Vec<LeasedInflater>,
    deflaters: Vec<(CompressionLevel, LeasedDeflater)>,
}

type LeasedInflater = (Box<Inflater<Fast>>, Box<[u8]>);
type LeasedDeflater = Box<Deflater<AnyLevel>>;

/// How many of a kind are kept.
const MOST: usize = 32;

/// permessage-deflate with memory of [`DeflatePool::shared`]: what adapters with `std` use.
pub type SharedDeflate = Deflate<
    PooledInflater<&'static DeflatePool, Box<Inflater<Fast>>>,
    Option<Box<[u8]>>,
    PooledDeflater<DeflaterPool, Box<Deflater<AnyLevel>>>,
>;

/// The deflaters of one level in a pool.
#[derive(Clone, Copy, Debug)]
pub struct DeflaterPool {
    pool: &'static DeflatePool,
    level: CompressionLevel,
}

impl DeflatePool {
    /// Creates a pool without anything in it.
    #[must_use]
    pub const fn new() -> DeflatePool {
        DeflatePool(Mutex::new(Idle {
            inflaters: Vec::new(),
            deflaters: Vec::new(),
        }))
    }

    /// Returns the one that all connections of the process share.
    #[must_use]
    pub fn shared() -> &'static DeflatePool {
        static SHARED: DeflatePool = DeflatePool::new();
        &SHARED
    }

    /// Returns how many inflaters and deflaters are in it that are not in use.
    #[must_use]
    pub fn idle(&self) -> usize {
        let idle = self.lock();
        idle.inflaters.len().saturating_add(idle.deflaters.len())
    }

    // What is in it is whole at any time.
    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool<LeasedInflater> for &'static DeflatePool {
    fn take(&self, window_bits: WindowBits) -> Option<LeasedInflater> {
        let size = window_bits.size().wrapping_add(Fast::SPARE);
        let idle = take_last(&mut self.lock().inflaters, |(_, window)| window.len() == size);
        Some(idle.unwrap_or_else(|| (Box::new(Inflater::new(window_bits)), vec_of(size))))
    }

    fn put(&self, _: WindowBits, item: LeasedInflater) {
        let mut idle = self.lock();
        if idle.inflaters.len() < MOST {
            idle.inflaters.push(item);
        }
    }
}

impl Pool<LeasedDeflater> for DeflaterPool {
    fn take(&self, window_bits: WindowBits) -> Option<LeasedDeflater> {
        let idle = take_last(&mut self.pool.lock().deflaters, |(level, deflater)| {
            *level == self.level && deflater.window_bits() == window_bits
        });
        match idle {
            Some((_, deflater)) => Some(deflater),
            None => AnyLevel::deflater(window_bits, self.level).ok().map(Box::new),
        }
    }

    fn put(&self, _: WindowBits, item: LeasedDeflater) {
        let mut idle = self.pool.lock();
        if idle.deflaters.len() < MOST {
            idle.deflaters.push((self.level, item));
        }
    }
}

/// Removes and returns the last one that fits: it is the one whose memory is the most likely to be in the cache.
fn take_last<T>(idle: &mut Vec<T>, is_of_use: impl Fn(&T) -> bool) -> Option<T> {
    let at = idle.iter().rposition(is_of_use)?;
    Some(idle.swap_remove(at))
}

fn vec_of<T: Clone + Default>(len: usize) -> Box<[T]> {
    std::vec![T::default(); len].into_boxed_slice()
}

/// The halves of a [`SharedDeflate`] and the window of the receiving one, for
/// [`Session::with_extension`](bareframe::Session::with_extension).
pub type SharedHalves = (
    InboundDeflate<PooledInflater<&'static DeflatePool, Box<Inflater<Fast>>>, Option<Box<[u8]>>>,
    ExtensionWindow<Option<Box<[u8]>>>,
    OutboundDeflate<PooledDeflater<DeflaterPool, Box<Deflater<AnyLevel>>>>,
);

impl Policy {
    /// Returns the halves for a connection on which `receiving` and `sending` were agreed on, and that takes messages of at most
    /// `limit` bytes. Their memory is that of [`DeflatePool::shared`].
    ///
    /// ```
    /// use bareframe::handshake::Extensions;
    /// use bareframe::{Config, Connection, Frame, Next, Rsv, Session};
    /// use bareframe_deflate::{DeflatePool, Policy, SharedDeflate};
    ///
    /// let offers = Extensions::parse("permessage-deflate; client_max_window_bits").unwrap();
    /// let parameters = Policy::DEFAULT.acceptance().accept(offers).unwrap();
    /// let (inbound, window, outbound) = Policy::DEFAULT.halves(parameters.client(), parameters.server(), 1 << 20);
    /// let connection = Connection::server(Config::DEFAULT.with_rsv(Rsv::RSV1));
    /// let mut session =
    ///     Session::<_, _, _, SharedDeflate>::with_extension(connection, [0; 256], [0; 256], inbound, window, outbound);
    /// let text = "all work and no play, all work and no play";
    /// assert_eq!(session.next_sent(&mut Frame::text(text)), Ok(Next::Ready));
    /// assert!(session.queued().starts_with(b"\xc1") && session.queued().len() < 35);
    /// // The deflater is there for others again.
    /// assert_eq!(DeflatePool::shared().idle(), 1);
    /// ```
    #[must_use]
    pub fn halves(&self, receiving: Direction, sending: Direction, limit: u64) -> SharedHalves {
        let pool = DeflatePool::shared();
        let level = self.level();
        let inflater = PooledInflater::new(pool, receiving, limit);
        let deflater = PooledDeflater::new(DeflaterPool { pool, level }, sending);
        (
            InboundDeflate::new(inflater),
            ExtensionWindow::new(None),
            OutboundDeflate::new(deflater).with_threshold(self.threshold()),
        )
    }
}

impl Default for DeflatePool {
    fn default() -> DeflatePool {
        DeflatePool::new()
    }
}

impl fmt::Debug for DeflatePool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeflatePool").field("idle", &self.idle()).finish()
    }
}
