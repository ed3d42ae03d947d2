//! The extractor.

use crate::rejection::WebSocketUpgradeRejection;
use crate::websocket::WebSocket;
use axum_core::Error;
use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use bareframe_tokio::handshake::Choice;
use bareframe_tokio::{Limits, Options, Shutdown, UpgradeRequest};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use hyper::rt::Executor;
use hyper_util::rt::TokioExecutor;
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// The extractor of a request for a WebSocket.
///
/// A request of HTTP/1.1 for one is a GET, one of HTTP/2 a CONNECT (RFC 8441): route it by `axum::routing::any`.
///
/// ```
/// use axum::{Router, extract::State, response::Response, routing::any};
/// use bareframe_axum::{Message, Shutdown, WebSocketUpgrade};
/// use std::time::Duration;
///
/// async fn handler(ws: WebSocketUpgrade, State(shutdown): State<Shutdown>) -> Response {
///     ws.protocols(["chat.v2", "chat.v1"])
///         .origin(["https://example.com"])
///         .max_message_size(64 << 10)
///         .keepalive(Duration::from_secs(30), Duration::from_secs(10))
///         .shutdown(&shutdown)
///         .on_failed_upgrade(|error| println!("{error}"))
///         .on_upgrade(|mut socket| async move {
///             let _ = socket.send(Message::text("Welcome")).await;
///         })
/// }
///
/// # async fn serve() -> std::io::Result<()> {
/// let shutdown = Shutdown::new();
/// let app = Router::new().route("/ws", any(handler)).with_state(shutdown.clone());
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:9001").await?;
/// axum::serve(listener, app).with_graceful_shutdown(shutdown.begun()).await?;
/// let left = shutdown.finish(Duration::from_secs(10)).await;
/// println!("{left} connections did not end");
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct WebSocketUpgrade<F = DefaultOnFailedUpgrade> {
    request: UpgradeRequest,
    requested: Vec<HeaderValue>,
    selected: Option<HeaderValue>,
    options: Options,
    write_buffer: usize,
    max_write_buffer: usize,
    is_forbidden: bool,
    on_failed_upgrade: F,
}

/// What is done if a request that was accepted does not become a connection.
///
/// A `FnOnce(Error)` is one; see [`WebSocketUpgrade::on_failed_upgrade`].
pub trait OnFailedUpgrade: Send + 'static {
    /// Is called with the error.
    fn call(self, error: Error);
}

impl<F: FnOnce(Error) + Send + 'static> OnFailedUpgrade for F {
    fn call(self, error: Error) {
        self(error);
    }
}

/// Does nothing.
#[derive(Debug)]
#[non_exhaustive]
pub struct DefaultOnFailedUpgrade;

impl OnFailedUpgrade for DefaultOnFailedUpgrade {
    fn call(self, _: Error) {}
}

impl<F> WebSocketUpgrade<F> {
    /// Sets how many bytes of memory a read has: [`Options::with_read_buffer`]. A connection has it only while something arrives.
    pub fn read_buffer_size(mut self, size: usize) -> Self {
        let most = self.options.read_buffer_max().max(size);
        self.options = self.options.with_read_buffer(size).with_read_buffer_max(most);
        self
    }

    /// Sets how many bytes a sink gathers for one write: [`Options::with_write_buffer`]. [`WebSocket::send`] always writes.
    pub const fn write_buffer_size(mut self, size: usize) -> Self {
        self.write_buffer = size;
        self
    }

    /// Sets a limit for [`WebSocketUpgrade::write_buffer_size`]. Nothing is refused for it: a call that sends waits.
    pub const fn max_write_buffer_size(mut self, max: usize) -> Self {
        self.max_write_buffer = max;
        self
    }

    /// Sets how many bytes a message may have, 64 MiB unless it is set. Memory grows with what arrives.
    pub fn max_message_size(self, max: usize) -> Self {
        self.limits(|limits| limits.with_message(max as u64))
    }

    /// Sets how many bytes a frame may have, 16 MiB unless it is set.
    pub fn max_frame_size(self, max: usize) -> Self {
        self.limits(|limits| limits.with_frame(max as u64))
    }

    fn limits(mut self, change: impl FnOnce(Limits) -> Limits) -> Self {
        let config = self.options.config();
        self.options = self
            .options
            .with_config(config.with_limits(change(config.limits())));
        self
    }

    /// Sets the subprotocols that the server knows, in its order of preference, and selects the first of them that the client offers.
    pub fn protocols<I>(mut self, protocols: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Cow<'static, str>>,
    {
        let known = protocols.into_iter().map(Into::into);
        let mut offered = known.filter(|protocol| self.request.offers(protocol));
        self.selected = offered.next().and_then(|protocol| match protocol {
            Cow::Borrowed(protocol) => HeaderValue::from_str(protocol).ok(),
            Cow::Owned(protocol) => HeaderValue::try_from(protocol).ok(),
        });
        self
    }

    /// Returns the subprotocols that the client offers, in its order of preference.
    pub fn requested_protocols(&self) -> impl Iterator<Item = &HeaderValue> {
        self.requested.iter()
    }

    /// Selects a subprotocol, in place of what [`WebSocketUpgrade::protocols`] selects. If the client does not offer it, the response is
    /// 500, since a server must not name it (RFC 6455 section 4.2.2).
    pub fn set_selected_protocol(&mut self, protocol: HeaderValue) {
        self.selected = Some(protocol);
    }

    /// Returns the subprotocol that is selected.
    pub const fn selected_protocol(&self) -> Option<&HeaderValue> {
        self.selected.as_ref()
    }

    /// Sets what is done with the error if the request does not become a connection: by default nothing.
    pub fn on_failed_upgrade<C: OnFailedUpgrade>(self, callback: C) -> WebSocketUpgrade<C> {
        WebSocketUpgrade {
            request: self.request,
            requested: self.requested,
            selected: self.selected,
            options: self.options,
            write_buffer: self.write_buffer,
            max_write_buffer: self.max_write_buffer,
            is_forbidden: self.is_forbidden,
            on_failed_upgrade: callback,
        }
    }

    /// Sends a Ping when nothing came for `interval`, and ends the connection with an error if nothing comes for `deadline` after that:
    /// [`Options::with_keepalive`]. It happens while the program reads.
    pub const fn keepalive(mut self, interval: Duration, deadline: Duration) -> Self {
        self.options = self.options.with_keepalive(interval, deadline);
        self
    }

    /// Compresses messages if the client offers permessage-deflate (RFC 7692), as the policy says: [`Options::with_deflate`].
    ///
    /// ```
    /// use axum::response::Response;
    /// use bareframe_axum::{WebSocketUpgrade, deflate::Policy};
    /// async fn handler(ws: WebSocketUpgrade) -> Response {
    ///     ws.deflate(Policy::DEFAULT).on_upgrade(async |_socket| {})
    /// }
    /// ```
    #[cfg(feature = "deflate")]
    #[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
    pub const fn deflate(mut self, policy: bareframe_tokio::deflate::Policy) -> Self {
        self.options = self.options.with_deflate(policy);
        self
    }

    /// Refuses with 403 what pages of other origins ask for (RFC 6455 section 10.2). What is no page and sends no `Origin` is accepted. Without
    /// it, every page that a user visits may open a connection with the user's cookies.
    pub fn origin<I>(mut self, allowed: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let has_origin = self.request.headers().contains_key(http::header::ORIGIN);
        let is_allowed = |origin: &str| allowed.into_iter().any(|allowed| allowed.as_ref() == origin);
        self.is_forbidden |= has_origin && !self.request.origin().is_some_and(is_allowed);
        self
    }

    /// Refuses with 403 what pages of other hosts than the one that is asked ask for: [`UpgradeRequest::is_same_origin`].
    pub fn same_origin(mut self) -> Self {
        self.is_forbidden |= !self.request.is_same_origin();
        self
    }

    /// Has the connection close with code 1001 once this shutdown has begun, and counts it from now on.
    pub fn shutdown(mut self, shutdown: &Shutdown) -> Self {
        self.request = self.request.with_shutdown(shutdown);
        self
    }

    /// Sets all options of the connection at once, also those for which there is no method here, such as a limit of time for a write. What
    /// was set before is replaced.
    pub const fn options(mut self, options: Options) -> Self {
        self.options = options;
        self.write_buffer = options.write_buffer();
        self.max_write_buffer = usize::MAX;
        self
    }

    /// Accepts the request: returns the response, and calls `callback` with the connection in a task of its own once that was sent.
    #[must_use = "there is no connection unless the response is returned"]
    pub fn on_upgrade<C, Fut>(self, callback: C) -> Response
    where
        C: FnOnce(WebSocket) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
        F: OnFailedUpgrade,
    {
        if self.is_forbidden {
            return (StatusCode::FORBIDDEN, "a page of this origin may not connect\n").into_response();
        }
        let write_buffer = self.write_buffer.min(self.max_write_buffer);
        let options = self.options.with_write_buffer(write_buffer);
        let on_failed_upgrade = self.on_failed_upgrade;
        let selected = self.selected;
        // What is no text was not offered.
        let subprotocol = selected.as_ref().map(|selected| selected.to_str().unwrap_or(""));
        let choice = Choice::DEFAULT.with_subprotocol(subprotocol);
        let (response, upgrading) = match self.request.with_options(options).accept::<Body>(&choice) {
            Ok(accepted) => accepted,
            Err(error) => {
                let response = error.response::<Body>();
                on_failed_upgrade.call(Error::new(error));
                return response;
            }
        };
        TokioExecutor::new().execute(async move {
            match upgrading.await {
                Ok(socket) => callback(WebSocket::new(socket, selected)).await,
                Err(error) => on_failed_upgrade.call(Error::new(error)),
            }
        });
        response
    }
}

/// axum's limits, so that a program that relies on them still works.
const LIMITS: Limits = Limits::DEFAULT.with_message(64 << 20).with_frame(16 << 20);

impl<S: Send + Sync> FromRequestParts<S> for WebSocketUpgrade {
    type Rejection = WebSocketUpgradeRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &S,
    ) -> Result<WebSocketUpgrade, WebSocketUpgradeRejection> {
        let request = UpgradeRequest::from_parts(parts)
            .map_err(|error| WebSocketUpgradeRejection::new(&error, &parts.method, parts.version))?;
        let requested = request
            .subprotocols()
            .filter_map(|subprotocol| HeaderValue::from_str(subprotocol).ok())
            .collect();
        let options = Options::DEFAULT.with_config(Options::DEFAULT.config().with_limits(LIMITS));
        Ok(WebSocketUpgrade {
            request,
            requested,
            selected: None,
            options,
            write_buffer: options.write_buffer(),
            max_write_buffer: usize::MAX,
            is_forbidden: false,
            on_failed_upgrade: DefaultOnFailedUpgrade,
        })
    }
}

impl<F> fmt::Debug for WebSocketUpgrade<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketUpgrade")
            .field("requested", &self.requested)
            .field("selected", &self.selected)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
