//! The extension that sessions have: permessage-deflate with the feature `deflate`, and none without.

#[cfg(feature = "deflate")]
mod deflate;
#[cfg(not(feature = "deflate"))]
mod none;

#[cfg(feature = "deflate")]
use deflate as chosen;
#[cfg(not(feature = "deflate"))]
use none as chosen;

pub(crate) use chosen::{Agreed, InUse, accept, from_response, offer, session};

use bareframe::{Inbound, Outbound, Session};

/// The session of a connection, and its halves.
pub(crate) type StdSession<R> = Session<R, Vec<u8>, Vec<u8>, InUse>;
pub(crate) type StdInbound<R> = Inbound<R, Vec<u8>, InUse>;
pub(crate) type StdOutbound<R> = Outbound<R, Vec<u8>, InUse>;
