//! The opening handshake, both roles, without allocation (RFC 6455 section 4).
//!
//! A head is gathered in one contiguous buffer until [`HeadEnd`] says that its end has arrived, and parsed once.
//! What stands behind it are the first frames. Requests and answers are written to a caller's slice.
//!
//! ```
//! use bareframe::handshake::{Accept, Answer, Choice, HeadEnd, Key, Offer, Request, Response, Status};
//!
//! // A client asks.
//! let offer = Offer { subprotocols: &["chat"], ..Offer::new("example.com", "/room") };
//! let key = Key::from_random(*b"16 random octets");
//! let mut sent = [0; 512];
//! let len = offer.encode(&key, &mut sent)?;
//!
//! // A server waits for the end of the head, judges the request and answers.
//! let mut end = HeadEnd::new(1024);
//! assert!(end.arrived(&sent[..len])?);
//! let (request, head_len) = Request::parse(&sent[..len])?;
//! assert_eq!(head_len, len);
//! let mut answered = [0; 512];
//! let len = match request.upgrade() {
//!     Ok(Some(upgrade)) if request.path() == "/room" => {
//!         let choice = Choice { subprotocol: upgrade.subprotocols().next(), ..Choice::DEFAULT };
//!         upgrade.encode(&Accept::from_key(upgrade.key()), &choice, &mut answered)?
//!     }
//!     Ok(_) => Answer::new(Status::NOT_FOUND).encode(&mut answered)?,
//!     Err(error) => error.answer().encode(&mut answered)?,
//! };
//!
//! // The client finds the head of the answer in the same way, and judges it.
//! let (response, _) = Response::parse(&answered[..len])?;
//! let established = response.upgrade(&offer, &Accept::from_key(&key))?;
//! assert_eq!(established.expect("a status of 101").subprotocol(), Some("chat"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod client;
mod encode;
#[cfg(feature = "defmt")]
mod format;
mod head;
mod key;
mod list;
mod octets;
mod server;

pub use answer::{Answer, Status};
pub use client::{Established, Offer, Response, ResponseError};
pub use encode::EncodeError;
pub use head::{HeadEnd, HeadError, Header, Headers};
pub use key::{Accept, Key};
pub use list::{Extension, Extensions, Param, ParamValue, Params, Subprotocols};
pub use server::{Choice, Request, RequestError, Upgrade};
