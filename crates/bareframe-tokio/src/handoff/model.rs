//! The handoff in all interleavings of two tasks: all that the reading half leaves is sent, and neither waits for the other.

use super::{Handoff, Lock, Slot};
use bareframe::Pending;
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use std::task::Poll;

/// The slot, which no task tries to lock without waiting.
impl<T> Lock for Mutex<T> {
    type Value = T;

    fn with<U>(&self, act: impl FnOnce(&mut T) -> U) -> U {
        act(&mut self.lock().unwrap())
    }

    fn try_with<U>(&self, act: impl FnOnce(&mut T) -> U) -> Option<U> {
        Some(self.with(act))
    }
}

/// The writing half's lock: of a mutex loom does not try all moments at which `try_lock` finds it locked, of a flag within one it does.
struct Held<T> {
    is_locked: Mutex<bool>,
    is_free: Condvar,
    /// Never waited for.
    value: std::sync::Mutex<T>,
}

impl<T> Held<T> {
    /// Acts, and unlocks.
    fn act<U>(&self, act: impl FnOnce(&mut T) -> U) -> U {
        let done = Lock::with(&self.value, act);
        self.is_locked.with(|is_locked| *is_locked = false);
        self.is_free.notify_one();
        done
    }
}

impl<T> Lock for Held<T> {
    type Value = T;

    fn with<U>(&self, act: impl FnOnce(&mut T) -> U) -> U {
        let mut is_locked = self.is_locked.lock().unwrap();
        while *is_locked {
            is_locked = self.is_free.wait(is_locked).unwrap();
        }
        *is_locked = true;
        drop(is_locked);
        self.act(act)
    }

    fn try_with<U>(&self, act: impl FnOnce(&mut T) -> U) -> Option<U> {
        let was_locked = self
            .is_locked
            .with(|is_locked| std::mem::replace(is_locked, true));
        (!was_locked).then(|| self.act(act))
    }
}

/// The writing half.
#[derive(Default)]
struct Writing {
    /// A frame is not finished, so that nothing else can be sent.
    is_within_frame: bool,
    /// The stream takes nothing.
    is_blocked: bool,
    /// How often something was sent that the reading half had left.
    answers: usize,
}

type Shared = Handoff<Held<Writing>, Mutex<Pending>>;

fn shared() -> Arc<Shared> {
    let held = Held {
        is_locked: Mutex::new(false),
        is_free: Condvar::new(),
        value: std::sync::Mutex::new(Writing::default()),
    };
    Arc::new(Handoff::new(held, Mutex::new(Pending::NONE)))
}

/// Sends what was left, if it can be now.
fn answer(writing: &mut Writing, slot: &Slot<'_, Mutex<Pending>>) -> Poll<bool> {
    if writing.is_within_frame {
        return Poll::Ready(false);
    }
    if writing.is_blocked {
        return Poll::Pending;
    }
    let mut is_answered = false;
    slot.update(|pending| is_answered = !std::mem::replace(pending, Pending::NONE).is_empty());
    writing.answers += usize::from(is_answered);
    Poll::Ready(true)
}

/// Leaves something, as the reading half does when a Ping has come.
fn leave(shared: &Shared) -> Option<Poll<bool>> {
    shared.leave(Pending::PING);
    shared.settle(answer)
}

/// Sends a frame, as the writing half does.
fn send(shared: &Shared, act: impl FnOnce(&mut Writing)) {
    let act = |writing: &mut Writing, _: &Slot<'_, _>| {
        act(writing);
    };
    shared.hold(act, answer);
}

fn is_empty(shared: &Shared) -> bool {
    Slot(&shared.slot).is_empty()
}

#[test]
fn s5_5_2_what_is_left_is_sent_though_the_other_half_goes_idle_at_that_moment() {
    loom::model(|| {
        let shared = shared();
        let writer = Arc::clone(&shared);
        let writing = thread::spawn(move || send(&writer, |_| {}));
        leave(&shared);
        writing.join().unwrap();
        assert!(is_empty(&shared));
        shared.look(|writing| assert_eq!(writing.answers, 1));
    });
}

#[test]
fn s5_5_2_what_is_left_within_a_frame_is_sent_as_soon_as_that_ends() {
    loom::model(|| {
        let shared = shared();
        let writer = Arc::clone(&shared);
        let writing = thread::spawn(move || {
            send(&writer, |writing| writing.is_within_frame = true);
            send(&writer, |writing| writing.is_within_frame = false);
        });
        leave(&shared);
        writing.join().unwrap();
        assert!(is_empty(&shared));
        shared.look(|writing| assert_eq!(writing.answers, 1));
    });
}

#[test]
fn s5_5_3_of_what_is_left_twice_something_is_sent_after_the_last() {
    loom::model(|| {
        let shared = shared();
        let writer = Arc::clone(&shared);
        let writing = thread::spawn(move || send(&writer, |_| {}));
        leave(&shared);
        leave(&shared);
        writing.join().unwrap();
        assert!(is_empty(&shared));
        shared.look(|writing| assert!(matches!(writing.answers, 1 | 2)));
    });
}

#[test]
fn what_a_blocked_stream_did_not_take_is_sent_by_whoever_comes_next() {
    loom::model(|| {
        let shared = shared();
        let writer = Arc::clone(&shared);
        let writing = thread::spawn(move || {
            send(&writer, |writing| writing.is_blocked = true);
            send(&writer, |writing| writing.is_blocked = false);
        });
        leave(&shared);
        writing.join().unwrap();
        assert!(is_empty(&shared));
        shared.look(|writing| assert_eq!(writing.answers, 1));
    });
}
