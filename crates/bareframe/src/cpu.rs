//! Which vector instructions this processor has, found out at run time and without std.

use core::sync::atomic::{AtomicU8, Ordering};

/// The widest vectors that the processor has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Vectors {
    /// The vectors that the target enables at compile time.
    Baseline = 1,
    /// Vectors of 32 bytes.
    Avx2 = 2,
    /// Vectors of 64 bytes, and the instructions that move bytes anywhere in them. Processors that have only the former lower their
    /// frequency while they use them.
    Avx512 = 3,
}

cpufeatures::new!(avx2, "avx2");
cpufeatures::new!(vbmi, "avx512f", "avx512bw", "avx512vl", "avx512vbmi");

/// What was found, as a number, or 0 before the processor was asked for the first time.
// The ordering is relaxed, since the value depends on no other memory, and every thread finds the same.
static FOUND: AtomicU8 = AtomicU8::new(0);

/// Returns what the processor has. Only the first call is slow.
#[inline]
pub(crate) fn vectors() -> Vectors {
    known().unwrap_or_else(look)
}

/// Returns what [`vectors`] has found, or `None` before its first call.
// It is for functions so short that a call would slow them down. Such a function leaves the first call to another one.
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
    let found = match avx2::get() {
        true if vbmi::get() => Vectors::Avx512,
        true => Vectors::Avx2,
        false => Vectors::Baseline,
    };
    FOUND.store(found as u8, Ordering::Relaxed);
    found
}

#[cfg(test)]
pub(crate) mod tests {
    extern crate std;
    use super::*;
    use crate::mask::{Masker, MaskingKey};
    use std::is_x86_feature_detected as has;
    use std::sync::Mutex;

    /// Held by the test that replaces what was found, and by those that need all of it.
    pub(crate) static UNCHANGED: Mutex<()> = Mutex::new(());

    #[test]
    fn what_is_found_is_what_std_finds() {
        let _unchanged = UNCHANGED.lock();
        let avx512 = has!("avx512f") && has!("avx512bw") && has!("avx512vl") && has!("avx512vbmi");
        let expected = match has!("avx2") {
            true if avx512 => Vectors::Avx512,
            true => Vectors::Avx2,
            false => Vectors::Baseline,
        };
        assert_eq!((look(), vectors(), known()), (expected, expected, Some(expected)));
    }

    /// What was found is replaced by less for a while. The tests that run at the same time pass with that too.
    #[test]
    fn s5_3_a_processor_that_has_less_is_known_as_such() {
        let _changed = UNCHANGED.lock();
        let all = [Vectors::Baseline, Vectors::Avx2, Vectors::Avx512];
        let most = vectors();
        for less in all.into_iter().filter(|less| *less as u8 <= most as u8) {
            FOUND.store(less as u8, Ordering::Relaxed);
            assert_eq!((known(), vectors()), (Some(less), less));
            check_masking(|| ());
        }
        // Before the first call nothing is known. Masking asks the processor, and stores what it found.
        check_masking(|| FOUND.store(0, Ordering::Relaxed));
        assert_eq!(known(), Some(most));
    }

    fn check_masking(before_each: impl Fn()) {
        let mut masker = Masker::new(MaskingKey::new([1, 2, 3, 4]));
        let (from, mut out) = ([0; 5000], [0; 5000]);
        before_each();
        assert_eq!(masker.apply_copy(&from, &mut out), Ok(5000));
        assert_eq!(out[..], [1, 2, 3, 4].repeat(1250));
        before_each();
        assert!(!masker.apply_finding_ascii(&mut from.map(|_| 0x80)));
        before_each();
        assert!(masker.apply_finding_ascii(&mut out));
        assert_eq!(out, from);
    }
}
