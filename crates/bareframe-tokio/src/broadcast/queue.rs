//! The queue of one receiver.

use crate::broadcast::shared_message::SharedMessage;
use crate::handoff::lock;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

/// What becomes of a message for whose receiver there is no room.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Overflow {
    /// Whoever sends waits until there is room, and so do all other receivers.
    Wait,
    /// The oldest message in the queue is dropped, for what only matters while it is new.
    DropOldest,
    /// The new message is dropped.
    DropNewest,
    /// All of the queue is dropped, and the receiver has [`BroadcastError::TooSlow`]: it is to be closed with 1013
    /// ([`CloseCode::TRY_AGAIN_LATER`](crate::CloseCode::TRY_AGAIN_LATER)).
    Close,
}

/// Why there is no message.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum BroadcastError {
    /// The last [`Broadcast`](crate::Broadcast) was dropped, and all messages were taken.
    Ended,
    /// The queue was full, and [`Overflow::Close`] was asked for.
    TooSlow,
}

/// What those who send and the one that receives share.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// There is a message or an end, so that who receives need not wait. It is changed with the state locked, and only looked at without.
    has_any: AtomicBool,
    capacity: usize,
    overflow: Overflow,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<SharedMessage>,
    /// Why none follow what is in the queue.
    end: Option<BroadcastError>,
    dropped: u64,
    /// Where it is in the list of all.
    place: usize,
    receiver: Option<Waker>,
    /// Those who wait for room.
    senders: Vec<Waker>,
}

impl Queue {
    pub(super) fn new(capacity: usize, overflow: Overflow, place: usize) -> Queue {
        Queue {
            state: Mutex::new(State {
                place,
                ..State::default()
            }),
            has_any: AtomicBool::new(false),
            capacity: capacity.max(1),
            overflow,
        }
    }

    /// Returns `Ready` unless the sender has to wait.
    pub(super) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        if self.overflow != Overflow::Wait {
            return Poll::Ready(());
        }
        let mut state = lock(&self.state);
        if state.messages.len() < self.capacity {
            return Poll::Ready(());
        }
        if !state.senders.iter().any(|sender| sender.will_wake(cx.waker())) {
            state.senders.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Puts a message in as there is room for it. Returns `true` if the receiver can have it.
    pub(super) fn push(&self, message: &SharedMessage) -> bool {
        let mut state = lock(&self.state);
        if state.end.is_some() {
            return false;
        }
        if state.messages.len() >= self.capacity {
            match self.overflow {
                Overflow::Wait | Overflow::DropNewest => {
                    state.dropped = state.dropped.saturating_add(1);
                    return false;
                }
                Overflow::DropOldest => {
                    drop(state.messages.pop_front());
                    state.dropped = state.dropped.saturating_add(1);
                }
                Overflow::Close => {
                    let lost = u64::try_from(state.messages.len()).unwrap_or(u64::MAX);
                    state.dropped = state.dropped.saturating_add(lost).saturating_add(1);
                    state.messages = VecDeque::new();
                    state.end = Some(BroadcastError::TooSlow);
                }
            }
        }
        let is_queued = state.end.is_none();
        if is_queued {
            state.messages.push_back(message.clone());
        }
        self.has_any.store(true, Ordering::Release);
        let receiver = state.receiver.take();
        drop(state);
        if let Some(receiver) = receiver {
            receiver.wake();
        }
        is_queued
    }

    /// Removes the oldest message, or waits for one.
    pub(super) fn poll_pop(&self, cx: &Context<'_>) -> Poll<Result<SharedMessage, BroadcastError>> {
        let mut state = lock(&self.state);
        if let Some(message) = state.messages.pop_front() {
            let has_any = !state.messages.is_empty() || state.end.is_some();
            self.has_any.store(has_any, Ordering::Release);
            let senders = std::mem::take(&mut state.senders);
            drop(state);
            for sender in senders {
                sender.wake();
            }
            return Poll::Ready(Ok(message));
        }
        if let Some(end) = state.end {
            return Poll::Ready(Err(end));
        }
        state.wait(cx);
        Poll::Pending
    }

    /// Waits until there is a message, or none comes any more.
    pub(super) fn poll_any(&self, cx: &Context<'_>) -> Poll<()> {
        if self.has_any.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        let mut state = lock(&self.state);
        if !state.messages.is_empty() || state.end.is_some() {
            return Poll::Ready(());
        }
        state.wait(cx);
        Poll::Pending
    }

    /// Waits until the receiver is too slow.
    pub(super) fn poll_too_slow(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = lock(&self.state);
        if state.end == Some(BroadcastError::TooSlow) {
            return Poll::Ready(());
        }
        state.wait(cx);
        Poll::Pending
    }

    /// Ends the queue: nothing follows what is in it.
    pub(super) fn end(&self) {
        let mut state = lock(&self.state);
        state.end.get_or_insert(BroadcastError::Ended);
        self.has_any.store(true, Ordering::Release);
        let receiver = state.receiver.take();
        drop(state);
        if let Some(receiver) = receiver {
            receiver.wake();
        }
    }

    /// Drops what is in it, as its receiver is gone, and wakes those that wait for room.
    pub(super) fn abandon(&self) {
        let mut state = lock(&self.state);
        state.end.get_or_insert(BroadcastError::Ended);
        let (messages, senders) = (
            std::mem::take(&mut state.messages),
            std::mem::take(&mut state.senders),
        );
        drop(state);
        drop(messages);
        for sender in senders {
            sender.wake();
        }
    }

    pub(super) fn len(&self) -> usize {
        lock(&self.state).messages.len()
    }

    pub(super) fn dropped(&self) -> u64 {
        lock(&self.state).dropped
    }

    pub(super) fn place(&self) -> usize {
        lock(&self.state).place
    }

    pub(super) fn set_place(&self, place: usize) {
        lock(&self.state).place = place;
    }
}

impl State {
    fn wait(&mut self, cx: &Context<'_>) {
        match &mut self.receiver {
            Some(receiver) => receiver.clone_from(cx.waker()),
            receiver => *receiver = Some(cx.waker().clone()),
        }
    }
}

impl std::fmt::Display for BroadcastError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            BroadcastError::Ended => "the broadcast has ended",
            BroadcastError::TooSlow => "the receiver was too slow for the broadcast",
        })
    }
}

impl std::error::Error for BroadcastError {}
