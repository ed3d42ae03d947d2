//! Lists in header values: subprotocols, and extensions with parameters (RFC 6455 sections 9.1 and 11.3).
//!
//! A list may span several lines of one name, and elements may be empty (RFC 9110 section 5.6.1).

use crate::handshake::classes::{Class, is_token, skip, take_before, take_token};
use crate::handshake::head::{Header, Headers, str_of_ascii, trim};
use crate::handshake::header_name::HeaderName;
use crate::handshake::lines::{HeaderSource, Lines};
use core::fmt;
use core::hash::{Hash, Hasher};

/// The subprotocols that a client offers, in its order of preference (RFC 6455 section 11.3.4).
///
/// [`Upgrade::subprotocols`](crate::handshake::Upgrade::subprotocols) returns them.
#[derive(Clone)]
pub struct Subprotocols<'h, L = Headers<'h>> {
    // Well-formed.
    elements: Elements<'h, L>,
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
#[derive(Clone)]
pub struct Extensions<'h, L = Headers<'h>> {
    // Well-formed.
    elements: Elements<'h, L>,
}

/// One extension of a list: a name and parameters (RFC 6455 section 9.1).
///
/// [`Extensions`] shows it in use.
#[derive(Clone, Copy)]
pub struct Extension<'h> {
    // A token.
    name: &'h [u8],
    // Well-formed, with a semicolon before each parameter.
    params: &'h [u8],
}

/// The parameters of an extension, in the order in which they came (RFC 6455 section 9.1).
///
/// [`Extensions`] shows them in use.
#[derive(Clone)]
pub struct Params<'h> {
    // Well-formed, with a semicolon before each parameter.
    bytes: &'h [u8],
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
/// assert!(value.bytes().eq(*b"10"));
/// assert!(value == "10");
/// ```
#[derive(Clone, Copy)]
pub struct ParamValue<'h> {
    // A token in which bytes may have a backslash before them.
    escaped: &'h [u8],
}

/// A list that was found well-formed, on one line or on several of the same name.
#[derive(Clone, Copy)]
pub(super) struct List<'h, H = Headers<'h>> {
    // The first line, or nothing if there are several.
    value: &'h [u8],
    // Where the lines are if there are several.
    lines: Option<H>,
    name: HeaderName,
}

/// The elements of a list.
#[derive(Clone)]
pub(super) struct Elements<'h, L> {
    // The rest of the line that is being read.
    value: &'h [u8],
    // The source of more lines, if there may be any.
    more: Option<L>,
    name: HeaderName,
}

impl<'h, H: HeaderSource<'h>> List<'h, H> {
    /// Returns the list that the lines of a name form together, without checking it.
    #[inline(never)]
    pub(super) fn of(lines: &Lines<'h, H>, name: HeaderName) -> List<'h, H> {
        List {
            value: lines.value(name).unwrap_or_default(),
            lines: lines.repeats(name).then(|| lines.headers().clone()),
            name,
        }
    }

    pub(super) fn elements(&self) -> Elements<'h, H::Lines> {
        Elements {
            value: self.value,
            more: self.lines.as_ref().map(H::lines),
            name: self.name,
        }
    }

    /// Returns the list of subprotocols or extensions that a client offers, or `None` if it is malformed. A header
    /// without elements counts as absent, because some clients always send it.
    pub(super) fn offered(lines: &Lines<'h, H>, name: HeaderName) -> Option<List<'h, H>> {
        let list = List::of(lines, name);
        list.elements().check().is_some().then_some(list)
    }

    /// Returns the list of extensions that a server uses, or `None` if it is malformed or has no element.
    pub(super) fn used(lines: &Lines<'h, H>) -> Option<List<'h, H>> {
        let list = List::of(lines, HeaderName::Extensions);
        let absent = lines.value(HeaderName::Extensions).is_none();
        (absent || list.elements().check() == Some(true)).then_some(list)
    }

    pub(super) fn subprotocols(&self) -> Subprotocols<'h, H::Lines> {
        Subprotocols {
            elements: self.elements(),
        }
    }

    pub(super) fn extensions(&self) -> Extensions<'h, H::Lines> {
        Extensions {
            elements: self.elements(),
        }
    }
}

impl<'h> Extensions<'h> {
    /// Reads a list of one extension or more, or returns `None` if it is malformed (RFC 6455 section 9.1).
    #[must_use]
    pub fn parse(list: &'h str) -> Option<Extensions<'h>> {
        let elements = Elements::one_line(list.as_bytes());
        (elements.clone().check() == Some(true)).then_some(Extensions { elements })
    }

    pub(super) const NONE: Extensions<'static> = Extensions {
        elements: Elements::one_line(b""),
    };
}

impl<'h> Extension<'h> {
    /// Returns the extension's name, which is compared byte by byte.
    #[must_use]
    pub fn name(self) -> &'h str {
        str_of_ascii(self.name)
    }

    /// Returns the extension's parameters.
    #[must_use]
    pub const fn params(self) -> Params<'h> {
        Params { bytes: self.params }
    }

    pub(super) fn is_one_of<'o>(self, mut offered: impl Iterator<Item = Extension<'o>>) -> bool {
        offered.any(|extension| extension.name == self.name)
    }
}

impl<'h> Param<'h> {
    /// Returns the parameter's name.
    #[must_use]
    pub fn name(self) -> &'h str {
        str_of_ascii(self.name)
    }

    /// Returns the parameter's value, if it has one.
    #[must_use]
    pub const fn value(self) -> Option<ParamValue<'h>> {
        self.value
    }
}

impl<'h> ParamValue<'h> {
    /// Returns the bytes of the value's token, without quotes and backslashes.
    pub fn bytes(self) -> impl Iterator<Item = u8> + 'h {
        // A backslash is not allowed in a token, so the byte that it escapes is never one.
        self.escaped.iter().copied().filter(|&byte| byte != b'\\')
    }
}

impl<'h> Elements<'h, Headers<'h>> {
    const fn one_line(value: &'h [u8]) -> Elements<'h, Headers<'h>> {
        Elements {
            value,
            more: None,
            name: HeaderName::Extensions,
        }
    }
}

impl<'h, L: Iterator<Item = Header<'h>>> Elements<'h, L> {
    /// Returns `true` if one element is this token, in any case. The others may be anything.
    pub(super) fn contains(mut self, wanted: &[u8]) -> bool {
        while self.find_element() {
            let element = take_before(&mut self.value, |byte| byte == b',');
            if is_token(trim(element), wanted) {
                return true;
            }
        }
        false
    }

    /// Returns `true` if there are elements, and `None` if one of them is malformed.
    fn check(mut self) -> Option<bool> {
        let mut any = false;
        while let Some(element) = self.next() {
            // A subprotocol is a token.
            if self.name == HeaderName::Protocol && !element.params.is_empty() {
                return None;
            }
            any = true;
        }
        // The iteration stops before a malformed element, so that something is left.
        self.value.is_empty().then_some(any)
    }

    /// Parses the next element that is not empty, if it is an extension. A token is one without parameters.
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

    /// Removes everything before the next element that is not empty, and returns `true` if there is one.
    fn find_element(&mut self) -> bool {
        loop {
            Class::BETWEEN.take(&mut self.value);
            if !self.value.is_empty() {
                return true;
            }
            let name = self.name;
            let Some(lines) = &mut self.more else {
                return false;
            };
            let Some(header) = lines.find(|header| header.header_name() == Some(name)) else {
                return false;
            };
            self.value = header.value();
        }
    }
}

impl<'h, L: Iterator<Item = Header<'h>>> Iterator for Subprotocols<'h, L> {
    type Item = &'h str;

    fn next(&mut self) -> Option<&'h str> {
        self.elements.next().map(Extension::name)
    }
}

impl<'h, L: Iterator<Item = Header<'h>>> Iterator for Extensions<'h, L> {
    type Item = Extension<'h>;

    fn next(&mut self) -> Option<Extension<'h>> {
        self.elements.next()
    }
}

impl<'h> Iterator for Params<'h> {
    type Item = Param<'h>;

    fn next(&mut self) -> Option<Param<'h>> {
        param(&mut self.bytes)
    }
}

/// Parses and removes an extension and the white space after it.
fn extension<'h>(rest: &mut &'h [u8]) -> Option<Extension<'h>> {
    let name = token(rest)?;
    let params = *rest;
    while let [b';', ..] = rest {
        param(rest)?;
    }
    Some(Extension {
        name,
        params: before(params, rest),
    })
}

/// Parses and removes a semicolon, the parameter after it, and the white space after that.
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

/// Parses and removes a token and the white space after it.
fn token<'h>(rest: &mut &'h [u8]) -> Option<&'h [u8]> {
    let token = take_token(rest);
    Class::WHITE.take(rest);
    (!token.is_empty()).then_some(token)
}

/// Parses and removes a token, the quote after it and white space. Any byte of the token may have a backslash before
/// it.
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

/// Returns the bytes of `whole` before `rest`, which is its end.
fn before<'h>(whole: &'h [u8], rest: &[u8]) -> &'h [u8] {
    whole.get(..whole.len().wrapping_sub(rest.len())).unwrap_or(whole)
}

impl PartialEq for ParamValue<'_> {
    fn eq(&self, other: &ParamValue<'_>) -> bool {
        self.bytes().eq(other.bytes())
    }
}

impl Eq for ParamValue<'_> {}

impl Hash for ParamValue<'_> {
    fn hash<S: Hasher>(&self, state: &mut S) {
        self.bytes().for_each(|byte| byte.hash(state));
        // A space is not allowed in a token.
        b' '.hash(state);
    }
}

impl PartialEq<str> for ParamValue<'_> {
    fn eq(&self, other: &str) -> bool {
        self.bytes().eq(other.bytes())
    }
}

impl PartialEq<&str> for ParamValue<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl<'h, L: Iterator<Item = Header<'h>> + Clone> fmt::Debug for Subprotocols<'h, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<'h, L: Iterator<Item = Header<'h>> + Clone> fmt::Debug for Extensions<'h, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl fmt::Debug for Extension<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extension({self})")
    }
}

impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
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

/// Shows the extension as an element of a list: `permessage-deflate; server_max_window_bits=10`.
impl fmt::Display for Extension<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        self.params().try_for_each(|param| write!(f, "; {param}"))
    }
}

/// Shows the name, and the value if there is one: `server_max_window_bits=10`.
impl fmt::Display for Param<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self.value() {
            Some(value) => write!(f, "={value}"),
            None => Ok(()),
        }
    }
}

/// Shows the value without quotes and backslashes.
impl fmt::Display for ParamValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        self.bytes().try_for_each(|byte| f.write_char(char::from(byte)))
    }
}
