//! A connection whose opening handshake is done.

use crate::blocking::halves::{ReadHalf, WriteHalf};
use crate::blocking::ready::{Ready, now};
use crate::blocking::writer::Writer;
use crate::error::Error;
use crate::event::Event;
use crate::websocket::Buffers;
use bareframe::{
    Assembler, Client, CloseCode, Config, Connection, Gather, MaskingKeys, Message, MessageKind, Role,
    Server, State,
};
use core::fmt;
use embedded_io::{Read, Write};

/// A WebSocket over a blocking stream; as [`crate::WebSocket`].
pub struct WebSocket<'b, S, R: Role>(pub(crate) crate::WebSocket<'b, Ready<S>, R>);

impl<'b, S> WebSocket<'b, S, Server> {
    /// As [`crate::WebSocket::server`].
    #[must_use]
    pub const fn server(stream: S, config: Config, buffers: Buffers<'b>) -> WebSocket<'b, S, Server> {
        WebSocket(crate::WebSocket::server(Ready(stream), config, buffers))
    }
}

impl<'b, S, K: MaskingKeys> WebSocket<'b, S, Client<K>> {
    /// As [`crate::WebSocket::client`].
    #[must_use]
    pub const fn client(
        stream: S,
        config: Config,
        keys: K,
        buffers: Buffers<'b>,
    ) -> WebSocket<'b, S, Client<K>> {
        WebSocket(crate::WebSocket::client(Ready(stream), config, keys, buffers))
    }
}

impl<'b, S, R: Role> WebSocket<'b, S, R> {
    /// As [`crate::WebSocket::writer`].
    pub const fn writer(&mut self) -> Writer<'_, 'b, S, Connection<R>> {
        Writer(self.0.writer())
    }

    /// Gives the stream.
    #[must_use]
    pub const fn stream(&self) -> &S {
        &self.0.stream().0
    }

    /// As [`crate::WebSocket::into_stream`].
    #[must_use]
    pub fn into_stream(self) -> S {
        self.0.into_stream().0
    }

    /// As [`crate::WebSocket::state`].
    #[must_use]
    pub fn state(&self) -> State {
        self.0.state()
    }

    /// As [`crate::WebSocket::fail`].
    pub fn fail(&mut self, code: CloseCode) {
        self.0.fail(code);
    }

    /// As [`crate::WebSocket::split`].
    pub fn split<T, U>(self, split: impl FnOnce(S) -> (T, U)) -> (ReadHalf<'b, T, R>, WriteHalf<'b, U, R>) {
        let (read_half, write_half) = self.0.split(|stream| {
            let (reading, writing) = split(stream.0);
            (Ready(reading), Ready(writing))
        });
        (ReadHalf(read_half), WriteHalf(write_half))
    }
}

impl<'b, S: Read + Write, R: Role> WebSocket<'b, S, R> {
    /// As [`crate::WebSocket::read`].
    ///
    /// # Errors
    ///
    /// As [`crate::WebSocket::read`].
    pub fn read<'m, B: Gather>(
        &'m mut self,
        assembler: &'m mut Assembler<B>,
    ) -> Result<Option<Message<'m>>, Error<S::Error>> {
        now(self.0.read(assembler))
    }

    /// As [`crate::WebSocket::read_with_writer`].
    ///
    /// # Errors
    ///
    /// As [`crate::WebSocket::read`].
    #[expect(
        clippy::type_complexity,
        reason = "a message, and what sends while it is lent"
    )]
    pub fn read_with_writer<'m, B: Gather>(
        &'m mut self,
        assembler: &'m mut Assembler<B>,
    ) -> Result<Option<(Message<'m>, Writer<'m, 'b, S, Connection<R>>)>, Error<S::Error>> {
        let read = now(self.0.read_with_writer(assembler))?;
        Ok(read.map(|(message, writer)| (message, Writer(writer))))
    }

    /// As [`crate::WebSocket::read_event`].
    ///
    /// # Errors
    ///
    /// As [`crate::WebSocket::read`].
    pub fn read_event(&mut self) -> Result<Option<Event<'_>>, Error<S::Error>> {
        now(self.0.read_event())
    }

    /// As [`crate::WebSocket::read_event_with_writer`].
    ///
    /// # Errors
    ///
    /// As [`crate::WebSocket::read`].
    #[expect(clippy::type_complexity, reason = "an event, and what sends while it is lent")]
    pub fn read_event_with_writer(
        &mut self,
    ) -> Result<Option<(Event<'_>, Writer<'_, 'b, S, Connection<R>>)>, Error<S::Error>> {
        let read = now(self.0.read_event_with_writer())?;
        Ok(read.map(|(event, writer)| (event, Writer(writer))))
    }

    /// As [`crate::Writer::send`].
    ///
    /// # Errors
    ///
    /// As [`crate::Writer::send`].
    pub fn send(&mut self, kind: MessageKind, payload: &[u8]) -> Result<(), Error<S::Error>> {
        now(self.0.send(kind, payload))
    }

    /// As [`crate::Writer::send_text`].
    ///
    /// # Errors
    ///
    /// As [`crate::Writer::send`].
    pub fn send_text(&mut self, text: &str) -> Result<(), Error<S::Error>> {
        now(self.0.send_text(text))
    }

    /// As [`crate::Writer::send_binary`].
    ///
    /// # Errors
    ///
    /// As [`crate::Writer::send`].
    pub fn send_binary(&mut self, octets: &[u8]) -> Result<(), Error<S::Error>> {
        now(self.0.send_binary(octets))
    }

    /// As [`crate::Writer::ping`].
    ///
    /// # Errors
    ///
    /// As [`crate::Writer::ping`].
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error<S::Error>> {
        now(self.0.ping(payload))
    }

    /// As [`crate::WebSocket::close`].
    ///
    /// # Errors
    ///
    /// As [`crate::WebSocket::close`].
    pub fn close(&mut self, code: Option<CloseCode>, reason: &str) -> Result<(), Error<S::Error>> {
        now(self.0.close(code, reason))
    }
}

impl<S, R: Role> fmt::Debug for WebSocket<'_, S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
