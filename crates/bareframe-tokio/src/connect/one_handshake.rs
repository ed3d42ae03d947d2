//! A client has at most one connection in the CONNECTING state per remote host (RFC 6455 section 4.1).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Mutex as Turns, OwnedMutexGuard};

/// What a connection is made to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Remote {
    Address(SocketAddr),
    /// A name that somebody else looks up: each is taken for a host of its own.
    #[cfg_attr(
        not(feature = "proxy"),
        expect(dead_code, reason = "only a proxy looks names up")
    )]
    Name(Box<str>, u16),
}

/// Where this process is connecting to.
static REMOTES: Mutex<BTreeMap<Remote, Arc<Turns<()>>>> = Mutex::new(BTreeMap::new());

/// The right to be connecting to a remote host, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    /// Dropped before the entry is.
    _turn: OwnedMutexGuard<()>,
    _entry: Entry,
}

/// One of those who wait for a remote host or connect to it.
#[derive(Debug)]
struct Entry {
    remote: Remote,
    turns: Arc<Turns<()>>,
}

impl Turn {
    /// Waits until nobody else is connecting to this remote host.
    pub(crate) async fn begin(remote: Remote) -> Turn {
        let entry = Entry {
            turns: Arc::clone(lock().entry(remote.clone()).or_default()),
            remote,
        };
        Turn {
            _turn: Arc::clone(&entry.turns).lock_owned().await,
            _entry: entry,
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut remotes = lock();
        // This one and the map's: nobody else waits.
        if Arc::strong_count(&self.turns) == 2 {
            remotes.remove(&self.remote);
        }
    }
}

/// The map is right even if a thread panicked while it had it.
fn lock() -> MutexGuard<'static, BTreeMap<Remote, Arc<Turns<()>>>> {
    REMOTES.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn s4_1_one_waits_for_the_other_and_who_gives_up_leaves_nothing() {
        let remote = Remote::Address(([192, 0, 2, 1], 7).into());
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(first) = pin!(Turn::begin(remote.clone())).poll(&mut cx) else {
            panic!()
        };
        let mut second = Box::pin(Turn::begin(remote.clone()));
        let mut third = Box::pin(Turn::begin(remote.clone()));
        assert!(second.as_mut().poll(&mut cx).is_pending());
        assert!(third.as_mut().poll(&mut cx).is_pending());
        let other = Remote::Address(([192, 0, 2, 1], 8).into());
        assert!(pin!(Turn::begin(other)).poll(&mut cx).is_ready(), "another port");
        drop(first);
        // It has the turn already, but does not know.
        drop(second);
        let Poll::Ready(third) = third.as_mut().poll(&mut cx) else {
            panic!()
        };
        assert!(lock().contains_key(&remote));
        drop(third);
        assert!(!lock().contains_key(&remote));
    }
}
