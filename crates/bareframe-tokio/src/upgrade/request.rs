//! A request for a WebSocket that an HTTP library has read, to be decided about.

use crate::extension;
use crate::handshake_error::HandshakeError;
use crate::options::Options;
use crate::shutdown::{Shutdown, ShutdownGuard};
use crate::trace::{End, Http, Peer, Trace};
use crate::upgrade::origin::is_same_host;
use crate::upgrade::upgrading::Upgrading;
use bareframe::handshake::{Acceptance, Choice, EncodeError, Parts, Request, Status, Upgrade, Version};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use hyper::ext::Protocol;
use hyper::upgrade::OnUpgrade;

/// A request for a WebSocket that hyper has read and that obeys all of RFC 6455 section 4.2.1, or of RFC 8441 over HTTP/2, for the
/// program to decide about.
///
/// ```
/// use bareframe_tokio::handshake::Choice;
/// use bareframe_tokio::{HandshakeError, Options, UpgradeRequest, Upgrading};
/// use http::{Request, Response, StatusCode};
///
/// fn accept<B>(mut request: Request<B>) -> Result<(Response<String>, Option<Upgrading>), HandshakeError> {
///     let asked = UpgradeRequest::from_request(&mut request)?.with_options(Options::DEFAULT);
///     if !asked.is_same_origin() {
///         let mut forbidden = Response::new("Not from there.\n".to_owned());
///         *forbidden.status_mut() = StatusCode::FORBIDDEN;
///         return Ok((forbidden, None));
///     }
///     let known = ["chat.v2", "chat.v1"];
///     let subprotocol = known.into_iter().find(|subprotocol| asked.offers(subprotocol));
///     let (response, upgrading) = asked.accept(&Choice::DEFAULT.with_subprotocol(subprotocol))?;
///     Ok((response, Some(upgrading)))
/// }
/// # assert!(accept(Request::new(())).is_err());
/// ```
#[derive(Debug)]
pub struct UpgradeRequest {
    head: Head,
    on_upgrade: OnUpgrade,
    options: Options,
    shutdown: Option<ShutdownGuard>,
}

/// What the handshake needs of a request.
#[derive(Debug)]
struct Head {
    method: Method,
    version: http::Version,
    uri: Uri,
    headers: HeaderMap,
    protocol: Option<Protocol>,
}

/// The request as the core checks it.
type CoreRequest<'r> = Request<'r, Parts<'r, &'r HeaderMap>>;
type CoreUpgrade<'r> = Upgrade<'r, Parts<'r, &'r HeaderMap>>;

impl UpgradeRequest {
    /// Checks a request, and removes from it what can be awaited for the connection.
    ///
    /// # Errors
    ///
    /// As [`upgrade`](crate::upgrade()).
    pub fn from_request<B>(request: &mut http::Request<B>) -> Result<UpgradeRequest, HandshakeError> {
        let head = Head {
            method: request.method().clone(),
            version: request.version(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
            protocol: request.extensions().get::<Protocol>().cloned(),
        };
        UpgradeRequest::new(head, request.extensions_mut())
    }

    /// As [`UpgradeRequest::from_request`], of the parts of a request.
    ///
    /// # Errors
    ///
    /// As [`upgrade`](crate::upgrade()).
    pub fn from_parts(parts: &mut http::request::Parts) -> Result<UpgradeRequest, HandshakeError> {
        let head = Head {
            method: parts.method.clone(),
            version: parts.version,
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
            protocol: parts.extensions.get::<Protocol>().cloned(),
        };
        UpgradeRequest::new(head, &mut parts.extensions)
    }

    fn new(head: Head, extensions: &mut Extensions) -> Result<UpgradeRequest, HandshakeError> {
        UpgradeRequest::check(head, extensions).inspect_err(|error| {
            Trace::handshake_failed(End::Server, Peer::NONE, error);
        })
    }

    fn check(head: Head, extensions: &mut Extensions) -> Result<UpgradeRequest, HandshakeError> {
        head.request().upgrade()?.ok_or(HandshakeError::NoUpgrade)?;
        let on_upgrade = extensions
            .remove::<OnUpgrade>()
            .ok_or(HandshakeError::NotUpgradable)?;
        Ok(UpgradeRequest {
            head,
            on_upgrade,
            options: Options::DEFAULT,
            shutdown: None,
        })
    }

    /// Returns the request with these options for the connection, in place of [`Options::DEFAULT`].
    #[must_use]
    pub fn with_options(mut self, options: Options) -> UpgradeRequest {
        self.options = options;
        self
    }

    /// Returns the request with this shutdown for the connection, as [`WebSocket::with_shutdown`](crate::WebSocket::with_shutdown); it
    /// counts from now on.
    #[must_use]
    pub fn with_shutdown(mut self, shutdown: &Shutdown) -> UpgradeRequest {
        self.shutdown = Some(shutdown.guard());
        self
    }

    /// Returns the options of the connection.
    pub const fn options(&self) -> Options {
        self.options
    }

    /// Returns the request's target.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        &self.head.uri
    }

    /// Returns the request's headers.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// Returns the version of HTTP.
    #[must_use]
    pub const fn version(&self) -> http::Version {
        self.head.version
    }

    /// Returns the host that is asked for, with the port if one was sent.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.head.request().host()
    }

    /// Returns the origin of the page that asks, which a browser always sends (RFC 6455 section 4.1); `None` if there is none, or more
    /// than one.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        let mut origins = self.headers().get_all(header::ORIGIN).iter();
        let origin = origins.next()?.to_str().ok();
        origin.filter(|_| origins.next().is_none())
    }

    /// Returns `true` if the page that asks came from the host that is asked, or if it is no page, since there is no `Origin`. It keeps
    /// pages of others from using what a browser sends by itself, such as cookies (RFC 6455 section 10.2). A proxy in front has to pass
    /// on `Host`.
    #[must_use]
    pub fn is_same_origin(&self) -> bool {
        match (self.origin(), self.host()) {
            (Some(origin), Some(host)) => is_same_host(origin, host),
            _ => !self.headers().contains_key(header::ORIGIN),
        }
    }

    /// Returns the subprotocols that the client offers, in its order of preference (RFC 6455 section 1.9).
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        let upgrade = self.head.upgrade();
        upgrade.into_iter().flat_map(|upgrade| upgrade.subprotocols())
    }

    /// Returns `true` if the client offers this subprotocol (RFC 6455 section 1.9).
    #[must_use]
    pub fn offers(&self, subprotocol: &str) -> bool {
        self.subprotocols().any(|offered| offered == subprotocol)
    }

    /// Accepts the request. Returns the response for hyper, and a future of the connection, which is there once the response was
    /// sent: await it in another task.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Head`] if the client did not offer the choice, or for a header that is not allowed in a head.
    pub fn accept<T: Default>(
        self,
        choice: &Choice<'_>,
    ) -> Result<(http::Response<T>, Upgrading), HandshakeError> {
        let upgrade = self.head.upgrade().ok_or(HandshakeError::NoUpgrade)?;
        let (agreed, extensions) =
            extension::accept(&self.options, upgrade.extensions(), choice.extensions());
        let choice = choice.with_extensions(&extensions);
        let response = response(&upgrade.accept(&choice)?)?;
        let subprotocol = choice.subprotocol().map(Box::from);
        let upgrading = Upgrading {
            on_upgrade: self.on_upgrade,
            options: self.options,
            shutdown: self.shutdown,
            agreed,
            subprotocol,
            http: match self.head.version {
                http::Version::HTTP_2 => Http::Http2,
                _ => Http::Http1,
            },
        };
        Ok((response, upgrading))
    }
}

impl Head {
    fn request(&self) -> CoreRequest<'_> {
        let version = match self.version {
            http::Version::HTTP_2 => Version::HTTP_2,
            http::Version::HTTP_3 => Version::HTTP_3,
            http::Version::HTTP_11 => Version::HTTP_11,
            _ => Version::HTTP_10,
        };
        let target = self.uri.path_and_query().map_or("/", |target| target.as_str());
        let mut request = Request::from_parts(self.method.as_str(), version, target, &self.headers);
        if let Some(authority) = self.uri.authority() {
            request = request.with_authority(authority.as_str());
        }
        if let Some(protocol) = &self.protocol {
            request = request.with_protocol(protocol.as_str());
        }
        request
    }

    /// Returns the request for a WebSocket, which was checked before.
    fn upgrade(&self) -> Option<CoreUpgrade<'_>> {
        self.request().upgrade().ok()?
    }
}

fn response<T: Default>(acceptance: &Acceptance<'_>) -> Result<http::Response<T>, EncodeError> {
    let mut response = http::Response::new(T::default());
    // The rules of `http` are those that the choice was checked by.
    *response.status_mut() =
        StatusCode::from_u16(acceptance.status()).map_err(|_| EncodeError::InvalidHeaderName)?;
    for (name, value) in acceptance.headers() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| EncodeError::InvalidHeaderName)?;
        let value = HeaderValue::from_str(value).map_err(|_| EncodeError::InvalidHeaderValue)?;
        response.headers_mut().append(name, value);
    }
    Ok(response)
}

impl HandshakeError {
    /// Returns the response to a request that failed so: what the client did wrong, in words, or that the server failed. hyper takes
    /// headers that only HTTP/1.1 has off a response of HTTP/2.
    ///
    /// ```
    /// use bareframe_tokio::HandshakeError;
    /// let response = HandshakeError::NoUpgrade.response::<String>();
    /// assert_eq!(response.status(), 426);
    /// assert_eq!(response.headers()["sec-websocket-version"], "13");
    /// assert_eq!(response.body(), "the client asks for no WebSocket\n");
    /// ```
    #[must_use]
    pub fn response<T: From<String>>(&self) -> http::Response<T> {
        let text = match self {
            HandshakeError::Request(error) => error.text(),
            HandshakeError::NoUpgrade => HandshakeError::NO_UPGRADE,
            _ => Status::INTERNAL_SERVER_ERROR.reason(),
        };
        let status = self.status().and_then(|status| StatusCode::from_u16(status).ok());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = http::Response::new(T::from(format!("{text}\n")));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET"));
        }
        if status == StatusCode::UPGRADE_REQUIRED {
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        response
    }
}
