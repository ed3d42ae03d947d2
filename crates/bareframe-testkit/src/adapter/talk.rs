//! Conversations of two ends under schedules of faults.

use super::party::{Party, Way};
use super::{Breach, Endpoint, Heard, Rule, Said, Told};
use crate::{FailingStream, FaultCounts, Random, Schedule, Side, StreamView};
use bareframe::{CloseCode, MessageKind};
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// The most steps of one conversation.
const MAX_STEPS: usize = 40;

/// The number of turns in which nothing moves that is too many.
const IDLE_TURNS: usize = 200;

/// The rules that conversations broke.
#[derive(Default, Debug)]
pub struct Breaches {
    /// For each rule how often it was broken, and the first time: seed, breach and calls.
    broken: BTreeMap<Rule, (u64, u64, String)>,
    schedules: u64,
    counts: FaultCounts,
}

/// Checks that an adapter keeps the rules, in conversations that each follow from a seed.
///
/// `open` creates both ends of a conversation over the two streams that it gets, and passes them to the function that
/// it gets.
#[must_use]
pub fn hold_to_rules(
    seeds: Range<u64>,
    open: impl Fn(&mut Random, FailingStream, FailingStream, &mut dyn FnMut(&mut dyn Endpoint, &mut dyn Endpoint)),
) -> Breaches {
    let mut breaches = Breaches::default();
    for seed in seeds {
        let mut random = Random::new(seed);
        let (client, server) = streams(&mut random);
        let views = [client.view(), server.view()];
        let mut log = Vec::new();
        let mut result = Ok(());
        let caught = catch_unwind(AssertUnwindSafe(|| {
            open(&mut random.clone(), client, server, &mut |client, server| {
                result = converse(&mut random, views.clone(), client, server, &mut log);
            });
        }));
        if let Err(panic) = caught {
            let what = text_of(&*panic);
            let rule = match what.contains("its user spins") {
                true => Rule::Spin,
                false => Rule::Panic,
            };
            result = Err(Breach { rule, what });
        }
        breaches.schedules += 1;
        for view in views {
            breaches.counts.add(&view.counts());
        }
        if let Err(breach) = result {
            let shown = || format!("{breach}\n      {}", log.join("\n      "));
            let (times, ..) = breaches
                .broken
                .entry(breach.rule)
                .or_insert_with(|| (0, seed, shown()));
            *times += 1;
        }
    }
    breaches
}

/// Creates the streams of a conversation.
fn streams(random: &mut Random) -> (FailingStream, FailingStream) {
    let [of_client, of_server] = [random.number(), random.number()].map(|seed| match seed % 8 {
        0 => Schedule::calm(),
        _ => Schedule::from_seed(seed),
    });
    let (client, server) = FailingStream::pair(of_client, of_server);
    for stream in [&client, &server] {
        let view = stream.view();
        view.set_room([7, 64, 1000, usize::MAX][random.below(4)]);
        view.set_buffered(random.below(3) == 0);
        // Shorter than the limits of adapters, and longer.
        let timeout = [None, None, Some(1), Some(20)][random.below(4)].map(Duration::from_secs);
        stream.set_timeouts(timeout, timeout);
        stream.set_nonblocking(timeout.is_none());
    }
    (client, server)
}

/// Runs a conversation of two ends, and checks that each keeps the rules.
///
/// # Errors
///
/// Returns the first violation; `log` has the calls before it.
pub fn converse(
    random: &mut Random,
    [of_client, of_server]: [StreamView; 2],
    client: &mut dyn Endpoint,
    server: &mut dyn Endpoint,
    log: &mut Vec<String>,
) -> Result<(), Breach> {
    let reads_messages = [random.below(2) == 0, random.below(2) == 0];
    let mut parties = [
        Party::new(client, Side::Client, of_client, reads_messages[0]),
        Party::new(server, Side::Server, of_server, reads_messages[1]),
    ];
    for _ in 0..random.below(MAX_STEPS) {
        let party = &mut parties[random.below(2)];
        let result = step(party, random);
        log.append(&mut party.log);
        result?;
    }
    if random.below(2) == 0 {
        for party in &parties {
            party.view.set_schedule(Schedule::calm());
        }
    }
    let closes = [random.below(2) == 0, random.below(2) == 0];
    let (mut idle, mut moved) = (0, 0);
    while idle < IDLE_TURNS {
        if parties.iter().all(|party| party.is_gone) {
            return Ok(());
        }
        // An end reads nothing after its caller has failed the connection, or after the peer's Close. Two such ends that can't write
        // the rest of what they queued, as a Pong after their Close, wait until their callers give up.
        let are_stuck = idle > IDLE_TURNS / 2 && parties.iter().all(Party::reads_no_more);
        if are_stuck {
            let mut left = parties.iter_mut().filter(|party| !party.is_gone);
            return left.try_for_each(Party::abandon);
        }
        for (party, closes) in parties.iter_mut().zip(closes) {
            let result = finish(party, closes);
            log.append(&mut party.log);
            result?;
        }
        let before = std::mem::replace(&mut moved, parties.iter().map(Party::moved).sum());
        idle = if moved == before { idle + 1 } else { 0 };
    }
    log.drain(..log.len().saturating_sub(60));
    Err(Breach {
        rule: Rule::Progress,
        what: "the conversation does not end".to_owned(),
    })
}

/// Calls a random method.
fn step(party: &mut Party<'_>, random: &mut Random) -> Result<(), Breach> {
    if party.is_gone {
        return Ok(());
    }
    if party.is_torn && !party.has_failed {
        return party.fail();
    }
    match random.below(72) {
        // A call that was begun is repeated.
        0..=27 | 62 if party.drops => close(party),
        0..=27 => party.read().map(drop),
        28..=45 => {
            let said = message(party, random);
            party.say(&said, Way::Send).map(drop)
        }
        46..=50 => {
            let said = message(party, random);
            party.say(&said, Way::Feed).map(drop)
        }
        64..=70 => {
            let said = message(party, random);
            party.say(&said, Way::Frame).map(drop)
        }
        71 => party.fail(),
        51..=54 => party.flush().map(drop),
        55..=59 => {
            let said = Said::Ping(party.next_number().to_string().into_bytes());
            party.say(&said, Way::Send).map(drop)
        }
        60 | 61 => {
            let said = Said::Close(CloseCode::NORMAL_CLOSURE, "bye");
            party.say(&said, Way::Send).map(drop)
        }
        62 => close(party),
        _ => party.abandon(),
    }
}

/// Brings a connection to its end.
fn finish(party: &mut Party<'_>, closes: bool) -> Result<(), Breach> {
    if party.is_gone {
        return Ok(());
    }
    if party.is_torn && !party.has_failed {
        return party.fail();
    }
    if party.end.is_some() {
        // The end is the same again.
        party.read()?;
        return party.abandon();
    }
    if closes || party.drops || party.has_failed {
        return close(party);
    }
    if !party.has_closed() {
        let told = party.say(&Said::Close(CloseCode::GOING_AWAY, ""), Way::Send)?;
        if told == Told::Later {
            party.flush()?;
        }
    }
    while let Heard::Seen(_) = party.read()? {}
    Ok(())
}

fn close(party: &mut Party<'_>) -> Result<(), Breach> {
    match party.close()? {
        true => party.abandon(),
        false => Ok(()),
    }
}

/// Returns a message that differs from all others of this end.
fn message(party: &mut Party<'_>, random: &mut Random) -> Said {
    let mut payload = format!("{}:", party.next_number()).into_bytes();
    let len = match random.below(64) {
        0 => 3000 + random.below(6000),
        1..=8 => 100 + random.below(100),
        _ => random.below(20),
    };
    let is_text = random.below(2) == 0;
    while payload.len() < len {
        match is_text && random.below(8) == 0 {
            true => payload.extend("é€😀".bytes()),
            false => payload.push(b'a' + random.below(26) as u8),
        }
    }
    let kind = match is_text {
        true => MessageKind::Text,
        false => MessageKind::Binary,
    };
    Said::Message(kind, payload)
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without text").to_owned()
}

impl Breaches {
    /// Returns how often each call met each fault.
    #[must_use]
    pub fn counts(&self) -> &FaultCounts {
        &self.counts
    }

    /// Returns the rules that were broken.
    pub fn rules(&self) -> impl Iterator<Item = Rule> {
        self.broken.keys().copied()
    }

    /// Checks that no rule was violated.
    ///
    /// # Panics
    ///
    /// If one was broken.
    #[track_caller]
    pub fn assert_none(&self) {
        assert!(self.broken.is_empty(), "{self}");
    }
}

impl fmt::Display for Breaches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let broken: u64 = self.broken.values().map(|(times, ..)| times).sum();
        writeln!(f, "{} schedules, {broken} with a rule broken", self.schedules)?;
        for (rule, (times, seed, first)) in &self.broken {
            writeln!(f, "  {rule:?} {times} times, first with the seed {seed}: {first}")?;
        }
        write!(f, "{}", self.counts)
    }
}
