//! How fast a member may speak.

use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How many messages a member may send at once after a silence.
const BURST: u32 = 10;

/// Has a member wait between its messages: who floods a room would have the others cut off, as too slow for all of it.
pub(crate) struct Pace {
    interval: Duration,
    /// When the next message would be due without bursts.
    due: Instant,
}

impl Pace {
    pub(crate) fn new(messages_per_second: u32) -> Pace {
        Pace {
            interval: Duration::from_secs(1) / messages_per_second,
            due: Instant::now(),
        }
    }

    /// Waits after a message. What the member sends meanwhile waits in the network, and then in the member.
    pub(crate) async fn wait(&mut self) {
        self.due = self.due.max(Instant::now()) + self.interval;
        sleep_until(self.due - self.interval * BURST).await;
    }
}
