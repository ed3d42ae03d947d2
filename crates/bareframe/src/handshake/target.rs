//! Request targets and hosts, by the grammar of RFC 9112 section 3.2 and RFC 3986, and the bytes of a target that browsers do not
//! percent-encode.

use crate::handshake::classes::{Class, skip, take_before};
use crate::handshake::lines::Position;

/// The parts of a request's target (RFC 9112 section 3.2).
#[derive(Clone, Copy)]
pub(super) struct Target<'h> {
    pub(super) whole: &'h [u8],
    /// The host and port of an absolute URI.
    pub(super) authority: Option<&'h [u8]>,
    /// The path and the query. In an absolute URI they follow the authority, and may be empty.
    pub(super) resource: &'h [u8],
    pub(super) form: Form,
}

/// The positions of the same parts in the head's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct TargetPositions {
    whole: Position,
    authority: Option<Position>,
    resource: Position,
    form: Form,
}

/// The form of a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) enum Form {
    /// A path and a query, or the absolute URI of one: what a request for a WebSocket must have.
    Resource,
    /// Another form, which other methods have: an authority, `*`, or the URI of another scheme.
    Other,
    /// None of the forms.
    Invalid,
}

impl<'h> Target<'h> {
    /// Parses and removes a target at the front, up to the first byte that is not allowed in its form.
    pub(super) fn take(rest: &mut &'h [u8]) -> Target<'h> {
        // An absolute URI has the same bytes as a path and a query, but in other places.
        let whole = take_resource(rest, LEFT_IN_PATH);
        if let [b'/', ..] = whole {
            return Target {
                whole,
                authority: None,
                resource: whole,
                form: Form::Resource,
            };
        }
        Target::of_other_form(whole)
    }

    /// Parses all of these bytes as a target.
    pub(super) fn of(bytes: &'h [u8]) -> Target<'h> {
        let mut rest = bytes;
        let target = Target::take(&mut rest);
        if rest.is_empty() && !bytes.is_empty() {
            return target;
        }
        Target {
            whole: bytes,
            authority: None,
            resource: bytes,
            form: Form::Invalid,
        }
    }

    /// Returns the target with an authority that the peer sent outside of it.
    pub(super) fn with_authority(self, authority: &'h [u8]) -> Target<'h> {
        Target {
            authority: Some(authority),
            form: if is_authority(authority) {
                self.form
            } else {
                Form::Invalid
            },
            ..self
        }
    }

    #[inline(never)]
    fn of_other_form(whole: &'h [u8]) -> Target<'h> {
        let mut rest = whole;
        let scheme = take_before(&mut rest, |byte| !byte.is_ascii_alphabetic());
        let is_http = scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https");
        // A host may be called `http`, and then a port follows.
        if !(is_http && skip(b"://", &mut rest)) {
            return Target {
                whole,
                authority: None,
                resource: whole,
                form: Form::Other,
            };
        }
        // An http URI has an authority with a host in it (RFC 9110 section 4.2.1), and no user (section 4.2.4).
        let authority = take_before(&mut rest, |byte| matches!(byte, b'/' | b'?'));
        Target {
            whole,
            authority: Some(authority),
            resource: rest,
            form: if is_authority(authority) {
                Form::Resource
            } else {
                Form::Invalid
            },
        }
    }

    /// Returns the positions of the parts in the head that they were parsed from.
    pub(super) fn positions(&self, head: &[u8]) -> TargetPositions {
        TargetPositions {
            whole: Position::of(self.whole, head),
            authority: self.authority.map(|authority| Position::of(authority, head)),
            resource: Position::of(self.resource, head),
            form: self.form,
        }
    }

    /// Returns the path, and the query with its question mark or nothing.
    pub(super) fn split_resource(&self) -> (&'h [u8], &'h [u8]) {
        let mut rest = self.resource;
        match take_before(&mut rest, |byte| byte == b'?') {
            // The path of an absolute URI may be left out.
            [] if self.authority.is_some() => (b"/", rest),
            path => (path, rest),
        }
    }
}

impl TargetPositions {
    /// Returns the target at these positions of a head.
    pub(super) fn target<'h>(&self, head: &'h [u8]) -> Target<'h> {
        Target {
            whole: self.whole.part(head),
            authority: self.authority.map(|authority| authority.part(head)),
            resource: self.resource.part(head),
            form: self.form,
        }
    }
}

/// What browsers leave in a path although RFC 3986 percent-encodes it: what the path percent-encode set of the URL Standard
/// (section 1.3) lacks, and a `^`, which was added to it late.
const LEFT_IN_PATH: &[u8] = b"[]^|";

/// What browsers leave in a query. A percent sign needs no digits there; in a path, which whoever routes the request decodes, it
/// does (RFC 3986 section 2.1).
const LEFT_IN_QUERY: &[u8] = b"[]^|{}\\`%";

/// Removes and returns a path and a query at the front, with percent-encoded bytes (RFC 3986 sections 3.3 and 3.4), and with these
/// others, if there are any. RFC 9112 section 3.2 lets a server refuse those; but then a page could not reach it.
fn take_resource<'h>(rest: &mut &'h [u8], mut others: &'static [u8]) -> &'h [u8] {
    let bytes = *rest;
    loop {
        match rest {
            [b'%', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                *rest = after;
            }
            [byte, after @ ..] if Class::PATH.has(*byte) || others.contains(byte) => {
                if *byte == b'?' && !others.is_empty() {
                    others = LEFT_IN_QUERY;
                }
                *rest = after;
            }
            _ => break,
        }
    }
    bytes.get(..bytes.len().wrapping_sub(rest.len())).unwrap_or(bytes)
}

/// Returns `true` if a request of a client may have this target: a path and a query (RFC 6455 section 3).
pub(super) fn is_resource(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    take_resource(&mut rest, b"");
    rest.is_empty()
}

/// Returns `true` for `uri-host [ ":" port ]` with a host that is not empty (RFC 9110 section 4.2, RFC 3986 section 3.2).
pub(super) fn is_authority(bytes: &[u8]) -> bool {
    split_authority(bytes).is_some()
}

/// Returns the host, with the brackets of an IP literal, and the digits of the port, if these bytes are an authority
/// without a user.
pub(super) fn split_authority(bytes: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let mut rest = bytes;
    if skip(b"[", &mut rest) {
        let address = take_before(&mut rest, |byte| byte == b']');
        if !skip(b"]", &mut rest) || !(is_ipv6(address) || is_ip_of_the_future(address)) {
            return None;
        }
    } else if !take_name(&mut rest) {
        return None;
    }
    let host = bytes.get(..bytes.len().wrapping_sub(rest.len()))?;
    let port = match rest {
        [] => None,
        [b':', digits @ ..] if is_port(digits) => Some(digits),
        _ => return None,
    };
    Some((host, port))
}

/// Removes a registered name at the front; every IPv4 address is one too (RFC 3986 section 3.2.2).
fn take_name(rest: &mut &[u8]) -> bool {
    let before = rest.len();
    loop {
        Class::NAME.take(rest);
        match rest {
            [b'%', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                *rest = after;
            }
            _ => return rest.len() != before,
        }
    }
}

/// Returns `true` for no digits, which mean the scheme's default port, and for a valid port number.
fn is_port(digits: &[u8]) -> bool {
    digits.iter().all(u8::is_ascii_digit) && port(digits).is_some()
}

/// Parses digits as a number, or returns `None` if it is over 65,535.
pub(super) fn port(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0u16, |port, digit| {
        port.checked_mul(10)?.checked_add(u16::from(digit & 0xF))
    })
}

/// `IPv6address` of RFC 3986 section 3.2.2.
pub(super) fn is_ipv6(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    let mut groups = 0u8;
    let mut is_elided = false;
    if let [b':', b':', after @ ..] = bytes {
        (is_elided, rest) = (true, after);
    }
    if is_elided && rest.is_empty() {
        return true;
    }
    while groups < 8 {
        let group = rest;
        let digits = take_before(&mut rest, |byte| !byte.is_ascii_hexdigit());
        if let [b'.', ..] = rest {
            // The last two groups may be written as an IPv4 address.
            let (exact, most) = (groups == 6, groups <= 5);
            return is_ipv4(group) && if is_elided { most } else { exact };
        }
        if !matches!(digits.len(), 1..=4) {
            return false;
        }
        groups = groups.saturating_add(1);
        match rest {
            [] => return if is_elided { groups <= 7 } else { groups == 8 },
            [b':', b':', after @ ..] if !is_elided => {
                is_elided = true;
                rest = after;
                if rest.is_empty() {
                    return groups <= 7;
                }
            }
            [b':', after @ ..] => rest = after,
            _ => return false,
        }
    }
    false
}

/// `IPv4address` of RFC 3986 section 3.2.2: four numbers up to 255, without leading zeros.
fn is_ipv4(bytes: &[u8]) -> bool {
    let mut numbers = 0u8;
    for number in bytes.split(|&byte| byte == b'.') {
        let is_number = match number {
            [b'0'] => true,
            [b'0', ..] => false,
            digits => {
                matches!(digits.len(), 1..=3)
                    && digits.iter().all(u8::is_ascii_digit)
                    && port(digits).is_some_and(|number| number <= 255)
            }
        };
        if !is_number {
            return false;
        }
        numbers = numbers.saturating_add(1);
    }
    numbers == 4
}

/// `IPvFuture` of RFC 3986 section 3.2.2.
fn is_ip_of_the_future(bytes: &[u8]) -> bool {
    let [b'v' | b'V', rest @ ..] = bytes else {
        return false;
    };
    let mut rest = rest;
    let version = take_before(&mut rest, |byte| !byte.is_ascii_hexdigit());
    let has_version = !version.is_empty() && skip(b".", &mut rest);
    has_version && !rest.is_empty() && rest.iter().all(|&byte| Class::NAME.has(byte) || byte == b':')
}
