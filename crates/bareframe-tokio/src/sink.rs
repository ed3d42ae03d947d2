//! A connection, and each of its halves, as a stream and a sink of messages.

use crate::error::Error;
use crate::halves::{ReadHalf, WriteHalf};
use crate::message::Message;
use crate::websocket::WebSocket;
use bareframe::{Role, SendError};
use futures_core::{FusedStream, Stream};
use futures_sink::Sink;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite};

/// Implements what is the same for a whole connection and its reading half.
macro_rules! stream_of_messages {
    ($type:ident) => {
        /// The messages that are received, and the control frames between them, which were answered. It ends after the peer's Close, or
        /// after an error that is not [temporary](Error::is_temporary).
        impl<S: AsyncRead + AsyncWrite + Unpin, R: Role> Stream for $type<S, R> {
            type Item = Result<Message, Error>;

            fn poll_next(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<Option<Result<Message, Error>>> {
                if self.closing.has_ended {
                    return Poll::Ready(None);
                }
                let next = ready!(self.poll_next_owned(cx)).transpose();
                self.closing.has_ended = match &next {
                    Some(Ok(_)) => false,
                    Some(Err(error)) => !error.is_temporary(),
                    None => true,
                };
                Poll::Ready(next)
            }
        }

        impl<S: AsyncRead + AsyncWrite + Unpin, R: Role> FusedStream for $type<S, R> {
            fn is_terminated(&self) -> bool {
                self.closing.has_ended
            }
        }
    };
}

/// Implements what is the same for a whole connection and its writing half.
macro_rules! sink_of_messages {
    ($type:ident) => {
        /// Messages that are sent: `start_send` queues, and `poll_flush` writes. To close the sink sends our Close, unless one was sent,
        /// and reads nothing.
        impl<S: AsyncRead + AsyncWrite + Unpin, R: Role> Sink<Message> for $type<S, R> {
            type Error = Error;

            fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
                $type::poll_ready(&mut self, cx)
            }

            fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
                $type::start_send(&mut self, message)
            }

            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
                $type::poll_flush(&mut self, cx)
            }

            fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
                let queued = match ready!($type::poll_ready(&mut self, cx)) {
                    Ok(()) => $type::start_send(&mut self, Message::Close(None)),
                    Err(error) => Err(error),
                };
                match queued {
                    // It was sent before, or the connection has failed.
                    Ok(()) | Err(Error::Send(SendError::Closed)) => $type::poll_flush(&mut self, cx),
                    Err(error) => Poll::Ready(Err(error)),
                }
            }
        }
    };
}

stream_of_messages!(WebSocket);
stream_of_messages!(ReadHalf);
sink_of_messages!(WebSocket);
sink_of_messages!(WriteHalf);
