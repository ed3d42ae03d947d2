//! The opening handshake, both roles, without allocation (RFC 6455 section 4).
//!
//! A head is gathered in one contiguous buffer until [`HeadEnd`] finds its end, and parsed once. The bytes after it are
//! the first frames. Requests and answers are written to a caller's slice.
//!
//! A caller that has an HTTP library's request or response creates a [`Request`] or a [`Response`] from its parts. The
//! same rules hold for these.
//!
//! ```
//! use bareframe::handshake::{Accept, Answer, Choice, HeadEnd, Key, Offer, Request, Response, Status};
//!
//! // A client asks.
//! let offer = Offer::new("example.com", "/room").with_subprotocols(&["chat"]);
//! let key = Key::from_random(*b"16 random bytes!");
//! let mut sent = [0; 512];
//! let len = offer.encode(&key, &mut sent)?;
//!
//! // A server waits for the end of the head, checks the request and answers.
//! let mut end = HeadEnd::new(1024);
//! assert!(end.arrived(&sent[..len])?);
//! let (request, head_len) = Request::parse(&sent[..len])?;
//! assert_eq!(head_len, len);
//! let mut answered = [0; 512];
//! let len = match request.upgrade() {
//!     Ok(Some(upgrade)) if request.path() == "/room" => {
//!         let choice = Choice::DEFAULT.with_subprotocol(upgrade.subprotocols().next());
//!         upgrade.encode(&Accept::from_key(upgrade.key()), &choice, &mut answered)?
//!     }
//!     Ok(_) => Answer::new(Status::NOT_FOUND).encode(&mut answered)?,
//!     Err(error) => error.answer().encode(&mut answered)?,
//! };
//!
//! // The client finds the head of the answer in the same way, and checks it.
//! let (response, _) = Response::parse(&answered[..len])?;
//! let established = response.upgrade(&offer, &Accept::from_key(&key))?;
//! assert_eq!(established.expect("a status of 101").subprotocol(), Some("chat"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod choice;
mod classes;
mod content;
mod encode;
mod error;
mod first_line;
#[cfg(feature = "defmt")]
mod format;
mod head;
#[cfg(feature = "alloc")]
mod head_buffer;
mod head_end;
mod head_error;
mod header_name;
#[cfg(feature = "alloc")]
mod kept_content;
mod key;
mod lines;
mod list;
mod offer;
mod request;
mod request_error;
mod response;
mod response_error;
mod status;
mod target;
mod upgrade;
mod url;
mod version;

pub use answer::Answer;
pub use choice::Choice;
pub use content::Content;
pub use encode::EncodeError;
pub use error::Error;
pub use first_line::FirstLine;
pub use head::{Header, Headers};
#[cfg(feature = "alloc")]
pub use head_buffer::HeadBuffer;
pub use head_end::HeadEnd;
pub use head_error::HeadError;
#[cfg(feature = "alloc")]
pub use kept_content::KeptContent;
pub use key::{Accept, Key};
pub use lines::{HeaderSource, Parts, PartsLines};
pub use list::{Extension, Extensions, Param, ParamValue, Params, Subprotocols};
pub use offer::Offer;
pub use request::{Request, RequestHead};
pub use request_error::RequestError;
pub use response::{Established, Response, ResponseHead};
pub use response_error::ResponseError;
pub use status::Status;
pub use upgrade::{Acceptance, Upgrade};
pub use url::{Url, UrlError};
pub use version::Version;
