//! Compression for the examples, if they are compiled with the feature `deflate`.

use bareframe_std::Options;
#[cfg(feature = "deflate")]
use bareframe_std::deflate::Policy;

/// Returns options with compression by which each connection keeps what was sent before for as long as it is open: short messages
/// shrink far more by it.
#[cfg(feature = "deflate")]
#[allow(dead_code, reason = "each example uses one of the two")]
pub(crate) const fn with_takeover(options: Options) -> Options {
    let policy = Policy::DEFAULT.with_sending_takeover(true);
    options.with_deflate(policy.with_receiving_takeover(true))
}

/// Returns options with compression of each message by itself, for many connections that share memory.
#[cfg(feature = "deflate")]
#[allow(dead_code, reason = "each example uses one of the two")]
pub(crate) const fn by_message(options: Options) -> Options {
    options.with_deflate(Policy::DEFAULT)
}

/// Returns the options as they are.
#[cfg(not(feature = "deflate"))]
#[allow(dead_code, reason = "each example uses one of the two")]
pub(crate) const fn with_takeover(options: Options) -> Options {
    options
}

/// Returns the options as they are.
#[cfg(not(feature = "deflate"))]
#[allow(dead_code, reason = "each example uses one of the two")]
pub(crate) const fn by_message(options: Options) -> Options {
    options
}
