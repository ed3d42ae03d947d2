//! Which vector kernels this processor has, found at run time and without std.

/// The widest vectors that the kernels of this crate may use here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Vectors {
    /// What the target has at compile time and no more.
    Baseline,
    /// 32 octets.
    Avx2,
    /// 64 octets.
    Avx512,
}

cpufeatures::new!(avx2, "avx2");
cpufeatures::new!(avx512, "avx512f", "avx512bw", "avx512vl");

/// Asks the processor; only the first call is slow.
#[inline]
pub(crate) fn vectors() -> Vectors {
    if avx512::get() {
        Vectors::Avx512
    } else if avx2::get() {
        Vectors::Avx2
    } else {
        Vectors::Baseline
    }
}
