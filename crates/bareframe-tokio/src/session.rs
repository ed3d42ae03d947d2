//! The session of the core as this crate uses it.

use crate::extension::InUse;

/// Both halves. Memory to read into is leased, and the queue is empty memory while nothing is queued.
pub(crate) type Session<R> = bareframe::Session<R, Option<Vec<u8>>, Vec<u8>, InUse>;

/// The reading half.
pub(crate) type Inbound<R> = bareframe::Inbound<R, Option<Vec<u8>>, InUse>;

/// The writing half.
pub(crate) type Outbound<R> = bareframe::Outbound<R, Vec<u8>, InUse>;
