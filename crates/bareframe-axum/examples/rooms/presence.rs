//! Who is in a room.

use crate::event::Event;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

/// Who is in a room, in this process and in others. A member may have several connections, and is there until the last one ends: one that
/// lost its connection and is back at another process soon has not left.
#[derive(Default)]
pub(crate) struct Presence {
    /// How many connections each member has to this process.
    here: BTreeMap<String, usize>,
    /// Who has connections to other processes, by the process.
    elsewhere: HashMap<String, Elsewhere>,
}

/// What another process has told.
struct Elsewhere {
    names: BTreeSet<String>,
    told: Instant,
}

impl Presence {
    /// Adds a connection. Returns `true` if it is the member's first here.
    pub(crate) fn enter(&mut self, name: &str) -> bool {
        let connections = self.here.entry(name.to_owned()).or_default();
        *connections += 1;
        *connections == 1
    }

    /// Removes a connection. Returns `true` if it was the member's last here.
    pub(crate) fn leave(&mut self, name: &str) -> bool {
        match self.here.get_mut(name) {
            Some(connections) if *connections > 1 => {
                *connections -= 1;
                false
            }
            _ => self.here.remove(name).is_some(),
        }
    }

    /// Returns `true` if the member has a connection to another process.
    pub(crate) fn is_elsewhere(&self, name: &str) -> bool {
        self.elsewhere
            .values()
            .any(|process| process.names.contains(name))
    }

    /// Returns `true` if nobody has a connection to this process.
    pub(crate) fn is_empty_here(&self) -> bool {
        self.here.is_empty()
    }

    /// Returns those who have connections to this process.
    pub(crate) fn here(&self) -> Event {
        let names = self.here.keys().cloned().collect();
        Event::Members { names }
    }

    /// Returns all who are there.
    pub(crate) fn all(&self) -> Event {
        let elsewhere = self.elsewhere.values().flat_map(|process| &process.names);
        let names: BTreeSet<&String> = self.here.keys().chain(elsewhere).collect();
        let names = names.into_iter().cloned().collect();
        Event::Members { names }
    }

    /// Returns `true` if another process is known.
    pub(crate) fn knows(&self, process: &str) -> bool {
        self.elsewhere.contains_key(process)
    }

    /// Notes what another process tells, and returns what the members here are to be told of it.
    pub(crate) fn hear(&mut self, process: &str, event: Event) -> Option<Event> {
        match event {
            Event::Members { names } => {
                let names = names.into_iter().collect();
                let before = self.all();
                self.elsewhere(process).names = names;
                Some(self.all()).filter(|all| *all != before)
            }
            Event::Entered { name } => {
                let was_there = self.is_there(&name);
                self.elsewhere(process).names.insert(name.clone());
                (!was_there).then_some(Event::Entered { name })
            }
            Event::Left { name } => {
                let was_known = self.elsewhere(process).names.remove(&name);
                (was_known && !self.is_there(&name)).then_some(Event::Left { name })
            }
            said @ Event::Said { .. } => Some(said),
        }
    }

    /// Forgets the processes that have told nothing for this long: they were killed, or can't be reached. Returns what the members here
    /// are to be told of it.
    pub(crate) fn forget_silent(&mut self, silence: Duration) -> Option<Event> {
        let (known, before) = (self.elsewhere.len(), self.all());
        self.elsewhere
            .retain(|_, process| process.told.elapsed() < silence);
        (self.elsewhere.len() < known)
            .then(|| self.all())
            .filter(|all| *all != before)
    }

    fn is_there(&self, name: &str) -> bool {
        self.here.contains_key(name) || self.is_elsewhere(name)
    }

    /// Returns what a process has told, as it tells something.
    fn elsewhere(&mut self, process: &str) -> &mut Elsewhere {
        let elsewhere = self
            .elsewhere
            .entry(process.to_owned())
            .or_insert_with(|| Elsewhere {
                names: BTreeSet::new(),
                told: Instant::now(),
            });
        elsewhere.told = Instant::now();
        elsewhere
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(names: &[&str]) -> Event {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        Event::Members { names }
    }

    fn entered(name: &str) -> Event {
        Event::Entered {
            name: name.to_owned(),
        }
    }

    fn left(name: &str) -> Event {
        Event::Left {
            name: name.to_owned(),
        }
    }

    #[test]
    fn who_is_in_several_processes_is_told_once_and_has_left_with_the_last() {
        let mut presence = Presence::default();
        assert!(presence.enter("Ann") && !presence.enter("Ann"));
        assert_eq!(presence.hear("1", entered("Ann")), None);
        assert_eq!(presence.hear("1", entered("Ben")), Some(entered("Ben")));
        assert_eq!(presence.hear("2", entered("Ben")), None);
        assert_eq!(presence.hear("1", left("Ben")), None);
        assert_eq!(presence.hear("2", left("Ben")), Some(left("Ben")));
        assert_eq!(presence.hear("2", left("Ben")), None);
        assert!(!presence.leave("Ann") && presence.leave("Ann"));
        assert!(presence.is_empty_here() && presence.is_elsewhere("Ann"));
        assert_eq!(presence.hear("1", left("Ann")), Some(left("Ann")));
    }

    #[test]
    fn who_a_process_says_is_there_replaces_what_was_lost() {
        let mut presence = Presence::default();
        presence.enter("Ann");
        assert!(!presence.knows("1"));
        assert_eq!(
            presence.hear("1", members(&["Ann", "Ben"])),
            Some(members(&["Ann", "Ben"]))
        );
        assert!(presence.knows("1"));
        assert_eq!(presence.hear("1", members(&["Ben", "Ann"])), None);
        assert_eq!(
            presence.hear("1", members(&["Cid"])),
            Some(members(&["Ann", "Cid"]))
        );
        assert_eq!(
            (presence.here(), presence.all()),
            (members(&["Ann"]), members(&["Ann", "Cid"]))
        );
    }

    #[test]
    fn the_members_of_a_silent_process_are_not_there_any_more() {
        let mut presence = Presence::default();
        presence.enter("Ann");
        presence.hear("1", members(&["Ann"]));
        presence.hear("2", members(&["Ben"]));
        assert_eq!(presence.forget_silent(Duration::from_secs(60)), None);
        assert_eq!(presence.forget_silent(Duration::ZERO), Some(members(&["Ann"])));
        assert!(!presence.knows("2"));
        presence.hear("1", members(&["Ann"]));
        assert_eq!(presence.forget_silent(Duration::ZERO), None, "Ann is here");
    }
}
