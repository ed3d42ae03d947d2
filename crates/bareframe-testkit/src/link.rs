//! A connection between two ends that cuts and delays what is sent over it, as TCP may.

use crate::{Random, Side};
use std::collections::VecDeque;

/// Two queues of bytes, one to each side.
///
/// ```
/// use bareframe_testkit::{Link, Random, Side};
/// let mut link = Link::new();
/// let mut random = Random::new(1);
/// link.send(Side::Client, b"Hello");
/// link.shut(Side::Client);
///
/// let mut received = Vec::new();
/// while !link.is_ended(Side::Server) {
///     received.extend(link.deliver(Side::Server, &mut random));
/// }
/// assert_eq!(received, b"Hello");
/// ```
#[derive(Clone, Default, Debug)]
pub struct Link {
    to_server: Queue,
    to_client: Queue,
}

#[derive(Clone, Default, Debug)]
struct Queue {
    bytes: VecDeque<u8>,
    shut: bool,
}

impl Link {
    /// Creates a link with nothing in flight.
    #[must_use]
    pub fn new() -> Link {
        Link::default()
    }

    /// Sends bytes from one side to the other.
    ///
    /// # Panics
    ///
    /// If that side has shut its direction.
    pub fn send(&mut self, from: Side, bytes: &[u8]) {
        let queue = self.queue(from.other());
        assert!(!queue.shut, "the {from:?} sends after it has shut its direction");
        queue.bytes.extend(bytes);
    }

    /// Ends the direction away from this side; bytes in flight still arrive.
    pub fn shut(&mut self, from: Side) {
        self.queue(from.other()).shut = true;
    }

    /// Delivers the next bytes to this side: a random number of those in flight, or none yet.
    ///
    /// Every call delivers some with a fair chance, so that a loop over it ends.
    pub fn deliver(&mut self, to: Side, random: &mut Random) -> Vec<u8> {
        let queue = self.queue(to);
        let on_their_way = queue.bytes.len();
        // Many deliveries are short, so that headers are cut too.
        let most = match random.below(4) {
            0 => 0,
            1 => 1,
            2 => 1 + random.below(16),
            _ => random.below(on_their_way + 1),
        };
        queue.bytes.drain(..most.min(on_their_way)).collect()
    }

    /// Delivers everything that is in flight to this side.
    pub fn deliver_all(&mut self, to: Side) -> Vec<u8> {
        self.queue(to).bytes.drain(..).collect()
    }

    /// Returns how many bytes are in flight to this side.
    #[must_use]
    pub fn on_their_way(&self, to: Side) -> usize {
        self.queue_ref(to).bytes.len()
    }

    /// Returns `true` if nothing arrives at this side any more: the peer has shut and everything was delivered.
    #[must_use]
    pub fn is_ended(&self, to: Side) -> bool {
        let queue = self.queue_ref(to);
        queue.shut && queue.bytes.is_empty()
    }

    fn queue(&mut self, to: Side) -> &mut Queue {
        match to {
            Side::Server => &mut self.to_server,
            Side::Client => &mut self.to_client,
        }
    }

    fn queue_ref(&self, to: Side) -> &Queue {
        match to {
            Side::Server => &self.to_server,
            Side::Client => &self.to_client,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_direction_keeps_its_bytes_in_order_through_cuts_and_delays() {
        let mut link = Link::new();
        let mut random = Random::new(5);
        let there = random.bytes(500);
        let back = random.bytes(300);
        link.send(Side::Client, &there);
        link.send(Side::Server, &back);
        let mut pieces = [Vec::new(), Vec::new()];
        while Side::BOTH.iter().any(|&side| link.on_their_way(side) > 0) {
            for (side, pieces) in Side::BOTH.into_iter().zip(&mut pieces) {
                pieces.push(link.deliver(side, &mut random));
            }
        }
        assert_eq!(pieces[0].concat(), there);
        assert_eq!(pieces[1].concat(), back);
        assert!(pieces[0].iter().any(Vec::is_empty), "no delay");
        assert!(pieces[0].iter().any(|piece| piece.len() == 1), "no cut");
    }

    #[test]
    fn the_end_comes_after_what_was_sent() {
        let mut link = Link::new();
        link.send(Side::Server, b"x");
        link.shut(Side::Server);
        assert!(!link.is_ended(Side::Client));
        assert_eq!(link.deliver_all(Side::Client), b"x");
        assert!(link.is_ended(Side::Client));
        assert!(!link.is_ended(Side::Server));
    }

    #[test]
    #[should_panic(expected = "after it has shut")]
    fn nothing_is_sent_after_the_end() {
        let mut link = Link::new();
        link.shut(Side::Client);
        link.send(Side::Client, b"x");
    }
}
