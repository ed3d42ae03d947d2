//! Lines: the values of the headers that the handshake reads.

use crate::handshake::head::{Header, Headers, header_line, trim};
use crate::handshake::head_error::HeadError;
use crate::handshake::header_name::HeaderName;
use core::fmt;

/// Where header lines come from: the [`Headers`] of a head that was parsed, or the [`Parts`] of an HTTP library's message.
///
/// It is sealed: only these two implement it.
pub trait HeaderSource<'h>: Clone + sealed::Sealed {
    /// The header lines, in the order in which they came.
    type Lines: Iterator<Item = Header<'h>>;

    /// Returns the header lines from the first on.
    fn lines(&self) -> Self::Lines;

    /// Returns the value of `:protocol`, which an extended CONNECT has (RFC 8441 section 4).
    #[doc(hidden)]
    fn protocol(&self) -> Option<&'h [u8]> {
        None
    }
}

/// The headers of a message that an HTTP library has parsed: names and values, for instance of an `&http::HeaderMap`.
///
/// [`Request::from_parts`](crate::handshake::Request::from_parts) and
/// [`Response::from_parts`](crate::handshake::Response::from_parts) create it.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'h, I> {
    headers: I,
    // The value of `:protocol`.
    protocol: Option<&'h [u8]>,
}

/// The header lines of an HTTP library's message.
#[derive(Clone, Debug)]
pub struct PartsLines<I>(I);

/// The header lines of a message, and the values of those that the handshake reads.
#[derive(Clone, Copy)]
pub(super) struct Lines<'h, H> {
    headers: H,
    // The value of each header but `Origin`, which is empty if there are several lines.
    values: [Option<&'h [u8]>; HeaderName::Origin as usize],
    // A bit for each header of which there are several lines. Stored with the values, each would take a word.
    repeated: u16,
}

/// The headers as `Debug` shows them.
pub(super) struct ShownHeaders<'l, H>(&'l H);

/// The positions of the same values in the head's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct LinePositions {
    headers: Position,
    values: [Option<Position>; HeaderName::Origin as usize],
    repeated: u16,
}

/// The position of a part of a head in its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Position {
    begin: usize,
    len: usize,
}

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for Headers<'_> {}
impl<I> sealed::Sealed for Parts<'_, I> {}

impl<'h> HeaderSource<'h> for Headers<'h> {
    type Lines = Headers<'h>;

    fn lines(&self) -> Headers<'h> {
        self.clone()
    }
}

impl<'h, I, N, V> HeaderSource<'h> for Parts<'h, I>
where
    I: IntoIterator<Item = (&'h N, &'h V)> + Clone,
    N: AsRef<[u8]> + ?Sized + 'h,
    V: AsRef<[u8]> + ?Sized + 'h,
{
    type Lines = PartsLines<I::IntoIter>;

    fn lines(&self) -> PartsLines<I::IntoIter> {
        PartsLines(self.headers.clone().into_iter())
    }

    fn protocol(&self) -> Option<&'h [u8]> {
        self.protocol
    }
}

impl<'h, I> Parts<'h, I> {
    pub(super) const fn new(headers: I) -> Parts<'h, I> {
        Parts {
            headers,
            protocol: None,
        }
    }

    pub(super) fn with_protocol(self, protocol: Option<&'h [u8]>) -> Parts<'h, I> {
        Parts { protocol, ..self }
    }
}

impl<'h, I, N, V> Iterator for PartsLines<I>
where
    I: Iterator<Item = (&'h N, &'h V)>,
    N: AsRef<[u8]> + ?Sized + 'h,
    V: AsRef<[u8]> + ?Sized + 'h,
{
    type Item = Header<'h>;

    fn next(&mut self) -> Option<Header<'h>> {
        let (name, value) = self.0.next()?;
        Some(Header {
            name: name.as_ref(),
            value: trim(value.as_ref()),
        })
    }
}

impl<'h> Lines<'h, Headers<'h>> {
    /// Parses and removes all header lines and the blank line, which follow the start line.
    pub(super) fn parse(&mut self, rest: &mut &'h [u8]) -> Result<(), HeadError> {
        self.headers.lines = rest;
        loop {
            if let [b'\r', b'\n', after @ ..] = rest {
                *rest = after;
                return Ok(());
            }
            self.push(header_line(rest)?);
        }
    }

    /// Creates the value that [`Lines::parse`] fills.
    pub(super) fn empty() -> Lines<'h, Headers<'h>> {
        Lines::new(Headers { lines: &[] })
    }

    /// Returns the positions of the lines in the head that they were parsed from; `head` ends with it.
    pub(super) fn positions(&self, head: &[u8]) -> LinePositions {
        let begin = Position::of(self.headers.lines, head).begin;
        LinePositions {
            headers: Position {
                begin,
                len: head.len().saturating_sub(begin),
            },
            values: self.values.map(|value| Some(Position::of(value?, head))),
            repeated: self.repeated,
        }
    }
}

impl<'h, H: HeaderSource<'h>> Lines<'h, H> {
    fn new(headers: H) -> Lines<'h, H> {
        Lines {
            headers,
            values: [None; _],
            repeated: 0,
        }
    }

    /// Reads all lines of an HTTP library's message.
    pub(super) fn of(headers: H) -> Lines<'h, H> {
        let all = headers.lines();
        let mut lines = Lines::new(headers);
        all.for_each(|header| lines.push(header));
        lines
    }

    #[inline(always)]
    fn push(&mut self, header: Header<'h>) {
        if let Some(name) = header.header_name()
            && let Some(value) = self.values.get_mut(name as usize)
        {
            if value.is_none() {
                *value = Some(header.value);
            } else {
                *value = Some(&[]);
                self.repeated |= name.bit();
            }
        }
    }

    pub(super) const fn headers(&self) -> &H {
        &self.headers
    }

    /// Returns the headers as a list to show.
    pub(super) const fn show_headers(&self) -> ShownHeaders<'_, H> {
        ShownHeaders(&self.headers)
    }

    pub(super) fn map_headers(self, change: impl FnOnce(H) -> H) -> Lines<'h, H> {
        Lines {
            headers: change(self.headers),
            ..self
        }
    }

    /// Returns the value of a header, which is empty if there are several, or `None` if there is none.
    pub(super) fn value(&self, name: HeaderName) -> Option<&'h [u8]> {
        self.values.get(name as usize).copied().flatten()
    }

    /// Returns `true` if a header occurs more than once.
    pub(super) fn repeats(&self, name: HeaderName) -> bool {
        self.repeated & name.bit() != 0
    }

    /// Returns the value of a header that must occur once.
    pub(super) fn one<E>(&self, name: HeaderName, absent: E, repeated: E) -> Result<&'h [u8], E> {
        if self.repeats(name) {
            return Err(repeated);
        }
        self.value(name).ok_or(absent)
    }
}

impl LinePositions {
    /// Returns the lines at these positions of a head.
    pub(super) fn lines<'h>(&self, head: &'h [u8]) -> Lines<'h, Headers<'h>> {
        let mut values = [None; _];
        for (value, position) in values.iter_mut().zip(self.values) {
            *value = position.map(|position| position.part(head));
        }
        Lines {
            headers: Headers {
                lines: self.headers.part(head),
            },
            values,
            repeated: self.repeated,
        }
    }
}

impl Position {
    /// Returns the position of a part of a head, which was borrowed from it or is empty.
    pub(super) fn of(part: &[u8], head: &[u8]) -> Position {
        Position {
            begin: part.as_ptr().addr().wrapping_sub(head.as_ptr().addr()),
            len: part.len(),
        }
    }

    /// Returns the bytes at this position, or none if the head is too short, since it is another one then.
    pub(super) fn part(self, head: &[u8]) -> &[u8] {
        let rest = head.get(self.begin..).unwrap_or(&[]);
        rest.get(..self.len).unwrap_or(&[])
    }
}

impl<'h, H: HeaderSource<'h>> fmt::Debug for ShownHeaders<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.lines()).finish()
    }
}
