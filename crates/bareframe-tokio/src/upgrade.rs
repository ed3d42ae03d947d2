//! The server's side of the opening handshake where hyper has read the request (RFC 6455 section 4.2, RFC 8441).

mod origin;
mod request;
mod stream;
mod upgrading;

pub use request::UpgradeRequest;
pub use stream::UpgradedStream;
pub use upgrading::Upgrading;

use crate::handshake_error::HandshakeError;
use bareframe::handshake::Choice;

/// Accepts a request for a WebSocket that hyper has read, whatever its path and origin are, over HTTP/1.1 or over HTTP/2 (RFC 8441),
/// and returns the response to it and a future of the connection, for a task of its own. [`UpgradeRequest`] lets a program decide first.
///
/// ```
/// use bareframe_tokio::upgrade;
/// use http::{Request, Response};
/// # async fn converse<S>(_: bareframe_tokio::ServerSocket<S>) {}
///
/// /// For hyper's `service_fn`; the body of the response may be of any type.
/// async fn serve<B>(mut request: Request<B>) -> Response<String> {
///     match upgrade(&mut request) {
///         Ok((response, upgrading)) => {
///             tokio::spawn(async move {
///                 match upgrading.await {
///                     Ok(socket) => converse(socket).await,
///                     Err(error) => println!("{error}"),
///                 }
///             });
///             response
///         }
///         Err(error) => error.response(),
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let response = serve(Request::get("/").body(()).unwrap()).await;
/// assert_eq!(response.status(), 426);
/// # }
/// ```
///
/// hyper's connection has to allow it: `with_upgrades` for HTTP/1.1, and `enable_connect_protocol` for HTTP/2.
///
/// # Errors
///
/// [`HandshakeError::Request`], [`HandshakeError::NoUpgrade`] and [`HandshakeError::NotUpgradable`];
/// [`HandshakeError::response`] is what to answer.
pub fn upgrade<T: Default, B>(
    request: &mut http::Request<B>,
) -> Result<(http::Response<T>, Upgrading), HandshakeError> {
    UpgradeRequest::from_request(request)?.accept(&Choice::DEFAULT)
}
