//! Broadcast: one message to any number of connections, each of which reads as fast as it can.

mod queue;
mod shared_message;
mod subscription;

pub use queue::{BroadcastError, Overflow};
pub use shared_message::SharedMessage;
pub use subscription::Subscription;

use crate::handoff::lock;
use queue::Queue;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

/// Sends messages to any number of receivers, each with a queue of its own that is bounded. A clone sends to the same.
///
/// ```
/// use bareframe_tokio::{Broadcast, Error, Options, Overflow, SharedMessage, WebSocket};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Error> {
/// let room = Broadcast::new();
/// let (of_client, of_server) = tokio::io::duplex(64);
/// let (mut reader, mut writer) = WebSocket::server(of_server, &Options::DEFAULT).split();
/// // Who has not read the last 16 messages is closed.
/// let mut messages = room.subscribe(16, Overflow::Close);
/// let forwarding = tokio::spawn(async move { writer.forward(&mut messages).await });
/// let others = room.clone();
/// tokio::spawn(async move {
///     while let Some(message) = reader.read().await? {
///         others.send(SharedMessage::text(message.as_str().unwrap_or("?"))).await;
///     }
///     Ok::<_, Error>(())
/// });
///
/// let mut client = WebSocket::client(of_client, &Options::DEFAULT)?;
/// client.send("Hello").await?;
/// assert_eq!(client.read().await?.unwrap().as_str(), Some("Hello"));
/// # drop(forwarding);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Broadcast(Arc<Shared>);

/// What those who send and those who receive share.
#[derive(Debug, Default)]
struct Shared {
    /// The queues of all receivers; each knows its place.
    queues: Mutex<Vec<Arc<Queue>>>,
    senders: AtomicUsize,
}

impl Broadcast {
    /// Creates one without receivers.
    #[must_use]
    pub fn new() -> Broadcast {
        let shared = Shared::default();
        shared.senders.store(1, Ordering::Relaxed);
        Broadcast(Arc::new(shared))
    }

    /// Adds a receiver of all that is sent from now on, whose queue has room for this many messages, but at least one.
    #[must_use]
    pub fn subscribe(&self, capacity: usize, overflow: Overflow) -> Subscription {
        let mut queues = lock(&self.0.queues);
        let queue = Arc::new(Queue::new(capacity, overflow, queues.len()));
        queues.push(Arc::clone(&queue));
        Subscription::new(queue, Arc::clone(&self.0))
    }

    /// Puts a message into the queue of each receiver, and returns in how many it is. It waits for those only that asked for it
    /// ([`Overflow::Wait`]), and then none has the message before there is room for it in all of their queues.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is done, the message was not sent.
    pub async fn send(&self, message: SharedMessage) -> usize {
        poll_fn(|cx| self.poll_send(cx, &message)).await
    }

    /// Polls for what [`Broadcast::send`] returns.
    pub fn poll_send(&self, cx: &mut Context<'_>, message: &SharedMessage) -> Poll<usize> {
        // Who else sends waits, so that the room that is found stays.
        let queues = lock(&self.0.queues);
        for queue in queues.iter() {
            ready!(queue.poll_room(cx));
        }
        Poll::Ready(queues.iter().filter(|queue| queue.push(message)).count())
    }

    /// Puts a message into the queue of each receiver as [`Broadcast::send`] does, and waits for nobody.
    ///
    /// ```
    /// use bareframe_tokio::{Broadcast, Overflow};
    /// let room = Broadcast::new();
    /// let messages = room.subscribe(1, Overflow::Wait);
    /// assert!(room.try_send("first".into()).is_ok_and(|receivers| receivers == 1));
    /// let unsent = room.try_send("second".into()).unwrap_err();
    /// assert_eq!((unsent.payload(), messages.len()), (&b"second"[..], 1));
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the message if a receiver that is waited for ([`Overflow::Wait`]) has no room. Nobody has it then.
    pub fn try_send(&self, message: SharedMessage) -> Result<usize, SharedMessage> {
        let queues = lock(&self.0.queues);
        if !queues.iter().all(|queue| queue.has_room()) {
            return Err(message);
        }
        Ok(queues.iter().filter(|queue| queue.push(&message)).count())
    }

    /// Returns how many receivers there are.
    #[must_use]
    pub fn receivers(&self) -> usize {
        lock(&self.0.queues).len()
    }
}

impl Shared {
    /// Removes a queue from the list; the last takes its place.
    fn remove(&self, queue: &Queue) {
        let mut queues = lock(&self.queues);
        let place = queue.place();
        if place < queues.len() {
            drop(queues.swap_remove(place));
            if let Some(moved) = queues.get(place) {
                moved.set_place(place);
            }
        }
    }
}

impl Clone for Broadcast {
    fn clone(&self) -> Broadcast {
        self.0.senders.fetch_add(1, Ordering::Relaxed);
        Broadcast(Arc::clone(&self.0))
    }
}

impl Drop for Broadcast {
    fn drop(&mut self) {
        if self.0.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            for queue in lock(&self.0.queues).iter() {
                queue.end();
            }
        }
    }
}

impl Default for Broadcast {
    fn default() -> Broadcast {
        Broadcast::new()
    }
}
