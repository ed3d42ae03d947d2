//! Memory that the core trusts to hold the same bytes until it writes others.

/// Memory in which a session receives, or which it keeps for an extension: `[u8; N]`, `&mut [u8; N]`, `&mut [u8]`, and,
/// with the feature `alloc`, `Box<[u8]>` and `Vec<u8>`. `Option<M>` is memory that the session has only while it needs
/// it.
///
/// A session validates text in its memory, and later lends it as `&str` without validating it again. That is sound only
/// if the memory returns the same bytes both times, which a foreign type might not do. So this trait is sealed.
///
/// ```
/// use bareframe::{Config, Connection, Session};
/// let inline = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 131]);
/// let mut memory = [0; 64];
/// let borrowed = Session::new(Connection::server(Config::DEFAULT), &mut memory, [0; 131]);
/// let leased = Session::new(Connection::server(Config::DEFAULT), None::<[u8; 64]>, [0; 131]);
/// # let _ = (inline, borrowed, leased);
/// ```
///
/// ```compile_fail
/// struct Elsewhere(Vec<u8>);
/// impl bareframe::Memory for Elsewhere {}
/// ```
pub trait Memory: sealed::Memory {}

pub(crate) mod sealed {
    pub trait Memory {
        fn bytes(&self) -> &[u8];
        fn bytes_mut(&mut self) -> &mut [u8];

        /// Lengthens the memory. Returns `false` if that is impossible.
        fn lengthen(&mut self, _: usize) -> bool {
            false
        }
    }
}

impl Memory for &mut [u8] {}
impl<const N: usize> Memory for [u8; N] {}
impl<const N: usize> Memory for &mut [u8; N] {}
impl<M: Memory> Memory for Option<M> {}
#[cfg(feature = "alloc")]
impl Memory for alloc::boxed::Box<[u8]> {}
#[cfg(feature = "alloc")]
impl Memory for alloc::vec::Vec<u8> {}

impl sealed::Memory for &mut [u8] {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self
    }

    #[inline]
    fn bytes_mut(&mut self) -> &mut [u8] {
        self
    }
}

impl<const N: usize> sealed::Memory for [u8; N] {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self
    }

    #[inline]
    fn bytes_mut(&mut self) -> &mut [u8] {
        self
    }
}

impl<const N: usize> sealed::Memory for &mut [u8; N] {
    #[inline]
    fn bytes(&self) -> &[u8] {
        *self
    }

    #[inline]
    fn bytes_mut(&mut self) -> &mut [u8] {
        *self
    }
}

impl<M: Memory> sealed::Memory for Option<M> {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self.as_ref().map_or(&[], |memory| memory.bytes())
    }

    #[inline]
    fn bytes_mut(&mut self) -> &mut [u8] {
        self.as_mut().map_or(&mut [], |memory| memory.bytes_mut())
    }
}

#[cfg(feature = "alloc")]
impl sealed::Memory for alloc::boxed::Box<[u8]> {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self
    }

    #[inline]
    fn bytes_mut(&mut self) -> &mut [u8] {
        self
    }
}

#[cfg(feature = "alloc")]
impl sealed::Memory for alloc::vec::Vec<u8> {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self
    }

    #[inline]
    fn bytes_mut(&mut self) -> &mut [u8] {
        self
    }

    fn lengthen(&mut self, len: usize) -> bool {
        let more = len.saturating_sub(self.len());
        let has_room = self.try_reserve_exact(more).is_ok();
        if has_room {
            self.resize(len.max(self.len()), 0);
        }
        has_room && more > 0
    }
}
