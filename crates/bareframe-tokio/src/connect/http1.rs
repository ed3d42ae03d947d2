//! The opening handshake over HTTP/1.1 (RFC 6455 section 4.1).

use crate::connect::connect_error::ConnectErrorKind;
use crate::connect::connector::Connector;
use crate::connect::content;
use crate::connect::refusal::{Refusal, ServerResponse};
use crate::extension;
use crate::handshake_error::HandshakeError;
use crate::head;
use bareframe::handshake::{
    Accept, HeadBuffer, HeadEnd, KeptContent, Key, Offer, Response, ResponseError, ResponseHead,
};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// How long the content of a refusal is waited for, which a server may never end.
pub(crate) const REFUSAL_TIME: Duration = Duration::from_secs(1);

/// How much is read of the server's answer.
#[derive(Clone, Copy)]
pub(crate) struct ResponseLimits {
    pub(crate) head: usize,
    pub(crate) refusal: usize,
}

/// What both sides agreed on, and what the server answered.
pub(crate) struct Agreed {
    pub(crate) subprotocol: Option<Box<str>>,
    pub(crate) extension: extension::Agreed,
    pub(crate) response: ServerResponse,
}

/// Sends the request, and reads the response. Of what is received afterwards the first may be in the [`HeadBuffer`] that is returned.
pub(crate) async fn upgrade(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    offer: &Offer<'_>,
    connector: &Connector<'_>,
) -> Result<(Agreed, HeadBuffer), ConnectErrorKind> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let key = Key::from_random(random);
    let request = offer.to_vec(&key).map_err(HandshakeError::Head)?;
    // The server may have answered before it ended the stream.
    let unsent = send(stream, &request).await.err();
    let answered = answer(stream, offer, &Accept::from_key(&key), connector).await;
    match (answered, unsent) {
        // Why the request was not taken says more than that the stream ended.
        (Err(ConnectErrorKind::Handshake(HandshakeError::Ended) | ConnectErrorKind::Io(_)), Some(error)) => {
            Err(ConnectErrorKind::Io(error))
        }
        (answered, _) => answered,
    }
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), request: &[u8]) -> io::Result<()> {
    stream.write_all(request).await?;
    stream.flush().await
}

async fn answer(
    stream: &mut (impl AsyncRead + Unpin),
    offer: &Offer<'_>,
    accept: &Accept,
    connector: &Connector<'_>,
) -> Result<(Agreed, HeadBuffer), ConnectErrorKind> {
    let limits = connector.response_limits();
    let mut received = HeadBuffer::default();
    loop {
        let mut end = HeadEnd::new(limits.head);
        while !end.arrived(received.bytes()).map_err(wrong)? {
            if head::read(stream, &mut received).await? == 0 {
                return Err(HandshakeError::Ended.into());
            }
        }
        let head = ResponseHead::parse(received.bytes_mut()).map_err(wrong)?;
        let response = head.response(received.bytes());
        let established = response.upgrade(offer, accept).map_err(wrong)?;
        if established.is_none() && response.status() < 200 {
            // Another head follows (RFC 9110 section 15.2).
            received.take(head.head_len());
            continue;
        }
        let whole = to_owned(&response);
        if let Some(established) = established {
            let subprotocol = established.subprotocol().map(Box::from);
            let extension = connector.agreed(established.extensions())?;
            received.take(head.head_len());
            let agreed = Agreed {
                subprotocol,
                extension,
                response: whole,
            };
            return Ok((agreed, received));
        }
        let mut content = KeptContent::of(&response, limits.refusal);
        received.take(head.head_len());
        // What came in time is kept.
        let _ = timeout(REFUSAL_TIME, content::read(&mut content, stream, &mut received)).await;
        return Err(HandshakeError::Refused(Refusal::new(whole, content.into_parts())).into());
    }
}

fn to_owned(response: &Response<'_>) -> ServerResponse {
    let headers = response.headers().map(|header| (header.name(), header.value()));
    ServerResponse::new(response.status(), headers)
}

fn wrong(error: impl Into<ResponseError>) -> HandshakeError {
    HandshakeError::Response(error.into())
}
