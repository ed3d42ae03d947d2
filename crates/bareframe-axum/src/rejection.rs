//! Why a request does not become a connection, by axum's names.
//!
//! Each is a response: its text is what the core says of the request, and a version of the protocol that is not spoken is answered with
//! 426 and the one that is (RFC 6455 section 4.4).

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use bareframe_tokio::HandshakeError;
use bareframe_tokio::handshake::RequestError;
use http::{Method, StatusCode, Version};
use std::fmt;

/// Defines a type for each error of the handshake that a request can be rejected with.
macro_rules! rejections {
    ($($(#[$doc:meta])* $name:ident = $error:expr;)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Default)]
            #[non_exhaustive]
            pub struct $name;

            impl $name {
                /// Returns the text of the response.
                #[must_use]
                pub fn body_text(&self) -> String {
                    self.to_string()
                }

                /// Returns the status of the response.
                #[must_use]
                pub fn status(&self) -> StatusCode {
                    status(&$error)
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(text(&$error))
                }
            }

            impl std::error::Error for $name {}

            impl IntoResponse for $name {
                fn into_response(self) -> Response {
                    response(&$error)
                }
            }

            impl From<$name> for WebSocketUpgradeRejection {
                fn from(rejection: $name) -> WebSocketUpgradeRejection {
                    WebSocketUpgradeRejection::$name(rejection)
                }
            }
        )+
    };
}

rejections! {
    /// The method of a request of HTTP/1.1 is not GET.
    MethodNotGet = HandshakeError::Request(RequestError::NotGet);
    /// The method of a request of HTTP/2 is not CONNECT (RFC 8441 section 4).
    MethodNotConnect = HandshakeError::NoUpgrade;
    /// `Connection` does not list `Upgrade`.
    InvalidConnectionHeader = HandshakeError::Request(RequestError::MissingConnection);
    /// `Upgrade` does not list `websocket`.
    InvalidUpgradeHeader = HandshakeError::Request(RequestError::MissingUpgrade);
    /// `:protocol` is not `websocket` (RFC 8441 section 4).
    InvalidProtocolPseudoheader = HandshakeError::NoUpgrade;
    /// `Sec-WebSocket-Version` is not `13`.
    InvalidWebSocketVersionHeader = HandshakeError::Request(RequestError::UnsupportedVersion);
    /// There is no `Sec-WebSocket-Key`.
    WebSocketKeyHeaderMissing = HandshakeError::Request(RequestError::MissingKey);
    /// Nothing that becomes a connection is in the request: a layer has removed it, or the server does not allow it.
    ConnectionNotUpgradable = HandshakeError::NotUpgradable;
}

/// The request is wrong in a way for which axum has no name.
#[derive(Debug)]
#[non_exhaustive]
pub struct InvalidRequest(RequestError);

impl InvalidRequest {
    /// Returns what is wrong with it.
    #[must_use]
    pub const fn error(&self) -> RequestError {
        self.0
    }

    /// Returns the text of the response.
    #[must_use]
    pub fn body_text(&self) -> String {
        self.to_string()
    }

    /// Returns the status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        status(&self.0.into())
    }
}

impl fmt::Display for InvalidRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.text())
    }
}

impl std::error::Error for InvalidRequest {}

impl IntoResponse for InvalidRequest {
    fn into_response(self) -> Response {
        response(&self.0.into())
    }
}

/// Why a request does not become a connection.
///
/// ```
/// use axum_core::response::IntoResponse;
/// use bareframe_axum::rejection::{InvalidWebSocketVersionHeader, WebSocketUpgradeRejection};
/// let rejection = WebSocketUpgradeRejection::from(InvalidWebSocketVersionHeader::default());
/// assert_eq!(rejection.status(), 426);
/// assert_eq!(rejection.into_response().headers()["sec-websocket-version"], "13");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum WebSocketUpgradeRejection {
    /// The method is not GET.
    MethodNotGet(MethodNotGet),
    /// The method is not CONNECT.
    MethodNotConnect(MethodNotConnect),
    /// `Connection` does not list `Upgrade`.
    InvalidConnectionHeader(InvalidConnectionHeader),
    /// `Upgrade` does not list `websocket`.
    InvalidUpgradeHeader(InvalidUpgradeHeader),
    /// `:protocol` is not `websocket`.
    InvalidProtocolPseudoheader(InvalidProtocolPseudoheader),
    /// `Sec-WebSocket-Version` is not `13`.
    InvalidWebSocketVersionHeader(InvalidWebSocketVersionHeader),
    /// There is no `Sec-WebSocket-Key`.
    WebSocketKeyHeaderMissing(WebSocketKeyHeaderMissing),
    /// Nothing that becomes a connection is in the request.
    ConnectionNotUpgradable(ConnectionNotUpgradable),
    /// Anything else that RFC 6455 section 4.2.1 does not allow.
    InvalidRequest(InvalidRequest),
}

/// Does the same with whichever rejection it is.
macro_rules! with_rejection {
    ($self:expr, $rejection:ident => $call:expr) => {
        match $self {
            WebSocketUpgradeRejection::MethodNotGet($rejection) => $call,
            WebSocketUpgradeRejection::MethodNotConnect($rejection) => $call,
            WebSocketUpgradeRejection::InvalidConnectionHeader($rejection) => $call,
            WebSocketUpgradeRejection::InvalidUpgradeHeader($rejection) => $call,
            WebSocketUpgradeRejection::InvalidProtocolPseudoheader($rejection) => $call,
            WebSocketUpgradeRejection::InvalidWebSocketVersionHeader($rejection) => $call,
            WebSocketUpgradeRejection::WebSocketKeyHeaderMissing($rejection) => $call,
            WebSocketUpgradeRejection::ConnectionNotUpgradable($rejection) => $call,
            WebSocketUpgradeRejection::InvalidRequest($rejection) => $call,
        }
    };
}

impl WebSocketUpgradeRejection {
    /// Returns axum's name for what is wrong with a request.
    pub(crate) fn new(
        error: &HandshakeError,
        method: &Method,
        version: Version,
    ) -> WebSocketUpgradeRejection {
        let is_http1 = version <= Version::HTTP_11;
        match error {
            HandshakeError::Request(RequestError::NotGet) => MethodNotGet.into(),
            HandshakeError::NoUpgrade if is_http1 && method != Method::GET => MethodNotGet.into(),
            HandshakeError::NoUpgrade if is_http1 => InvalidUpgradeHeader.into(),
            HandshakeError::NoUpgrade if method != Method::CONNECT => MethodNotConnect.into(),
            HandshakeError::NoUpgrade => InvalidProtocolPseudoheader.into(),
            HandshakeError::Request(RequestError::MissingConnection) => InvalidConnectionHeader.into(),
            HandshakeError::Request(RequestError::MissingUpgrade) => InvalidUpgradeHeader.into(),
            HandshakeError::Request(RequestError::MissingKey) => WebSocketKeyHeaderMissing.into(),
            HandshakeError::Request(
                RequestError::MissingVersion
                | RequestError::RepeatedVersion
                | RequestError::UnsupportedVersion,
            ) => InvalidWebSocketVersionHeader.into(),
            HandshakeError::Request(error) => {
                WebSocketUpgradeRejection::InvalidRequest(InvalidRequest(*error))
            }
            _ => ConnectionNotUpgradable.into(),
        }
    }

    /// Returns the text of the response.
    #[must_use]
    pub fn body_text(&self) -> String {
        with_rejection!(self, rejection => rejection.body_text())
    }

    /// Returns the status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        with_rejection!(self, rejection => rejection.status())
    }
}

impl fmt::Display for WebSocketUpgradeRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        with_rejection!(self, rejection => rejection.fmt(f))
    }
}

impl std::error::Error for WebSocketUpgradeRejection {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        with_rejection!(self, rejection => Some(rejection))
    }
}

impl IntoResponse for WebSocketUpgradeRejection {
    fn into_response(self) -> Response {
        with_rejection!(self, rejection => rejection.into_response())
    }
}

fn status(error: &HandshakeError) -> StatusCode {
    response(error).status()
}

const fn text(error: &HandshakeError) -> &'static str {
    match error {
        HandshakeError::Request(error) => error.text(),
        HandshakeError::NoUpgrade => "the client asks for no WebSocket",
        _ => "the connection can't be upgraded",
    }
}

fn response(error: &HandshakeError) -> Response {
    error.response::<Body>()
}
