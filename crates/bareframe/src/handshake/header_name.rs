//! HeaderName: the headers that the handshake writes or reads.

use crate::handshake::classes::is_token;

/// A header that the handshake itself writes or reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum HeaderName {
    Host,
    Upgrade,
    Connection,
    ContentLength,
    TransferEncoding,
    Key,
    Accept,
    Version,
    Protocol,
    Extensions,
    Expect,
    // The last one, since its value is not stored.
    Origin,
}

/// The names of the headers in one text, because a text for each would need an address too.
static NAMES: [u8; 168] =
    *b"HostOriginExpectUpgradeConnectionContent-LengthTransfer-EncodingSec-WebSocket-Key\
    Sec-WebSocket-AcceptSec-WebSocket-VersionSec-WebSocket-ProtocolSec-WebSocket-Extensions";

impl HeaderName {
    /// Returns the header of this name, in any case.
    pub(super) fn of(name: &[u8]) -> Option<HeaderName> {
        // The length of a name and its first letter leave one header that it can be.
        let mut header = match name.len() {
            4 => HeaderName::Host,
            6 => HeaderName::Origin,
            7 => HeaderName::Upgrade,
            10 => HeaderName::Connection,
            14 => HeaderName::ContentLength,
            17 => HeaderName::Key,
            20 => HeaderName::Accept,
            21 => HeaderName::Version,
            22 => HeaderName::Protocol,
            24 => HeaderName::Extensions,
            _ => return None,
        };
        match (header, name) {
            (HeaderName::Key, [b'T' | b't', ..]) => header = HeaderName::TransferEncoding,
            (HeaderName::Origin, [b'E' | b'e', ..]) => header = HeaderName::Expect,
            _ => {}
        }
        is_token(name, header.name()).then_some(header)
    }

    pub(super) fn bit(self) -> u16 {
        1u16.wrapping_shl(self as u32)
    }

    /// Returns the name as the RFC writes it.
    pub(super) const fn name(self) -> &'static [u8] {
        let (begin, len) = match self {
            HeaderName::Host => (0, 4),
            HeaderName::Origin => (4, 6),
            HeaderName::Expect => (10, 6),
            HeaderName::Upgrade => (16, 7),
            HeaderName::Connection => (23, 10),
            HeaderName::ContentLength => (33, 14),
            HeaderName::TransferEncoding => (47, 17),
            HeaderName::Key => (64, 17),
            HeaderName::Accept => (81, 20),
            HeaderName::Version => (101, 21),
            HeaderName::Protocol => (122, 22),
            HeaderName::Extensions => (144, 24),
        };
        if let Some((_, after)) = NAMES.split_at_checked(begin)
            && let Some((name, _)) = after.split_at_checked(len)
        {
            name
        } else {
            &[]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s11_3_names_in_any_case() {
        for (header, name) in [
            (HeaderName::Host, "Host"),
            (HeaderName::Upgrade, "Upgrade"),
            (HeaderName::Connection, "Connection"),
            (HeaderName::ContentLength, "Content-Length"),
            (HeaderName::TransferEncoding, "Transfer-Encoding"),
            (HeaderName::Key, "Sec-WebSocket-Key"),
            (HeaderName::Accept, "Sec-WebSocket-Accept"),
            (HeaderName::Version, "Sec-WebSocket-Version"),
            (HeaderName::Protocol, "Sec-WebSocket-Protocol"),
            (HeaderName::Extensions, "Sec-WebSocket-Extensions"),
            (HeaderName::Origin, "Origin"),
            (HeaderName::Expect, "Expect"),
        ] {
            assert_eq!(header.name(), name.as_bytes());
            let mut spelt = [0; 24];
            let spelt = &mut spelt[..name.len()];
            for at in 0..name.len() {
                spelt.copy_from_slice(name.as_bytes());
                assert_eq!(HeaderName::of(spelt), Some(header));
                spelt[..=at].make_ascii_uppercase();
                assert_eq!(HeaderName::of(spelt), Some(header));
                spelt.make_ascii_lowercase();
                assert_eq!(HeaderName::of(spelt), Some(header));
                spelt[at] ^= 1;
                assert_eq!(HeaderName::of(spelt), None);
            }
            assert_eq!(HeaderName::of(&name.as_bytes()[1..]), None);
        }
    }
}
