//! The extension that sessions have: permessage-deflate with the feature `deflate`, and none without. It is chosen here and nowhere else.

#[cfg(feature = "deflate")]
mod deflate;
#[cfg(not(feature = "deflate"))]
mod none;

#[cfg(feature = "deflate")]
use deflate as chosen;
#[cfg(not(feature = "deflate"))]
use none as chosen;

pub(crate) use chosen::{Agreed, Compression, InUse, accept, from_response, offer, session};
