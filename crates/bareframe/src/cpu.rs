//! Which vector kernels this processor has, found at run time and without std.

use core::sync::atomic::{AtomicU8, Ordering};

/// The widest vectors that the kernels of this crate may use here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Vectors {
    /// What the target has at compile time and no more.
    Baseline = 1,
    /// 32 octets.
    Avx2 = 2,
    /// 64 octets.
    Avx512 = 3,
}

cpufeatures::new!(avx2, "avx2");
cpufeatures::new!(avx512, "avx2", "avx512f", "avx512bw", "avx512vl");
cpufeatures::new!(vbmi, "avx512f", "avx512bw", "avx512vl", "avx512vbmi");

/// What was found, or 0 before the first look. It is one value that depends on nothing else, and every look finds the
/// same, so that no order is asked of it.
static FOUND: AtomicU8 = AtomicU8::new(0);

/// Asks the processor; only the first call is slow.
#[inline]
pub(crate) fn vectors() -> Vectors {
    known().unwrap_or_else(look)
}

/// What [`vectors`] has found. For functions so short that room for a call in them would cost: they leave the look
/// to one that begins anew.
#[inline]
pub(crate) fn known() -> Option<Vectors> {
    match FOUND.load(Ordering::Relaxed) {
        3 => Some(Vectors::Avx512),
        2 => Some(Vectors::Avx2),
        1 => Some(Vectors::Baseline),
        _ => None,
    }
}

#[cold]
fn look() -> Vectors {
    let found = if avx512::get() {
        Vectors::Avx512
    } else if avx2::get() {
        Vectors::Avx2
    } else {
        Vectors::Baseline
    };
    FOUND.store(found as u8, Ordering::Relaxed);
    found
}

/// Tells whether there are AVX-512's 64 octets, and also the instructions that move octets anywhere among them.
#[inline]
pub(crate) fn moves_octets() -> bool {
    vbmi::get()
}
