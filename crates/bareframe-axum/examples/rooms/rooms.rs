//! The rooms, and who hears what.

use crate::args::Limits;
use crate::event::Event;
use crate::presence::Presence;
use crate::processes::Processes;
use bareframe_tokio::{Broadcast, Overflow, Subscription};
use futures_util::FutureExt;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// All rooms in which this process has members.
pub(crate) struct Rooms {
    limits: Limits,
    rooms: Mutex<HashMap<String, Room>>,
    /// The other processes, if rooms are shared.
    processes: Option<Processes>,
}

#[derive(Default)]
struct Room {
    /// What reaches all connections of this process.
    broadcast: Broadcast,
    presence: Presence,
}

/// A connection's place in a room. It has left once this is dropped.
pub(crate) struct Membership {
    rooms: Arc<Rooms>,
    room: String,
    name: String,
    broadcast: Broadcast,
}

/// Why nobody can enter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Full {
    /// There are as many rooms as there may be.
    Rooms,
    /// The room has as many connections as it may have.
    Room,
}

impl Full {
    /// Returns what the member is told.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Full::Rooms => "there are too many rooms",
            Full::Room => "the room is full",
        }
    }
}

impl Rooms {
    pub(crate) fn new(limits: Limits, processes: Option<Processes>) -> Arc<Rooms> {
        Arc::new(Rooms {
            limits,
            rooms: Mutex::default(),
            processes,
        })
    }

    /// Lets a connection in. Returns its place, who is there, and all that happens from now on.
    pub(crate) fn enter(
        self: &Arc<Rooms>,
        room: &str,
        name: &str,
    ) -> Result<(Membership, Event, Subscription), Full> {
        let mut rooms = self.lock();
        if !rooms.contains_key(room) && rooms.len() >= self.limits.max_rooms {
            return Err(Full::Rooms);
        }
        let Room { broadcast, presence } = rooms.entry(room.to_owned()).or_default();
        if broadcast.receivers() >= self.limits.max_members {
            return Err(Full::Room);
        }
        if presence.enter(name) {
            let name = name.to_owned();
            self.tell_all(room, broadcast, presence, Event::Entered { name });
        }
        let subscription = broadcast.subscribe(self.limits.max_queue, Overflow::Close);
        let membership = Membership {
            rooms: Arc::clone(self),
            room: room.to_owned(),
            name: name.to_owned(),
            broadcast: broadcast.clone(),
        };
        Ok((membership, presence.all(), subscription))
    }

    fn leave(&self, room: &str, name: &str) {
        let mut rooms = self.lock();
        let Some(Room { broadcast, presence }) = rooms.get_mut(room) else {
            return;
        };
        if presence.leave(name) {
            let name = name.to_owned();
            self.tell_all(room, broadcast, presence, Event::Left { name });
        }
        if presence.is_empty_here() {
            rooms.remove(room);
        }
    }

    /// Tells the members here, unless the member is in another process too, and the other processes.
    fn tell_all(&self, room: &str, broadcast: &Broadcast, presence: &Presence, event: Event) {
        let is_elsewhere = match &event {
            Event::Entered { name } | Event::Left { name } => presence.is_elsewhere(name),
            _ => false,
        };
        if !is_elsewhere {
            tell(broadcast, &event);
        }
        if let Some(processes) = &self.processes {
            processes.tell(room, event);
        }
    }

    /// Tells the members here what another process has told.
    pub(crate) fn hear(&self, process: &str, room: &str, event: Event) {
        let mut rooms = self.lock();
        let Some(Room { broadcast, presence }) = rooms.get_mut(room) else {
            return;
        };
        if !presence.knows(process)
            && let Some(processes) = &self.processes
        {
            // It has just entered the room, and does not know who is here.
            processes.tell(room, presence.here());
        }
        if let Some(event) = presence.hear(process, event) {
            tell(broadcast, &event);
        }
    }

    /// Forgets the processes that are silent, and returns who is in each room here, for the others.
    pub(crate) fn refresh(&self, silence: Duration) -> HashMap<String, Event> {
        let mut rooms = self.lock();
        let refreshed = rooms.iter_mut().map(|(name, Room { broadcast, presence })| {
            if let Some(event) = presence.forget_silent(silence) {
                tell(broadcast, &event);
            }
            (name.clone(), presence.here())
        });
        refreshed.collect()
    }

    pub(crate) const fn processes(&self) -> Option<&Processes> {
        self.processes.as_ref()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Room>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Membership {
    /// Tells all in the room, the speaker too.
    pub(crate) fn say(&self, text: &str) {
        let (name, text) = (self.name.clone(), text.to_owned());
        let said = Event::Said { name, text };
        tell(&self.broadcast, &said);
        if let Some(processes) = self.rooms.processes() {
            processes.tell(&self.room, said);
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.rooms.leave(&self.room, &self.name);
    }
}

fn tell(broadcast: &Broadcast, event: &Event) {
    let sent = broadcast.send(event.to_message()).now_or_never();
    debug_assert!(sent.is_some(), "no queue asks to be waited for");
}
