//! A connection: what it is made of, and receiving.

use crate::deadline::Deadline;
use crate::error::Error;
use crate::input::Input;
use crate::keys::SystemKeys;
use crate::link::Link;
use crate::message::Event;
use crate::options::Options;
use crate::output::Output;
use crate::reader::Reader;
use crate::sender::{MessageSender, WithSender};
use crate::stream::Stream;
use bareframe::handshake::{Response, ResponseHead};
use bareframe::{Client, CloseReason, Connection, MaskingKeys, Message, Role, Server, State};
use std::io;
use std::time::Duration;

/// A WebSocket connection over a stream.
///
/// [`accept`](crate::accept) and [`connect`](crate::connect) make one of a stream or a URL, with the opening
/// handshake; [`WebSocket::server`] and [`WebSocket::client`] of a stream whose handshake is done.
///
/// # Sending
///
/// A frame is written at once, header and payload together, unless part of the last read is not looked at
/// yet: then more is likely to be sent soon, and what fits the write buffer waits to leave in one write with
/// the next. It leaves at the latest before the next read from the stream; [`WebSocket::flush`] has it leave
/// now.
///
/// # Streams that time out or do not block
///
/// No octet is lost when the stream gives `WouldBlock` or `TimedOut`. A call that receives gives
/// [`Error::Io`] and is made again. A call that sends gives [`Error::Io`] if it did not take what was to be
/// sent, because an earlier frame is in the way, and [`Error::Unflushed`] if it did but could not write all
/// of it; the rest is then kept here, and written by [`WebSocket::flush`] or any later call. `Interrupted` is
/// never seen.
///
/// ```
/// use bareframe_std::{CloseCode, accept, connect};
/// use std::net::TcpListener;
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let url = format!("ws://{}/", listener.local_addr()?);
/// let server = std::thread::spawn(move || -> Result<(), bareframe_std::Error> {
///     let mut socket = accept(listener.accept()?.0)?;
///     while let Some((message, mut sender)) = socket.read_with_sender()? {
///         sender.send(message.kind(), message.payload())?;
///     }
///     socket.close(None, "")
/// });
///
/// let mut socket = connect(&url)?;
/// socket.send_text("Hello")?;
/// assert_eq!(socket.read()?.unwrap().as_str(), Some("Hello"));
/// socket.close(CloseCode::NORMAL_CLOSURE, "")?;
/// server.join().unwrap()?;
/// # Ok::<(), bareframe_std::Error>(())
/// ```
#[derive(Debug)]
pub struct WebSocket<S, R> {
    pub(crate) link: Link<S, R>,
    pub(crate) reader: Reader,
    pub(crate) closing: Closing,
    pub(crate) subprotocol: Option<Box<str>>,
    /// The head of the server's response, and what was found in it.
    pub(crate) response: Option<(Box<[u8]>, Box<ResponseHead>)>,
}

/// A client's connection with keys from the system.
pub type ClientSocket<S> = WebSocket<S, Client<SystemKeys>>;

/// A server's connection.
pub type ServerSocket<S> = WebSocket<S, Server>;

/// How the stream ends when the closing handshake is done (RFC 6455 section 7.1.1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closing {
    /// The peer, which is the server, ends it first.
    pub(crate) after_peer: bool,
    pub(crate) timeout: Duration,
}

impl<S: Stream> WebSocket<S, Server> {
    /// Makes the server's end over a stream whose opening handshake is done.
    #[must_use]
    pub fn server(stream: S, options: &Options) -> WebSocket<S, Server> {
        let input = Input::new(options.read_buffer(), options.read_buffer_max());
        WebSocket::new(
            stream,
            Connection::server(options.config()),
            false,
            input,
            options,
        )
    }
}

impl<S: Stream> WebSocket<S, Client<SystemKeys>> {
    /// Makes the client's end over a stream whose opening handshake is done.
    ///
    /// # Errors
    ///
    /// What the system's random source gives.
    pub fn client(stream: S, options: &Options) -> io::Result<WebSocket<S, Client<SystemKeys>>> {
        Ok(WebSocket::client_with_keys(stream, options, SystemKeys::new()?))
    }
}

impl<S: Stream, K: MaskingKeys> WebSocket<S, Client<K>> {
    /// As [`WebSocket::client`], with masking keys of your own; RFC 6455 section 10.3 tells what they must
    /// be.
    #[must_use]
    pub fn client_with_keys(stream: S, options: &Options, keys: K) -> WebSocket<S, Client<K>> {
        let input = Input::new(options.read_buffer(), options.read_buffer_max());
        WebSocket::new(
            stream,
            Connection::client(options.config(), keys),
            true,
            input,
            options,
        )
    }
}

impl<S: Stream, R: Role> WebSocket<S, R> {
    fn new(
        stream: S,
        connection: Connection<R>,
        is_client: bool,
        input: Input,
        options: &Options,
    ) -> WebSocket<S, R> {
        WebSocket {
            link: Link {
                stream,
                connection,
                output: Output::new(options.write_buffer()),
                deadline: Deadline::NONE,
            },
            reader: Reader::new(input),
            closing: Closing {
                after_peer: is_client,
                timeout: options.close_timeout(),
            },
            subprotocol: None,
            response: None,
        }
    }

    /// Adds octets that were read from the stream behind the head: they are the first frames.
    ///
    /// ```
    /// use bareframe_std::{Options, Untimed, WebSocket};
    /// let stream = Untimed(std::io::Cursor::new(Vec::new()));
    /// let leftover = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    /// let mut server = WebSocket::server(stream, &Options::DEFAULT).with_leftover(leftover);
    /// assert_eq!(server.read()?.unwrap().as_str(), Some("Hello"));
    /// # Ok::<(), bareframe_std::Error>(())
    /// ```
    #[must_use]
    pub fn with_leftover(mut self, leftover: &[u8]) -> WebSocket<S, R> {
        self.reader.input.extend(leftover);
        self
    }

    /// Has these bytes of the head written before the first frame.
    pub(crate) fn with_unsent(mut self, head: &[u8]) -> WebSocket<S, R> {
        self.link.output.keep_head(head);
        self
    }

    /// Receives until a message is whole and lends it; `None` when the connection has ended cleanly.
    ///
    /// Pings and the peer's Close are answered on the way. A message that came in one read is lent from
    /// there; others are gathered in memory that grows with what has arrived, never with what was declared.
    /// The rest of a message that [`WebSocket::read_event`] began is left out.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::Protocol`] or [`Error::AbnormalClosure`].
    #[inline]
    pub fn read(&mut self) -> Result<Option<Message<'_>>, Error> {
        self.reader.read(&mut self.link)
    }

    /// As [`WebSocket::read`], and gives what sends while the message is lent.
    ///
    /// ```
    /// use bareframe_std::{Options, Untimed, WebSocket};
    /// # fn echo<S: bareframe_std::Stream>(stream: S) -> Result<(), bareframe_std::Error> {
    /// let mut server = WebSocket::server(stream, &Options::DEFAULT);
    /// while let Some((message, mut sender)) = server.read_with_sender()? {
    ///     sender.send(message.kind(), message.payload())?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`].
    #[inline]
    pub fn read_with_sender(&mut self) -> Result<Option<WithSender<'_, Message<'_>, S, R>>, Error> {
        let Some((message, has_more)) = self.reader.read_noting_more(&mut self.link)? else {
            return Ok(None);
        };
        Ok(Some((message, MessageSender::new(&mut self.link, has_more))))
    }

    /// Receives the next event: a piece of a message as it arrives, or a control frame; `None` when the
    /// connection has ended cleanly. It needs no memory for messages, however long they are.
    ///
    /// ```
    /// use bareframe_std::{Event, Options, Untimed, WebSocket};
    /// let stream = Untimed(std::io::Cursor::new(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec()));
    /// let options = Options::DEFAULT.with_read_buffer(8).with_read_buffer_max(8);
    /// let mut server = WebSocket::server(stream, &options);
    /// let Some(Event::Data(piece)) = server.read_event()? else { panic!() };
    /// assert_eq!((piece.payload(), piece.is_first(), piece.is_last()), (&b"He"[..], true, false));
    /// let Some(Event::Data(piece)) = server.read_event()? else { panic!() };
    /// assert_eq!((piece.payload(), piece.is_first(), piece.is_last()), (&b"llo"[..], false, true));
    /// # Ok::<(), bareframe_std::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`].
    pub fn read_event(&mut self) -> Result<Option<Event<'_>>, Error> {
        self.reader.read_event(&mut self.link)
    }

    /// As [`WebSocket::read_event`], and gives what sends while the piece is lent.
    ///
    /// ```
    /// use bareframe_std::{Event, Options, WebSocket};
    /// # fn echo<S: bareframe_std::Stream>(stream: S) -> Result<(), bareframe_std::Error> {
    /// let mut server = WebSocket::server(stream, &Options::DEFAULT);
    /// while let Some((event, mut sender)) = server.read_event_with_sender()? {
    ///     if let Event::Data(piece) = event {
    ///         sender.send_fragment(piece.kind(), piece.rsv(), piece.is_last(), piece.payload())?;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`].
    pub fn read_event_with_sender(&mut self) -> Result<Option<WithSender<'_, Event<'_>, S, R>>, Error> {
        let Some((event, has_more)) = self.reader.read_event_noting_more(&mut self.link)? else {
            return Ok(None);
        };
        Ok(Some((event, MessageSender::new(&mut self.link, has_more))))
    }

    /// Gives what sends.
    #[inline]
    pub(crate) fn sender(&mut self) -> MessageSender<'_, S, R> {
        MessageSender::new(&mut self.link, self.reader.has_more())
    }

    /// Tells how far the closing of the connection is.
    #[must_use]
    pub fn state(&self) -> State {
        self.link.connection.state()
    }

    /// Gives what the peer's Close said, if it has come.
    #[must_use]
    pub fn close_reason(&self) -> Option<&CloseReason> {
        self.reader.close_reason.as_ref()
    }

    /// Gives the subprotocol in use, if the handshake was done here and chose one (RFC 6455 section 1.9).
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Gives the server's response, if it was read here: its extensions and other headers.
    #[must_use]
    pub fn response(&self) -> Option<Response<'_>> {
        let (bytes, head) = self.response.as_ref()?;
        Some(head.response(bytes))
    }

    /// Gives the stream, for what is no protocol's business: its addresses, its timeouts.
    #[must_use]
    pub const fn stream(&self) -> &S {
        &self.link.stream
    }

    /// Gives the stream to be changed. To read from it or write to it breaks the protocol.
    #[must_use]
    pub const fn stream_mut(&mut self) -> &mut S {
        &mut self.link.stream
    }
}
