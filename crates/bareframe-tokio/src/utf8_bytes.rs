//! Text that is shared and not copied.

use bytes::Bytes;
use bytestring::ByteString;
use std::fmt;
use std::ops::Deref;
use std::str::Utf8Error;

/// [`Bytes`] that are UTF-8: the payload of a text message. A clone shares the memory.
///
/// ```
/// use bareframe_tokio::Utf8Bytes;
/// use bytes::Bytes;
/// let text = Utf8Bytes::try_from(Bytes::from_static(b"Hello"))?;
/// assert_eq!(text, "Hello");
/// assert_eq!(text, Utf8Bytes::from_static("Hello"));
/// assert_eq!(text.len(), 5);
/// assert_eq!(Bytes::from(text), "Hello");
/// assert!(Utf8Bytes::try_from(vec![0xff]).is_err());
/// # Ok::<(), std::str::Utf8Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Utf8Bytes(ByteString);

impl Utf8Bytes {
    /// Creates text that is part of the program; nothing is copied.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Utf8Bytes {
        Utf8Bytes(ByteString::from_static(text))
    }

    /// Returns the text.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the bytes, which share the memory.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0.into_bytes()
    }
}

impl Deref for Utf8Bytes {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Utf8Bytes {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<[u8]> for Utf8Bytes {
    fn as_ref(&self) -> &[u8] {
        self.as_str().as_bytes()
    }
}

impl fmt::Debug for Utf8Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Utf8Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

/// With anything that a `&str` can be compared with.
impl<T> PartialEq<T> for Utf8Bytes
where
    for<'s> &'s str: PartialEq<T>,
{
    fn eq(&self, other: &T) -> bool {
        self.as_str() == *other
    }
}

impl From<String> for Utf8Bytes {
    fn from(text: String) -> Utf8Bytes {
        Utf8Bytes(text.into())
    }
}

impl From<&str> for Utf8Bytes {
    fn from(text: &str) -> Utf8Bytes {
        Utf8Bytes(text.into())
    }
}

impl From<&String> for Utf8Bytes {
    fn from(text: &String) -> Utf8Bytes {
        Utf8Bytes::from(text.as_str())
    }
}

impl From<Utf8Bytes> for Bytes {
    fn from(text: Utf8Bytes) -> Bytes {
        text.into_bytes()
    }
}

impl TryFrom<Bytes> for Utf8Bytes {
    type Error = Utf8Error;

    fn try_from(bytes: Bytes) -> Result<Utf8Bytes, Utf8Error> {
        ByteString::try_from(bytes).map(Utf8Bytes)
    }
}

impl TryFrom<Vec<u8>> for Utf8Bytes {
    type Error = Utf8Error;

    fn try_from(bytes: Vec<u8>) -> Result<Utf8Bytes, Utf8Error> {
        Utf8Bytes::try_from(Bytes::from(bytes))
    }
}
