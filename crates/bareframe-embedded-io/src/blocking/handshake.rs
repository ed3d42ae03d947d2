//! The opening handshake, both roles.

use crate::blocking::ready::{Ready, now};
use crate::blocking::websocket::WebSocket;
use crate::error::{Error, HandshakeError};
use crate::websocket::Buffers;
use bareframe::handshake::{
    Accept, Choice, Established, Key, Offer, Request, RequestError, Response, Status,
};
use bareframe::{Client, Config, MaskingKeys, Server};
use embedded_io::{Read, Write};

/// A request that arrives over a blocking stream; as [`crate::Incoming`].
#[derive(Debug)]
pub struct Incoming<'h, S>(crate::Incoming<'h, Ready<S>>);

/// A request for a WebSocket that is on its way to a server, and its response; as [`crate::Connecting`].
#[derive(Debug)]
pub struct Connecting<'h, S>(crate::Connecting<'h, Ready<S>>);

impl<'h, S> Incoming<'h, S> {
    /// As [`crate::Incoming::new`].
    #[must_use]
    pub const fn new(stream: S, memory: &'h mut [u8]) -> Incoming<'h, S> {
        Incoming(crate::Incoming::new(Ready(stream), memory))
    }

    /// As [`crate::Incoming::into_stream`].
    #[must_use]
    pub fn into_stream(self) -> S {
        self.0.into_stream().0
    }

    /// As [`crate::Incoming::accept`].
    ///
    /// # Errors
    ///
    /// As [`crate::Incoming::accept`].
    pub fn accept<'b>(
        self,
        choice: &Choice<'_>,
        config: Config,
        buffers: Buffers<'b>,
    ) -> Result<WebSocket<'b, S, Server>, HandshakeError> {
        self.0.accept(choice, config, buffers).map(WebSocket)
    }

    /// As [`crate::Incoming::accept_with`].
    ///
    /// # Errors
    ///
    /// As [`crate::Incoming::accept`].
    pub fn accept_with<'b>(
        self,
        make: impl FnOnce(&Key) -> Accept,
        choice: &Choice<'_>,
        config: Config,
        buffers: Buffers<'b>,
    ) -> Result<WebSocket<'b, S, Server>, HandshakeError> {
        self.0.accept_with(make, choice, config, buffers).map(WebSocket)
    }

    /// As [`crate::Incoming::accept_in_place`].
    ///
    /// # Errors
    ///
    /// As [`crate::Incoming::accept`].
    pub fn accept_in_place(
        self,
        choice: &Choice<'_>,
        config: Config,
        send: &'h mut [u8],
    ) -> Result<WebSocket<'h, S, Server>, HandshakeError> {
        self.0.accept_in_place(choice, config, send).map(WebSocket)
    }
}

impl<S: Read + Write> Incoming<'_, S> {
    /// As [`crate::Incoming::request`].
    ///
    /// # Errors
    ///
    /// As [`crate::Incoming::request`].
    pub fn request(&mut self) -> Result<Request<'_>, Error<S::Error>> {
        now(self.0.request())
    }

    /// As [`crate::Incoming::refuse`].
    ///
    /// # Errors
    ///
    /// As [`crate::Incoming::answer`].
    pub fn refuse(&mut self, why: RequestError) -> Result<(), Error<S::Error>> {
        now(self.0.refuse(why))
    }

    /// As [`crate::Incoming::answer`].
    ///
    /// # Errors
    ///
    /// As [`crate::Incoming::answer`].
    pub fn answer(
        &mut self,
        status: Status,
        headers: &[(&str, &str)],
        content: &[u8],
    ) -> Result<(), Error<S::Error>> {
        now(self.0.answer(status, headers, content))
    }
}

impl<'h, S> Connecting<'h, S> {
    /// As [`crate::Connecting::new`].
    ///
    /// # Errors
    ///
    /// As [`crate::Connecting::new`].
    pub fn new(
        stream: S,
        offer: &'h Offer<'h>,
        nonce: [u8; 16],
        memory: &'h mut [u8],
    ) -> Result<Connecting<'h, S>, HandshakeError> {
        crate::Connecting::new(Ready(stream), offer, nonce, memory).map(Connecting)
    }

    /// As [`crate::Connecting::established`].
    ///
    /// # Errors
    ///
    /// As [`crate::Connecting::established`].
    pub fn established(&self) -> Result<Established<'_>, HandshakeError> {
        self.0.established()
    }

    /// As [`crate::Connecting::establish`].
    ///
    /// # Errors
    ///
    /// As [`crate::Connecting::establish`].
    pub fn establish<'b, K: MaskingKeys>(
        self,
        config: Config,
        keys: K,
        buffers: Buffers<'b>,
    ) -> Result<WebSocket<'b, S, Client<K>>, HandshakeError> {
        self.0.establish(config, keys, buffers).map(WebSocket)
    }

    /// As [`crate::Connecting::establish_in_place`].
    ///
    /// # Errors
    ///
    /// As [`crate::Connecting::established`].
    pub fn establish_in_place<K: MaskingKeys>(
        self,
        config: Config,
        keys: K,
        send: &'h mut [u8],
    ) -> Result<WebSocket<'h, S, Client<K>>, HandshakeError> {
        self.0.establish_in_place(config, keys, send).map(WebSocket)
    }
}

impl<S: Read + Write> Connecting<'_, S> {
    /// As [`crate::Connecting::response`].
    ///
    /// # Errors
    ///
    /// As [`crate::Connecting::response`].
    pub fn response(&mut self) -> Result<Response<'_>, Error<S::Error>> {
        now(self.0.response())
    }
}
