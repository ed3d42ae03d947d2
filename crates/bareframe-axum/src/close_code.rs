//! The codes of a Close frame, by axum's names (RFC 6455 section 7.4.1, and IANA's registry).
//!
//! ```
//! use bareframe_axum::{CloseFrame, Message, close_code};
//! let close = Message::Close(Some(CloseFrame { code: close_code::AWAY, reason: "good night".into() }));
//! assert_eq!(close.to_text().unwrap(), "good night");
//! ```

/// The purpose of the connection is fulfilled.
pub const NORMAL: u16 = 1000;

/// The server goes down, or the browser leaves the page.
pub const AWAY: u16 = 1001;

/// The peer broke the protocol.
pub const PROTOCOL: u16 = 1002;

/// Messages of this kind are not accepted.
pub const UNSUPPORTED: u16 = 1003;

/// The Close frame had no code. It can't be sent.
pub const STATUS: u16 = 1005;

/// The stream ended without a Close frame. It can't be sent.
pub const ABNORMAL: u16 = 1006;

/// The content of a message does not fit its kind: text that is not UTF-8.
pub const INVALID: u16 = 1007;

/// A message is against the rules of the receiver.
pub const POLICY: u16 = 1008;

/// A message is too long.
pub const SIZE: u16 = 1009;

/// A client needs an extension that the server did not agree to.
pub const EXTENSION: u16 = 1010;

/// The server failed.
pub const ERROR: u16 = 1011;

/// The server restarts.
pub const RESTART: u16 = 1012;

/// The server has too much to do.
pub const AGAIN: u16 = 1013;
