//! The operations on registers that the algorithms of `overlap` need.

/// A kind of register that holds `LEN` bytes.
///
/// A value of such a type is the proof that the processor has these registers, so that every operation takes one.
/// Implementations mark each method `#[inline(always)]`: an instruction that only some processors have is inlined only into a
/// function that enables it, and everything between that function and the instruction has to be inlined before.
pub(super) trait Vector<const LEN: usize>: Copy {
    /// The register.
    type Register: Copy;

    /// Returns the key repeated over a register.
    fn splat(self, key: u32) -> Self::Register;

    fn load(self, bytes: &[u8; LEN]) -> Self::Register;

    fn store(self, register: Self::Register, bytes: &mut [u8; LEN]);

    fn xor(self, one: Self::Register, other: Self::Register) -> Self::Register;

    fn or(self, one: Self::Register, other: Self::Register) -> Self::Register;

    /// Returns bits of which one is set if a byte has its top bit set.
    fn above_ascii(self, register: Self::Register) -> u64;
}

/// The integer registers, which every machine has.
#[derive(Clone, Copy)]
pub(super) struct Word;

impl Vector<4> for Word {
    type Register = u32;

    #[inline(always)]
    fn splat(self, key: u32) -> u32 {
        key
    }

    #[inline(always)]
    fn load(self, bytes: &[u8; 4]) -> u32 {
        u32::from_ne_bytes(*bytes)
    }

    #[inline(always)]
    fn store(self, register: u32, bytes: &mut [u8; 4]) {
        *bytes = register.to_ne_bytes();
    }

    #[inline(always)]
    fn xor(self, one: u32, other: u32) -> u32 {
        one ^ other
    }

    #[inline(always)]
    fn or(self, one: u32, other: u32) -> u32 {
        one | other
    }

    #[inline(always)]
    fn above_ascii(self, register: u32) -> u64 {
        (register & 0x8080_8080) as u64
    }
}

impl Vector<8> for Word {
    type Register = u64;

    #[inline(always)]
    fn splat(self, key: u32) -> u64 {
        u64::from(key) | u64::from(key) << 32
    }

    #[inline(always)]
    fn load(self, bytes: &[u8; 8]) -> u64 {
        u64::from_ne_bytes(*bytes)
    }

    #[inline(always)]
    fn store(self, register: u64, bytes: &mut [u8; 8]) {
        *bytes = register.to_ne_bytes();
    }

    #[inline(always)]
    fn xor(self, one: u64, other: u64) -> u64 {
        one ^ other
    }

    #[inline(always)]
    fn or(self, one: u64, other: u64) -> u64 {
        one | other
    }

    #[inline(always)]
    fn above_ascii(self, register: u64) -> u64 {
        register & 0x8080_8080_8080_8080
    }
}
