//! OwnMemory: what one connection inflates and deflates with, in memory of its own.

use super::{Deflate, InboundDeflate, OutboundDeflate};
use crate::deflate::{Deflater, Greedy, MemoryTooSmall};
use crate::inflate::{Compact, Inflater};
use crate::{Direction, Policy};
use bareframe::{ExtensionWindow, Memory};

/// permessage-deflate for a device: a compact inflater with its window in `M`, and a greedy deflater with its buffer in `B` and its
/// heads in `H`.
pub type OwnDeflate<M, B, H> = Deflate<Inflater<Compact>, M, Deflater<Greedy<B, H>>>;

/// The halves of an [`OwnDeflate`], if it was agreed on, and the window of the receiving one.
pub type OwnHalves<M, B, H> = (
    Option<InboundDeflate<Inflater<Compact>, M>>,
    ExtensionWindow<M>,
    Option<OutboundDeflate<Deflater<Greedy<B, H>>>>,
);

/// The memory of a connection that compresses by a policy.
///
/// ```
/// use bareframe_deflate::{OwnMemory, Policy, WindowBits};
/// let nine = WindowBits::new(9).unwrap();
/// let policy = Policy::DEFAULT.with_sending_window_bits(nine).with_receiving_window_bits(nine);
/// let memory = OwnMemory::new(policy, [0; 512], [0; 1024], [0; 128])?;
/// assert_eq!(memory.policy(), &policy);
/// let too_small = OwnMemory::new(policy, [0; 511], [0; 1024], [0; 128]).unwrap_err();
/// assert_eq!(too_small.to_string(), "the window of a deflater has 511 elements and needs 512");
/// # Ok::<(), bareframe_deflate::MemoryTooSmall>(())
/// ```
#[derive(Debug)]
pub struct OwnMemory<M, B, H> {
    policy: Policy,
    window: M,
    deflater: Deflater<Greedy<B, H>>,
}

impl<M, B, H> OwnMemory<M, B, H> {
    /// Returns the policy.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }
}

impl<M: Memory + AsMut<[u8]>, B: AsMut<[u8]>, H: AsMut<[u16]>> OwnMemory<M, B, H> {
    /// Creates it of the memory of a window to inflate in, and of what [`Deflater::greedy`] takes, each for the window bits that the
    /// policy has for its direction. The level of the policy is not looked at.
    ///
    /// # Errors
    ///
    /// [`MemoryTooSmall`], which says which memory has how many elements and needs how many.
    pub fn new(policy: Policy, mut window: M, buffer: B, heads: H) -> Result<Self, MemoryTooSmall> {
        let receiving = policy.receiving_window_bits();
        MemoryTooSmall::check("window", window.as_mut().len(), receiving.size())?;
        let deflater = Deflater::greedy(policy.sending_window_bits(), buffer, heads)?;
        Ok(OwnMemory {
            policy,
            window,
            deflater,
        })
    }

    /// Returns the halves for a connection that takes messages of at most `limit` bytes, and on which was agreed by the policy how the
    /// peer compresses and how we do, or nothing.
    #[must_use]
    pub fn halves(self, agreed: Option<(Direction, Direction)>, limit: u64) -> OwnHalves<M, B, H> {
        let window = ExtensionWindow::new(self.window);
        let Some((receiving, sending)) = agreed else {
            return (None, window, None);
        };
        let inflater = Inflater::new(receiving.window_bits())
            .with_context_takeover(receiving.context_takeover())
            .with_limit(limit);
        let deflater = self
            .deflater
            .with_smaller_window(sending.window_bits())
            .with_context_takeover(sending.context_takeover());
        let outbound = OutboundDeflate::new(deflater).with_threshold(self.policy.threshold());
        (Some(InboundDeflate::new(inflater)), window, Some(outbound))
    }
}
