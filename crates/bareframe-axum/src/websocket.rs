//! A connection as a stream and a sink of messages.

use crate::message::Message;
use axum_core::Error;
use bareframe_tokio::{Counters, Event, MessageRef, ServerSocket, UpgradedStream};
use futures_core::{FusedStream, Stream};
use futures_sink::Sink;
use http::HeaderValue;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A WebSocket connection: a stream and a sink of [`Message`]s, which `StreamExt::split` splits.
///
/// The errors have a [`bareframe_tokio::Error`] in them, which `into_inner` and `downcast` return.
#[derive(Debug)]
pub struct WebSocket {
    inner: ServerSocket<UpgradedStream>,
    protocol: Option<HeaderValue>,
}

impl WebSocket {
    pub(crate) const fn new(inner: ServerSocket<UpgradedStream>, protocol: Option<HeaderValue>) -> WebSocket {
        WebSocket { inner, protocol }
    }

    /// Reads the next message or control frame; `None` after the peer's Close, or after an error.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, nothing is lost: the next call continues.
    pub async fn recv(&mut self) -> Option<Result<Message, Error>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Sends a message: it was written when this returns.
    ///
    /// # Cancel safety
    ///
    /// It first waits for room. If the future is dropped meanwhile, nothing was sent. Then the message is taken: if the future is dropped,
    /// the next call that reads or writes sends what is left of it.
    ///
    /// # Errors
    ///
    /// The connection is closed or gone, the payload of a control frame is longer than 125 bytes, or the code of a Close must not be sent.
    pub async fn send(&mut self, msg: Message) -> Result<(), Error> {
        self.inner.send(msg.into_sent()?).await.map_err(Error::new)
    }

    /// Returns the subprotocol that was chosen (RFC 6455 section 1.9).
    #[must_use]
    pub const fn protocol(&self) -> Option<&HeaderValue> {
        self.protocol.as_ref()
    }

    /// Reads until a message is whole and lends it, without allocation if it came in one piece; `None` when the connection has ended
    /// cleanly. Pings are answered and passed over.
    ///
    /// ```
    /// use bareframe_axum::WebSocket;
    /// async fn count(mut socket: WebSocket) {
    ///     let mut bytes = 0;
    ///     while let Ok(Some(message)) = socket.read().await {
    ///         bytes += message.payload().len();
    ///     }
    ///     println!("{bytes} bytes");
    /// }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, nothing is lost: the next call continues.
    ///
    /// # Errors
    ///
    /// As those of [`bareframe_tokio::WebSocket::read`].
    pub async fn read(&mut self) -> Result<Option<MessageRef<'_>>, Error> {
        self.inner.read().await.map_err(Error::new)
    }

    /// Reads the next piece of a message as it arrives, or a control frame, and lends it; `None` when the connection has ended cleanly.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, nothing is lost: the next call continues.
    ///
    /// # Errors
    ///
    /// As those of [`bareframe_tokio::WebSocket::read_event`].
    pub async fn read_event(&mut self) -> Result<Option<Event<'_>>, Error> {
        self.inner.read_event().await.map_err(Error::new)
    }

    /// Returns what was received, in numbers.
    ///
    /// ```
    /// use bareframe_axum::{Totals, WebSocket};
    /// use std::sync::Mutex;
    /// static RECEIVED: Mutex<Option<Totals>> = Mutex::new(None);
    ///
    /// async fn serve(mut socket: WebSocket) {
    ///     while let Ok(Some(_message)) = socket.read().await {}
    ///     RECEIVED.lock().unwrap().get_or_insert_default().add(&socket.received());
    /// }
    /// ```
    #[must_use]
    pub fn received(&self) -> Counters {
        self.inner.received()
    }

    /// Returns what was sent, in numbers.
    #[must_use]
    pub fn sent(&self) -> Counters {
        self.inner.sent()
    }

    /// Returns the connection of [`bareframe_tokio`], for instance to send frames or to close with a deadline.
    #[must_use]
    pub const fn get_mut(&mut self) -> &mut ServerSocket<UpgradedStream> {
        &mut self.inner
    }

    /// Returns the same by value, for instance to split it into halves without a lock.
    #[must_use]
    pub fn into_inner(self) -> ServerSocket<UpgradedStream> {
        self.inner
    }
}

impl Stream for WebSocket {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Message, Error>>> {
        let next = ready!(Pin::new(&mut self.inner).poll_next(cx));
        Poll::Ready(next.map(|next| next.map(Message::received).map_err(Error::new)))
    }
}

impl FusedStream for WebSocket {
    fn is_terminated(&self) -> bool {
        self.inner.is_terminated()
    }
}

impl Sink<Message> for WebSocket {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::new)
    }

    fn start_send(mut self: Pin<&mut Self>, item: Message) -> Result<(), Error> {
        self.inner.start_send(item.into_sent()?).map_err(Error::new)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_flush(cx).map_err(Error::new)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Sink::poll_close(Pin::new(&mut self.inner), cx).map_err(Error::new)
    }
}
