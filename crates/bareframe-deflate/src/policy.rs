//! Policy: what one side of a connection wants of the extension.

use crate::WindowBits;
use crate::message::Choice;
use crate::negotiate::{Acceptance, Offer};

/// What one side of a connection wants of permessage-deflate, in either role.
///
/// ```
/// use bareframe_deflate::{CompressionLevel, Policy, WindowBits};
/// const POLICY: Policy = Policy::DEFAULT
///     .with_sending_window_bits(WindowBits::MIN)
///     .with_receiving_takeover(true)
///     .with_threshold(200)
///     .with_level(CompressionLevel::Best);
/// assert_eq!(
///     POLICY.offer().to_string(),
///     "permessage-deflate; client_no_context_takeover; client_max_window_bits=8"
/// );
/// assert_eq!((POLICY.threshold(), POLICY.level()), (200, CompressionLevel::Best));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[must_use]
pub struct Policy {
    sending: Wanted,
    receiving: Wanted,
    threshold: usize,
    level: CompressionLevel,
}

/// What is wanted of a direction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Wanted {
    window_bits: WindowBits,
    context_takeover: bool,
}

/// How much time is taken for how short a result, where a [`Policy`] decides about it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum CompressionLevel {
    /// The first match and fixed codes, as [`Greedy`](crate::Greedy) has them: about as zlib's level 1.
    #[default]
    Fast,
    /// The longest match and codes made for each block, as [`Best`](crate::Best) has them: about as zlib's level 6, and ten times
    /// the time.
    Best,
}

impl Policy {
    /// The largest windows, each message by itself, so that a connection holds no memory between messages; messages of 32 bytes and
    /// more are compressed, fast.
    pub const DEFAULT: Policy = Policy {
        sending: Wanted::ALONE,
        receiving: Wanted::ALONE,
        threshold: Choice::THRESHOLD,
        level: CompressionLevel::Fast,
    };

    /// Sets the largest window for what this side sends.
    pub const fn with_sending_window_bits(mut self, bits: WindowBits) -> Policy {
        self.sending.window_bits = bits;
        self
    }

    /// Sets the largest window for what this side receives, which is memory that it needs. A peer that can't be told so, or does not
    /// agree to it, gets no compression.
    pub const fn with_receiving_window_bits(mut self, bits: WindowBits) -> Policy {
        self.receiving.window_bits = bits;
        self
    }

    /// Sets whether messages that this side sends may refer to those before them: short ones shrink far more by it, and the
    /// connection holds a deflater from the first on. Unless the peer does not want it.
    pub const fn with_sending_takeover(mut self, takeover: bool) -> Policy {
        self.sending.context_takeover = takeover;
        self
    }

    /// Sets whether messages of the peer may refer to those before them: the connection then holds an inflater and a window from
    /// the first compressed one on.
    pub const fn with_receiving_takeover(mut self, takeover: bool) -> Policy {
        self.receiving.context_takeover = takeover;
        self
    }

    /// Sets how many bytes a message must have to be compressed, if it is sent in one frame.
    pub const fn with_threshold(mut self, len: usize) -> Policy {
        self.threshold = len;
        self
    }

    /// Sets how much time is taken to compress.
    pub const fn with_level(mut self, level: CompressionLevel) -> Policy {
        self.level = level;
        self
    }

    /// Returns the largest window for what this side sends.
    #[must_use]
    pub const fn sending_window_bits(&self) -> WindowBits {
        self.sending.window_bits
    }

    /// Returns the largest window for what this side receives.
    #[must_use]
    pub const fn receiving_window_bits(&self) -> WindowBits {
        self.receiving.window_bits
    }

    /// Returns how many bytes a message must have to be compressed.
    #[must_use]
    pub const fn threshold(&self) -> usize {
        self.threshold
    }

    /// Returns how much time is taken to compress.
    #[must_use]
    pub const fn level(&self) -> CompressionLevel {
        self.level
    }

    /// Returns what a server accepts.
    #[must_use]
    pub const fn acceptance(&self) -> Acceptance {
        Acceptance::DEFAULT
            .with_server_max_window_bits(self.sending.window_bits)
            .with_client_max_window_bits(self.receiving.window_bits)
            .with_server_no_context_takeover(!self.sending.context_takeover)
            .with_client_no_context_takeover(!self.receiving.context_takeover)
    }

    /// Returns what a client offers.
    #[must_use]
    pub const fn offer(&self) -> Offer {
        let offer = Offer::DEFAULT
            .with_client_no_context_takeover(!self.sending.context_takeover)
            .with_server_no_context_takeover(!self.receiving.context_takeover);
        let offer = match self.sending.window_bits {
            WindowBits::MAX => offer,
            bits => offer.with_client_max_window_bits(bits),
        };
        match self.receiving.window_bits {
            WindowBits::MAX => offer,
            bits => offer.with_server_max_window_bits(Some(bits)),
        }
    }
}

impl Wanted {
    const ALONE: Wanted = Wanted {
        window_bits: WindowBits::MAX,
        context_takeover: false,
    };
}

impl Default for Policy {
    fn default() -> Policy {
        Policy::DEFAULT
    }
}
