//! The opening handshake: the server is asked what the client asks, and the client is told what the server answers.

use crate::arguments::Arguments;
use crate::frames;
use crate::headers::{self, PASSED};
use bareframe_tokio::handshake::Choice;
use bareframe_tokio::{
    ClientSocket, ClientStream, Config, ConnectErrorKind, Connector, Error, HandshakeError, Limits, Options,
    Refusal, Rsv, Shutdown, UpgradeRequest,
};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, ORIGIN};
use hyper::{Request, Response, StatusCode};
use std::net::SocketAddr;
use std::time::Duration;

/// Messages and frames of any length, in little memory. Pings are passed on and not answered.
const OPTIONS: Options = Options::DEFAULT
    .with_config(
        Config::DEFAULT
            .with_limits(Limits::UNLIMITED)
            .with_auto_pong(false),
    )
    .with_read_buffer_max(64 << 10)
    .with_write_buffer(64 << 10);

/// How much of the content of a refusal is passed on, in bytes.
const REFUSAL_LIMIT: usize = 16 << 10;

/// What answers requests for WebSockets, with the server's answer.
pub(crate) struct Opening {
    server: String,
    passed: Vec<HeaderName>,
    options: Options,
    connector: Connector<'static>,
    keepalive: Duration,
    shutdown: Shutdown,
}

impl Opening {
    pub(crate) fn new(arguments: &Arguments, shutdown: &Shutdown) -> Opening {
        let keepalive = Duration::from_secs(arguments.keepalive);
        let options = OPTIONS
            .with_keepalive(keepalive, keepalive)
            .with_write_timeout(Duration::from_secs(arguments.write_timeout));
        let connector = Connector::DEFAULT
            .with_timeout(Duration::from_secs(arguments.connect_timeout))
            .with_user_agent(None)
            .with_refusal_limit(REFUSAL_LIMIT)
            .with_http2(arguments.http2)
            // They are those of many clients.
            .with_concurrent_handshakes(true);
        Opening {
            server: arguments.server.clone(),
            passed: [&PASSED, &*arguments.pass].concat(),
            options,
            connector,
            keepalive,
            shutdown: shutdown.clone(),
        }
    }

    /// Returns what ends all connections.
    pub(crate) const fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// Returns how long a side may be silent.
    pub(crate) const fn keepalive(&self) -> Duration {
        self.keepalive
    }

    /// Answers a client as the server does, and passes on what both then send.
    pub(crate) async fn answer(
        &self,
        mut request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Response<Full<Bytes>> {
        let request = match UpgradeRequest::from_request(&mut request) {
            Ok(request) => request.with_shutdown(&self.shutdown),
            Err(error) => return error.response(),
        };
        match self.connect(&request, peer).await {
            Ok(server) => self.accept(request, server),
            Err(error) => {
                eprintln!("proxy: {error}");
                refuse(&error)
            }
        }
    }

    /// Asks the server for what the client asks.
    async fn connect(
        &self,
        request: &UpgradeRequest,
        peer: SocketAddr,
    ) -> Result<ClientSocket<ClientStream>, Error> {
        let target = request
            .uri()
            .path_and_query()
            .map_or("/", |target| target.as_str());
        let url = format!("{}{target}", self.server);
        let origin = headers::joined(request.headers(), &ORIGIN);
        let subprotocols: Vec<&str> = request.subprotocols().collect();
        let extensions = headers::extensions(request);
        let headers = headers::of_request(request, peer, &self.passed);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let mut connector = self.connector.clone();
        if let Some(origin) = &origin {
            connector = connector.with_origin(origin);
        }
        connector
            .with_options(with_extensions(self.options, &extensions))
            .with_subprotocols(&subprotocols)
            .with_extensions(&extensions)
            .with_headers(&headers)
            .connect(&url)
            .await
    }

    /// Tells the client what the server agreed to, and passes on what both send from then on.
    fn accept(&self, request: UpgradeRequest, server: ClientSocket<ClientStream>) -> Response<Full<Bytes>> {
        let head = server.response();
        let extensions = head
            .and_then(|head| head.header("Sec-WebSocket-Extensions"))
            .unwrap_or_default();
        let choice = Choice::DEFAULT
            .with_subprotocol(server.subprotocol())
            .with_extensions(extensions);
        let request = request.with_options(with_extensions(self.options, extensions));
        let (mut response, upgrading) = match request.accept(&choice) {
            Ok(accepted) => accepted,
            Err(error) => return error.response(),
        };
        if let Some(head) = head {
            headers::add_from_response(head, response.headers_mut());
        }
        tokio::spawn(async move {
            // If the client is gone, so is the server's connection.
            if let Ok(client) = upgrading.await {
                frames::pass_on(client, server).await;
            }
        });
        response
    }
}

/// Returns the options of a connection on which these extensions are in use: what they have compressed passes as it is.
fn with_extensions(options: Options, extensions: &str) -> Options {
    match extensions {
        "" => options,
        _ => options.with_config(options.config().with_rsv(Rsv::RSV1)),
    }
}

/// Returns the answer to a client for which there is no connection to the server.
fn refuse(error: &Error) -> Response<Full<Bytes>> {
    let (status, text) = match error {
        Error::Url(_) => (
            StatusCode::BAD_REQUEST,
            "the request's target or host can't be passed on\n",
        ),
        Error::Connect(error) => match error.kind() {
            ConnectErrorKind::Timeout(_) => {
                (StatusCode::GATEWAY_TIMEOUT, "the server did not answer in time\n")
            }
            ConnectErrorKind::Handshake(HandshakeError::Head(_)) => (
                StatusCode::BAD_REQUEST,
                "a header of the request can't be passed on\n",
            ),
            ConnectErrorKind::Handshake(HandshakeError::Refused(refusal)) if refusal.status() >= 300 => {
                return refuse_too(refusal);
            }
            _ => (StatusCode::BAD_GATEWAY, "the server opened no WebSocket\n"),
        },
        _ => (StatusCode::BAD_GATEWAY, "the server can't be asked\n"),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}

/// Returns the server's refusal for the client. A status below 300 is none: over HTTP/2 it would open the WebSocket.
fn refuse_too(refusal: &Refusal) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(refusal.content().to_vec()));
    *response.status_mut() = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_GATEWAY);
    headers::add_from_response(refusal.response(), response.headers_mut());
    response
}
