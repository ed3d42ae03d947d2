//! Lists in header values: subprotocols, and extensions with parameters (RFC 6455 sections 9.1 and 11.3).
//!
//! A list may go on over several lines of one name, and elements may be empty (RFC 9110 section 5.6.1).

use crate::handshake::head::{Headers, Known, str_of_ascii, trim};
use crate::handshake::octets::{Class, take_token};
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
    // How many more lines have this name, and where they are.
    more: usize,
    behind: Headers<'h>,
    known: Known,
}

/// A list that is not what its grammar says.
pub(super) struct Malformed;

impl<'h> Subprotocols<'h> {
    /// Judges a list that a client sent: at least one token (RFC 6455 section 4.3).
    pub(super) fn new(elements: Elements<'h>) -> Result<Subprotocols<'h>, Malformed> {
        let mut rest = elements;
        let mut any = false;
        while rest.next_with(token)?.is_some() {
            any = true;
        }
        if !any {
            return Err(Malformed);
        }
        Ok(Subprotocols { elements })
    }

    pub(super) const NONE: Subprotocols<'static> = Subprotocols {
        elements: Elements::one_line(b"", Known::Protocol),
    };
}

impl<'h> Extensions<'h> {
    /// Reads a list of one extension or more, or gives `None` if it is malformed (RFC 6455 section 9.1).
    #[must_use]
    pub fn parse(list: &'h str) -> Option<Extensions<'h>> {
        Extensions::new(Elements::one_line(list.as_bytes(), Known::Extensions)).ok()
    }

    pub(super) fn new(elements: Elements<'h>) -> Result<Extensions<'h>, Malformed> {
        let mut rest = elements;
        let mut any = false;
        while rest.next_with(extension)?.is_some() {
            any = true;
        }
        if !any {
            return Err(Malformed);
        }
        Ok(Extensions { elements })
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
    pub(super) const fn one_line(value: &'h [u8], known: Known) -> Elements<'h> {
        Elements {
            value,
            more: 0,
            behind: Headers::NONE,
            known,
        }
    }

    /// Takes note of one more line of the list; `behind` are the lines behind it.
    pub(super) fn add(list: &mut Option<Elements<'h>>, known: Known, value: &'h [u8], behind: Headers<'h>) {
        match list {
            Some(list) => list.more = list.more.saturating_add(1),
            None => {
                *list = Some(Elements {
                    value,
                    more: 0,
                    behind,
                    known,
                });
            }
        }
    }

    /// Takes the next element that is not empty, which `parse` reads off the front.
    fn next_with<T>(
        &mut self,
        parse: impl Fn(&'h [u8]) -> Result<(T, &'h [u8]), Malformed>,
    ) -> Result<Option<T>, Malformed> {
        let Some(value) = self.element() else {
            return Ok(None);
        };
        let (element, rest) = parse(value)?;
        let rest = skip_white(rest);
        if !matches!(rest, [] | [b',', ..]) {
            return Err(Malformed);
        }
        self.value = rest;
        Ok(Some(element))
    }

    /// Finds the next element that is not empty, and gives the rest of its line.
    fn element(&mut self) -> Option<&'h [u8]> {
        loop {
            let (_, value) = Class::BETWEEN.take(self.value);
            if !value.is_empty() {
                return Some(value);
            }
            let more = self.more.checked_sub(1)?;
            let known = self.known;
            let header = self.behind.find(|header| header.known() == Some(known))?;
            self.more = more;
            self.value = header.value();
        }
    }
}

impl<'h> Iterator for Subprotocols<'h> {
    type Item = &'h str;

    fn next(&mut self) -> Option<&'h str> {
        self.elements.next_with(token).ok().flatten().map(str_of_ascii)
    }
}

impl<'h> Iterator for Extensions<'h> {
    type Item = Extension<'h>;

    fn next(&mut self) -> Option<Extension<'h>> {
        self.elements.next_with(extension).ok().flatten()
    }
}

impl<'h> Iterator for Params<'h> {
    type Item = Param<'h>;

    fn next(&mut self) -> Option<Param<'h>> {
        let (param, rest) = param(self.octets).ok().flatten()?;
        self.octets = rest;
        Some(param)
    }
}

/// Tells whether one element of a list is this token, in any case.
pub(super) fn has_token(value: &[u8], wanted: &[u8]) -> bool {
    let mut elements = value.split(|&octet| octet == b',');
    elements.any(|element| trim(element).eq_ignore_ascii_case(wanted))
}

fn token(octets: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let (token, rest) = take_token(octets);
    if token.is_empty() {
        return Err(Malformed);
    }
    Ok((token, rest))
}

fn extension(octets: &[u8]) -> Result<(Extension<'_>, &[u8]), Malformed> {
    let (name, params) = token(octets)?;
    let mut rest = params;
    while let Some((_, behind)) = param(rest)? {
        rest = behind;
    }
    let params = Params {
        octets: before(params, rest),
    };
    Ok((Extension { name, params }, rest))
}

fn param(octets: &[u8]) -> Result<Option<(Param<'_>, &[u8])>, Malformed> {
    let Some(octets) = skip_white(octets).strip_prefix(b";") else {
        return Ok(None);
    };
    let (name, rest) = token(skip_white(octets))?;
    let Some(octets) = skip_white(rest).strip_prefix(b"=") else {
        return Ok(Some((Param { name, value: None }, rest)));
    };
    let (escaped, rest) = match skip_white(octets) {
        [b'"', quoted @ ..] => quoted_token(quoted)?,
        octets => token(octets)?,
    };
    let value = Some(ParamValue { escaped });
    Ok(Some((Param { name, value }, rest)))
}

/// Takes a token and the quote behind it; any octet of the token may have a backslash before it.
fn quoted_token(quoted: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let mut rest = quoted;
    loop {
        rest = match rest {
            [b'\\', octet, behind @ ..] | [octet, behind @ ..] if Class::TOKEN.has(*octet) => behind,
            [b'"', behind @ ..] if rest.len() < quoted.len() => {
                return Ok((before(quoted, rest), behind));
            }
            _ => return Err(Malformed),
        };
    }
}

/// Gives the octets of `whole` before `rest`, which is its end.
fn before<'h>(whole: &'h [u8], rest: &[u8]) -> &'h [u8] {
    whole.get(..whole.len().wrapping_sub(rest.len())).unwrap_or(whole)
}

fn skip_white(octets: &[u8]) -> &[u8] {
    Class::WHITE.take(octets).1
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
