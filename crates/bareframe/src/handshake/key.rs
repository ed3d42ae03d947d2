//! The client's key and the server's proof that it read it (RFC 6455 sections 4.1 and 4.2.2).

use crate::handshake::classes::Class;
use base64ct::{Base64, Encoding};
use core::fmt;
#[cfg(all(feature = "simd", target_arch = "x86_64"))]
use sha1::{Digest, Sha1};
#[cfg(not(all(feature = "simd", target_arch = "x86_64")))]
use sha1_smol::Sha1;

/// The value of a client's `Sec-WebSocket-Key`: 22 base64 characters and `==`, which is 16 bytes
/// encoded (RFC 6455 section 4.1).
///
/// ```
/// use bareframe::handshake::Key;
/// let key = Key::parse(b"dGhlIHNhbXBsZSBub25jZQ==").unwrap();
/// assert_eq!(key, Key::from_random(*b"the sample nonce"));
/// assert_eq!(key.as_str(), "dGhlIHNhbXBsZSBub25jZQ==");
/// assert_eq!(Key::parse(b"too short=="), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; Key::LEN]);

/// The value of a server's `Sec-WebSocket-Accept`: the SHA-1 digest of the key and a fixed GUID, in base64
/// (RFC 6455 section 4.2.2).
///
/// ```
/// use bareframe::handshake::{Accept, Key};
/// let key = Key::parse(b"dGhlIHNhbXBsZSBub25jZQ==").unwrap();
/// assert_eq!(Accept::from_key(&key).as_str(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Accept([u8; Accept::LEN]);

/// The bytes to hash, with room for the key in front.
const DIGEST_INPUT: [u8; 60] = *b"========================258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

impl Key {
    /// How many bytes a key has on the wire: 24.
    pub const LEN: usize = 24;

    /// The key of 16 bytes of zero.
    pub(super) const ZERO: Key = Key(*b"AAAAAAAAAAAAAAAAAAAAAA==");

    /// Reads a header's value, or returns `None` if it is not 22 base64 characters and `==`.
    ///
    /// The four bits of the last character that encode nothing are not checked (RFC 6455 section 4.2.1).
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Key> {
        let bytes: &[u8; Key::LEN] = value.try_into().ok()?;
        match bytes {
            [digits @ .., b'=', b'='] if Class::BASE64.has_all(digits) => Some(Key(*bytes)),
            _ => None,
        }
    }

    /// Encodes 16 random bytes, which a client must draw anew for each connection (RFC 6455 section 4.1).
    #[must_use]
    pub fn from_random(random: [u8; 16]) -> Key {
        let mut bytes = [b'A'; Key::LEN];
        // There is always room, since 16 bytes are 24 characters.
        let _ = Base64::encode(&random, &mut bytes);
        Key(bytes)
    }

    /// Returns the key's 24 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or("")
    }

    /// Returns the key's 24 characters as bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Key::LEN] {
        &self.0
    }

    /// Returns the 60 bytes whose SHA-1 digest proves that the key was read, for [`Accept::from_digest`]
    /// (RFC 6455 section 4.2.2).
    ///
    /// ```
    /// use bareframe::handshake::Key;
    /// let input = Key::from_random(*b"the sample nonce").digest_input();
    /// assert_eq!(&input, b"dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    /// ```
    #[must_use]
    pub fn digest_input(&self) -> [u8; 60] {
        let mut input = DIGEST_INPUT;
        if let Some(front) = input.first_chunk_mut() {
            *front = self.0;
        }
        input
    }
}

impl Accept {
    /// How many bytes the value has on the wire: 28.
    pub const LEN: usize = 28;

    /// Answers a key (RFC 6455 section 4.2.2).
    #[must_use]
    pub fn from_key(key: &Key) -> Accept {
        Accept::from_digest(digest(&key.digest_input()))
    }

    /// Encodes the SHA-1 digest of [`Key::digest_input`], for callers with their own SHA-1 (RFC 6455 section 4.2.2).
    ///
    /// ```
    /// use bareframe::handshake::Accept;
    /// let digest = [
    ///     0x1d, 0x29, 0xab, 0x73, 0x4b, 0x0c, 0x95, 0x85, 0x24, 0x00,
    ///     0x69, 0xa6, 0xe4, 0xe3, 0xe9, 0x1b, 0x61, 0xda, 0x19, 0x69,
    /// ];
    /// assert_eq!(Accept::from_digest(digest).as_str(), "HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
    /// ```
    #[must_use]
    pub fn from_digest(digest: [u8; 20]) -> Accept {
        let mut bytes = [b'A'; Accept::LEN];
        // There is always room, since 20 bytes are 28 characters.
        let _ = Base64::encode(&digest, &mut bytes);
        Accept(bytes)
    }

    /// Returns the value's 28 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or("")
    }

    /// Returns the value's 28 characters as bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Accept::LEN] {
        &self.0
    }
}

/// Hashes with the processor's own instructions, if it has them.
#[cfg(all(feature = "simd", target_arch = "x86_64"))]
fn digest(input: &[u8]) -> [u8; 20] {
    Sha1::digest(input).into()
}

#[cfg(not(all(feature = "simd", target_arch = "x86_64")))]
fn digest(input: &[u8]) -> [u8; 20] {
    // `Sha1::from` would return the state by value, which adds a copy with `memcpy`.
    let mut sha1 = Sha1::new();
    sha1.update(input);
    sha1.digest().bytes()
}

impl AsRef<str> for Key {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl AsRef<str> for Accept {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<[u8]> for Accept {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl From<&Key> for Accept {
    fn from(key: &Key) -> Accept {
        Accept::from_key(key)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

impl fmt::Debug for Accept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Accept({self})")
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Accept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s4_2_2_test_vectors() {
        for (key, accept) in [
            ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            ("x3JJHMbDL1EzLkh9GBhXDw==", "HSmrc0sMlYUkAGmm5OPpG2HaGWk="),
        ] {
            let key = Key::parse(key.as_bytes()).unwrap();
            assert_eq!(Accept::from_key(&key).as_str(), accept);
        }
    }

    #[test]
    fn s4_1_a_key_is_22_base64_characters_and_two_pads() {
        for (value, good) in [
            (&b"dGhlIHNhbXBsZSBub25jZQ=="[..], true),
            (b"++//++//++//++//++//+/==", true),
            (b"", false),
            (b"==", false),
            (b"dGhlIHNhbXBsZSBub25jZQ=", false),
            (b"dGhlIHNhbXBsZSBub25jZQ===", false),
            (b"dGhlIHNhbXBsZSBub25jZ===", false),
            (b"dGhlIHNhbXBsZSBub25jZQAA", false),
            (b"dGhlIHNhbXBsZSBub25jZQ=A", false),
            (b"=GhlIHNhbXBsZSBub25jZQ==", false),
            (b"dGhlIHNhbXBs SBub25jZQ==", false),
            (b"dGhlIHNhbXBs-SBub25jZQ==", false),
            (b"dGhlIHNhbXBs_SBub25jZQ==", false),
            (b"dGhlIHNhbXBs\0SBub25jZQ==", false),
            (b"dGhlIHNhbXBs\xFFSBub25jZQ==", false),
        ] {
            assert_eq!(Key::parse(value).is_some(), good, "{}", value.escape_ascii());
        }
    }

    #[test]
    fn s4_2_1_pad_bits_of_a_key_are_not_checked() {
        for last in b'A'..=b'Z' {
            let mut value = *b"dGhlIHNhbXBsZSBub25jZQ==";
            value[21] = last;
            assert_eq!(Key::parse(&value).map(|key| *key.as_bytes()), Some(value));
        }
    }

    #[test]
    fn s4_1_random_bytes_make_a_key() {
        for byte in 0..=u8::MAX {
            let key = Key::from_random([byte; 16]);
            assert_eq!(Key::parse(key.as_bytes()), Some(key));
        }
    }
}
