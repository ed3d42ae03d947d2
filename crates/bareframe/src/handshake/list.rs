//! Lists in header values: subprotocols, and extensions with parameters (RFC 6455 sections 9.1 and 11.3).
//!
//! A list may go on over several lines of one name, and elements may be empty (RFC 9110 section 5.6.1).

use crate::handshake::head::{Headers, Known, Lines, str_of_ascii, trim};
use crate::handshake::octets::{Class, is_token, skip, take_before, take_token};
use core::fmt;

/// The subprotocols that a client offers, in its order of preference (RFC 6455 section 11.3.4).
///
/// [`Upgrade::subprotocols`](crate::handshake::Upgrade::subprotocols) gives them.
#[derive(Clone, Copy)]
pub struct Subprotocols<'h> {
    // Well-formed.
    elements: Elements<'h>,
}

/// A list of extensions, offered or in use (RFC 6455 section 9.1).
///
/// ```
/// use bareframe::handshake::Extensions;
/// let mut extensions = Extensions::parse("permessage-deflate; server_max_window_bits=10, x-toy").unwrap();
/// let deflate = extensions.next().unwrap();
/// assert_eq!(deflate.name(), "permessage-deflate");
/// let bits = deflate.params().next().unwrap();
/// assert_eq!(bits.name(), "server_max_window_bits");
/// assert!(bits.value().unwrap() == "10");
/// assert_eq!(extensions.next().unwrap().name(), "x-toy");
/// assert!(extensions.next().is_none());
/// ```
#[derive(Clone, Copy)]
pub struct Extensions<'h> {
    // Well-formed.
    elements: Elements<'h>,
}

/// One extension of a list: a name and parameters (RFC 6455 section 9.1).
///
/// [`Extensions`] shows it in use.
#[derive(Clone, Copy)]
pub struct Extension<'h> {
    // A token.
    name: &'h [u8],
    params: Params<'h>,
}

/// The parameters of an extension, in the order in which they came (RFC 6455 section 9.1).
///
/// [`Extensions`] shows them in use.
#[derive(Clone, Copy)]
pub struct Params<'h> {
    // Well-formed, with the semicolon before each.
    octets: &'h [u8],
}

/// A parameter of an extension: a name, and a value or none (RFC 6455 section 9.1).
///
/// [`Extensions`] shows it in use.
#[derive(Clone, Copy)]
pub struct Param<'h> {
    // A token.
    name: &'h [u8],
    value: Option<ParamValue<'h>>,
}

/// A parameter's value: a token, which may have come in quotes (RFC 6455 section 9.1).
///
/// ```
/// use bareframe::handshake::Extensions;
/// let extension = Extensions::parse(r#"x-toy; size="1\0""#).unwrap().next().unwrap();
/// let value = extension.params().next().unwrap().value().unwrap();
/// assert!(value.octets().eq(*b"10"));
/// assert!(value == "10");
/// ```
#[derive(Clone, Copy)]
pub struct ParamValue<'h> {
    // A token in which octets may have a backslash before them.
    escaped: &'h [u8],
}

/// The elements of a list, on one line or on several of the same name.
#[derive(Clone, Copy)]
pub(super) struct Elements<'h> {
    // What is left of the line that is being read.
    value: &'h [u8],
    // Where more lines may be, and their name.
    behind: Headers<'h>,
    known: Known,
}

impl<'h> Subprotocols<'h> {
    /// Gives the list that a client sent, or `None` if it is none of tokens (RFC 6455 section 4.3).
    pub(super) fn of(lines: &Lines<'h>) -> Option<Subprotocols<'h>> {
        let elements = Elements::judged(lines, Known::Protocol)?;
        Some(Subprotocols { elements })
    }
}

impl<'h> Extensions<'h> {
    /// Reads a list of one extension or more, or gives `None` if it is malformed (RFC 6455 section 9.1).
    #[must_use]
    pub fn parse(list: &'h str) -> Option<Extensions<'h>> {
        let elements = Elements::one_line(list.as_bytes(), Known::Extensions);
        elements.are_well_formed().then_some(Extensions { elements })
    }

    /// Gives the list that a peer sent, or `None` if it is malformed (RFC 6455 section 9.1).
    pub(super) fn of(lines: &Lines<'h>) -> Option<Extensions<'h>> {
        let elements = Elements::judged(lines, Known::Extensions)?;
        Some(Extensions { elements })
    }

    pub(super) const NONE: Extensions<'static> = Extensions {
        elements: Elements::one_line(b"", Known::Extensions),
    };
}

impl<'h> Extension<'h> {
    /// Gives the extension's name, which is compared octet by octet.
    #[must_use]
    pub fn name(self) -> &'h str {
        str_of_ascii(self.name)
    }

    /// Gives the extension's parameters.
    #[must_use]
    pub const fn params(self) -> Params<'h> {
        self.params
    }

    pub(super) fn is_one_of(self, mut offered: Extensions<'_>) -> bool {
        offered.any(|extension| extension.name == self.name)
    }
}

impl<'h> Param<'h> {
    /// Gives the parameter's name.
    #[must_use]
    pub fn name(self) -> &'h str {
        str_of_ascii(self.name)
    }

    /// Gives the parameter's value, if it has one.
    #[must_use]
    pub const fn value(self) -> Option<ParamValue<'h>> {
        self.value
    }
}

impl<'h> ParamValue<'h> {
    /// Gives the octets of the token that the value is, without quotes and backslashes.
    pub fn octets(self) -> impl Iterator<Item = u8> + 'h {
        // A backslash is not a token octet: what it stands before is never one itself.
        self.escaped.iter().copied().filter(|&octet| octet != b'\\')
    }
}

impl<'h> Elements<'h> {
    const fn one_line(value: &'h [u8], known: Known) -> Elements<'h> {
        Elements {
            value,
            behind: Headers::NONE,
            known,
        }
    }

    /// Gives the list that the lines of a name are together.
    #[inline(never)]
    pub(super) fn of(lines: &Lines<'h>, known: Known) -> Elements<'h> {
        let behind = if lines.repeats(known) {
            lines.headers()
        } else {
            Headers::NONE
        };
        Elements {
            value: lines.value(known).unwrap_or_default(),
            behind,
            known,
        }
    }

    /// Tells whether one element is this token, in any case. The others may be anything.
    pub(super) fn have(mut self, wanted: &[u8]) -> bool {
        while self.find_element() {
            let element = take_before(&mut self.value, |octet| octet == b',');
            if is_token(trim(element), wanted) {
                return true;
            }
        }
        false
    }

    /// Gives the list that the lines of a name are together, if it is well-formed or if there are none.
    fn judged(lines: &Lines<'h>, known: Known) -> Option<Elements<'h>> {
        let list = Elements::of(lines, known);
        let absent = lines.value(known).is_none();
        (absent || list.are_well_formed()).then_some(list)
    }

    /// Tells whether there are elements, all of which are what they must be.
    fn are_well_formed(mut self) -> bool {
        let mut any = false;
        while let Some(element) = self.next() {
            // A subprotocol is a token.
            if self.known == Known::Protocol && !element.params.octets.is_empty() {
                return false;
            }
            any = true;
        }
        // What is malformed stops the elements, and stays.
        any && self.value.is_empty()
    }

    /// Takes the next element that is not empty, if it is an extension, of which a token is the simplest.
    fn next(&mut self) -> Option<Extension<'h>> {
        if !self.find_element() {
            return None;
        }
        let mut rest = self.value;
        let extension = extension(&mut rest)?;
        if !matches!(rest, [] | [b',', ..]) {
            return None;
        }
        self.value = rest;
        Some(extension)
    }

    /// Takes what stands before the next element that is not empty, and tells whether there is one.
    fn find_element(&mut self) -> bool {
        loop {
            Class::BETWEEN.take(&mut self.value);
            if !self.value.is_empty() {
                return true;
            }
            let known = self.known;
            let Some(header) = self.behind.find(|header| header.known() == Some(known)) else {
                return false;
            };
            self.value = header.value();
        }
    }
}

impl<'h> Iterator for Subprotocols<'h> {
    type Item = &'h str;

    fn next(&mut self) -> Option<&'h str> {
        self.elements.next().map(Extension::name)
    }
}

impl<'h> Iterator for Extensions<'h> {
    type Item = Extension<'h>;

    fn next(&mut self) -> Option<Extension<'h>> {
        self.elements.next()
    }
}

impl<'h> Iterator for Params<'h> {
    type Item = Param<'h>;

    fn next(&mut self) -> Option<Param<'h>> {
        param(&mut self.octets)
    }
}

/// Takes an extension and the white space behind it.
fn extension<'h>(rest: &mut &'h [u8]) -> Option<Extension<'h>> {
    let name = token(rest)?;
    let params = *rest;
    while let [b';', ..] = rest {
        param(rest)?;
    }
    let params = Params {
        octets: before(params, rest),
    };
    Some(Extension { name, params })
}

/// Takes a semicolon, the parameter behind it, and the white space behind that.
fn param<'h>(rest: &mut &'h [u8]) -> Option<Param<'h>> {
    if !skip(b";", rest) {
        return None;
    }
    Class::WHITE.take(rest);
    let name = token(rest)?;
    if !skip(b"=", rest) {
        return Some(Param { name, value: None });
    }
    Class::WHITE.take(rest);
    let escaped = if skip(b"\"", rest) {
        quoted_token(rest)?
    } else {
        token(rest)?
    };
    let value = Some(ParamValue { escaped });
    Some(Param { name, value })
}

/// Takes a token and the white space behind it.
fn token<'h>(rest: &mut &'h [u8]) -> Option<&'h [u8]> {
    let token = take_token(rest);
    Class::WHITE.take(rest);
    (!token.is_empty()).then_some(token)
}

/// Takes a token, the quote behind it and white space; any octet of the token may have a backslash before it.
fn quoted_token<'h>(rest: &mut &'h [u8]) -> Option<&'h [u8]> {
    let quoted = *rest;
    take_token(rest);
    while skip(b"\\", rest) {
        if take_token(rest).is_empty() {
            return None;
        }
    }
    let token = before(quoted, rest);
    let closed = skip(b"\"", rest);
    Class::WHITE.take(rest);
    (closed && !token.is_empty()).then_some(token)
}

/// Gives the octets of `whole` before `rest`, which is its end.
fn before<'h>(whole: &'h [u8], rest: &[u8]) -> &'h [u8] {
    whole.get(..whole.len().wrapping_sub(rest.len())).unwrap_or(whole)
}

impl PartialEq<str> for ParamValue<'_> {
    fn eq(&self, other: &str) -> bool {
        self.octets().eq(other.bytes())
    }
}

impl PartialEq<&str> for ParamValue<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl fmt::Debug for Subprotocols<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl fmt::Debug for Extensions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl fmt::Debug for Extension<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extension({self})")
    }
}

impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl fmt::Debug for Param<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Param({self})")
    }
}

impl fmt::Debug for ParamValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParamValue({self})")
    }
}

/// The extension as an element of a list: `permessage-deflate; server_max_window_bits=10`.
impl fmt::Display for Extension<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        self.params().try_for_each(|param| write!(f, "; {param}"))
    }
}

/// The name, and the value if there is one: `server_max_window_bits=10`.
impl fmt::Display for Param<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self.value() {
            Some(value) => write!(f, "={value}"),
            None => Ok(()),
        }
    }
}

/// The token that the value is.
impl fmt::Display for ParamValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        self.octets()
            .try_for_each(|octet| f.write_char(char::from(octet)))
    }
}
