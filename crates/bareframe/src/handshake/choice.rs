//! Choice: what a server puts into its 101 (RFC 6455 section 4.2.2).

/// The subprotocol, the extensions and the headers that a server adds to its 101 (RFC 6455 section 4.2.2).
///
/// ```
/// use bareframe::handshake::Choice;
/// let choice = Choice::DEFAULT
///     .with_subprotocol(Some("chat"))
///     .with_headers(&[("Set-Cookie", "visits=1")]);
/// assert_eq!(choice.subprotocol(), Some("chat"));
/// ```
///
/// [`Upgrade::encode`](crate::handshake::Upgrade::encode) takes it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Choice<'a> {
    pub(super) subprotocol: Option<&'a str>,
    pub(super) extensions: &'a str,
    pub(super) headers: &'a [(&'a str, &'a str)],
}

impl<'a> Choice<'a> {
    /// No subprotocol, no extension and no more headers.
    pub const DEFAULT: Choice<'static> = Choice {
        subprotocol: None,
        extensions: "",
        headers: &[],
    };

    /// Sets the subprotocol in use: one that the client offered, or none.
    #[must_use]
    pub const fn with_subprotocol(mut self, subprotocol: Option<&'a str>) -> Choice<'a> {
        self.subprotocol = subprotocol;
        self
    }

    /// Sets the extensions in use, as a list, each of which the client must have offered. An empty list means none.
    #[must_use]
    pub const fn with_extensions(mut self, extensions: &'a str) -> Choice<'a> {
        self.extensions = extensions;
        self
    }

    /// Sets more headers, as names and values.
    #[must_use]
    pub const fn with_headers(mut self, headers: &'a [(&'a str, &'a str)]) -> Choice<'a> {
        self.headers = headers;
        self
    }

    /// Returns the subprotocol in use.
    #[must_use]
    pub const fn subprotocol(&self) -> Option<&'a str> {
        self.subprotocol
    }

    /// Returns the extensions in use.
    #[must_use]
    pub const fn extensions(&self) -> &'a str {
        self.extensions
    }

    /// Returns the headers that are added.
    #[must_use]
    pub const fn headers(&self) -> &'a [(&'a str, &'a str)] {
        self.headers
    }
}

impl Choice<'_> {
    /// Returns the maximum length in bytes of the 101 with this choice, and of the 100 before it for a client that
    /// waits for one. [`Upgrade::encode`](crate::handshake::Upgrade::encode) needs an output of this length.
    ///
    /// ```
    /// use bareframe::handshake::Choice;
    /// const CHOICE: Choice<'_> = Choice::DEFAULT.with_subprotocol(Some("chat"));
    /// let out = [0; CHOICE.response_len()];
    /// assert_eq!(out.len(), 154 + "Sec-WebSocket-Protocol: chat\r\n".len());
    /// ```
    #[must_use]
    pub const fn response_len(&self) -> usize {
        const FIXED: &str = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
            Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        let mut len = FIXED.len();
        if let Some(subprotocol) = self.subprotocol {
            len = len.saturating_add(line_len("Sec-WebSocket-Protocol", subprotocol));
        }
        if !self.extensions.is_empty() {
            len = len.saturating_add(line_len("Sec-WebSocket-Extensions", self.extensions));
        }
        let mut headers = self.headers;
        while let [(name, value), rest @ ..] = headers {
            len = len.saturating_add(line_len(name, value));
            headers = rest;
        }
        len
    }
}

const fn line_len(name: &str, value: &str) -> usize {
    name.len()
        .saturating_add(value.len())
        .saturating_add(": \r\n".len())
}

impl Default for Choice<'_> {
    fn default() -> Self {
        Choice::DEFAULT
    }
}
