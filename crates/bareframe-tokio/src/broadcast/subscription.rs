//! Subscription: what one connection receives of a broadcast.

use crate::broadcast::Shared;
use crate::broadcast::queue::{BroadcastError, Queue};
use crate::broadcast::shared_message::SharedMessage;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

/// One receiver of a [`Broadcast`](crate::Broadcast), with its queue.
///
/// `forward` of a connection or of its writing half sends all that comes; [`Subscription::recv`] is for those who do something else
/// with it.
#[derive(Debug)]
pub struct Subscription {
    queue: Arc<Queue>,
    shared: Arc<Shared>,
}

impl Subscription {
    pub(super) const fn new(queue: Arc<Queue>, shared: Arc<Shared>) -> Subscription {
        Subscription { queue, shared }
    }

    /// Returns the next message, once there is one.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, no message is lost.
    ///
    /// # Errors
    ///
    /// [`BroadcastError`], at each call.
    pub async fn recv(&mut self) -> Result<SharedMessage, BroadcastError> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Polls for what [`Subscription::recv`] returns.
    ///
    /// # Errors
    ///
    /// As [`Subscription::recv`].
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<SharedMessage, BroadcastError>> {
        self.queue.poll_pop(cx)
    }

    /// Returns `Ready` once there is something for [`Subscription::poll_recv`].
    pub(crate) fn poll_any(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.queue.poll_any(cx)
    }

    /// Returns `Ready` once the queue was full and [`Overflow::Close`](crate::Overflow::Close) was asked for.
    pub(crate) fn poll_too_slow(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.queue.poll_too_slow(cx)
    }

    /// Returns how many messages are in the queue.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Returns `true` if no message is in the queue.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many messages were dropped because there was no room for them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.queue.dropped()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.shared.remove(&self.queue);
        self.queue.abandon();
    }
}
