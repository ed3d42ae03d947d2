//! One end of a conversation, with what a model knows of it.

use super::compare::{close_of, is_begun, is_said, is_whole, joined, shown, shown_heard};
use super::{Breach, Endpoint, EndpointCall, Heard, Rule, Said, Told};
use crate::{Oracle, Recorder, Seen, Side, StreamView, TestClock};
use bareframe::{CloseCode, Config};
use std::io::ErrorKind;
use std::time::Duration;

/// How many calls of the stream that move nothing are allowed for one call of the adapter.
const PATIENCE: u64 = 60;

/// One end, and all that its stream was seen to do.
pub(super) struct Party<'e> {
    endpoint: &'e mut dyn Endpoint,
    side: Side,
    pub(super) view: StreamView,
    /// Messages are read, else events.
    reads_messages: bool,
    /// The bytes that were read from the stream, and those that were written to it.
    arrived: Oracle,
    written: Oracle,
    /// What was written after our Close: Pongs, until the peer's Close arrives (RFC 6455 section 5.5.2).
    after_close: Oracle,
    delivered: Recorder,
    /// `close` was called, which discards messages that arrive.
    pub(super) drops: bool,
    /// What was to be sent; the peer must see each that is certain, in this order.
    said: Vec<(Said, bool)>,
    /// How many messages and Pings were said.
    number: usize,
    pub(super) end: Option<Heard>,
    /// A frame was given up within its payload.
    pub(super) is_torn: bool,
    /// The connection was failed by the caller.
    pub(super) has_failed: bool,
    /// How much had to be delivered before that.
    due_before_fail: usize,
    pub(super) is_gone: bool,
    pub(super) log: Vec<String>,
}

/// How something is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    Send,
    Feed,
    Frame,
}

/// What the stream had done before a call.
struct Before {
    refused_reads: u64,
    refused_writes: u64,
    refused_shutdowns: u64,
    has_refused_for_good: bool,
    time: Duration,
}

impl<'e> Party<'e> {
    pub(super) fn new(
        endpoint: &'e mut dyn Endpoint,
        side: Side,
        view: StreamView,
        reads_messages: bool,
    ) -> Party<'e> {
        Party {
            endpoint,
            side,
            view,
            reads_messages,
            arrived: Oracle::new(side, Config::DEFAULT),
            written: Oracle::new(side.other(), Config::DEFAULT),
            after_close: Oracle::new(side.other(), Config::DEFAULT),
            delivered: Recorder::new(),
            drops: false,
            said: Vec::new(),
            number: 0,
            end: None,
            is_torn: false,
            has_failed: false,
            due_before_fail: 0,
            is_gone: false,
            log: Vec::new(),
        }
    }

    /// Returns `true` if our Close was taken or written.
    pub(super) fn has_closed(&self) -> bool {
        let has_said = |(said, is_certain): &(Said, bool)| *is_certain && matches!(said, Said::Close(..));
        self.written.is_closed() || self.said.iter().any(has_said)
    }

    /// Returns `true` if our Close may have been taken.
    fn may_have_closed(&self) -> bool {
        let may_have_said = |(said, _): &(Said, bool)| matches!(said, Said::Close(..));
        self.written.is_closed() || self.said.iter().any(may_have_said)
    }

    /// Returns `true` if the adapter has no reason to read.
    pub(super) fn reads_no_more(&self) -> bool {
        self.has_failed || self.arrived.is_closed()
    }

    /// Returns how many bytes were read and written.
    pub(super) fn moved(&self) -> usize {
        self.arrived.taken() + self.written_len()
    }

    /// Returns a number for the next thing that is said, so that all differ.
    pub(super) fn next_number(&mut self) -> usize {
        self.number += 1;
        self.number
    }

    fn begin(&self) -> Before {
        self.view.allow(PATIENCE);
        Before {
            refused_reads: self.view.refused_reads(),
            refused_writes: self.view.refused_writes(),
            refused_shutdowns: self.view.refused_shutdowns(),
            has_refused_for_good: self.view.has_refused_for_good(),
            time: TestClock::elapsed(),
        }
    }

    /// Reads what the stream has moved, and checks what was written against what was sent.
    fn look(&mut self, before: &Before, call: EndpointCall) -> Result<(), Breach> {
        for byte in self.view.received(self.arrived.taken()) {
            if let Err(error) = self.arrived.push(byte) {
                return Err(Breach {
                    rule: Rule::Written,
                    what: format!("the peer of the {:?} has sent {error}", self.side),
                });
            }
        }
        for byte in self.view.written(self.written_len()) {
            let oracle = match self.written.is_closed() {
                true => &mut self.after_close,
                false => &mut self.written,
            };
            if let Err(error) = oracle.push(byte) {
                return Err(Breach {
                    rule: Rule::Written,
                    what: format!("the {:?} has sent {error}", self.side),
                });
            }
        }
        self.check_written()?;
        let took = TestClock::elapsed() - before.time;
        let limit = self.endpoint.limit(call);
        Breach::unless(limit.is_none_or(|limit| took <= limit), Rule::Limit, || {
            format!("{call:?} took {took:?} of {limit:?}")
        })
    }

    /// Checks that everything written was sent, in order, with answers between.
    fn check_written(&self) -> Result<(), Breach> {
        let mut said = self.said.iter();
        let mut asked = self.pings().into_iter();
        let is_pong = |seen: &Seen| matches!(seen, Seen::Pong(_));
        let after = &self.after_close.transcript().events;
        Breach::unless(after.iter().all(is_pong), Rule::Written, || {
            format!(
                "{:?} was written after our Close",
                after.iter().find(|seen| !is_pong(seen))
            )
        })?;
        for seen in self.written_events() {
            match &seen {
                Seen::Pong(payload) => {
                    let found = asked.any(|ping| ping == payload);
                    Breach::unless(found, Rule::Written, || {
                        format!("{seen} answers nothing, or answers again")
                    })?;
                    continue;
                }
                // The answer to the peer's Close.
                Seen::Close { code, .. }
                    if self.arrived.is_closed()
                        && *code == close_of(&self.arrived).and_then(|(code, _)| code) =>
                {
                    continue;
                }
                _ => {}
            }
            loop {
                match said.next() {
                    Some((next, _)) if is_said(&seen, next) => break,
                    Some((_, false)) => {}
                    Some((next, true)) => {
                        let what = format!("{seen} was written where {next:?} was due");
                        return Err(Breach {
                            rule: Rule::Written,
                            what,
                        });
                    }
                    None => {
                        return Err(Breach {
                            rule: Rule::Written,
                            what: format!("{seen} was written, and nobody has said it"),
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns how many bytes were written, as far as was looked.
    fn written_len(&self) -> usize {
        self.written.taken() + self.after_close.taken()
    }

    /// Returns what was written, with what follows our Close.
    fn written_events(&self) -> Vec<Seen> {
        let (before, after) = (self.written.transcript(), self.after_close.transcript());
        [joined(&before.events), joined(&after.events)].concat()
    }

    fn pings(&self) -> Vec<&Vec<u8>> {
        let events = self.arrived.transcript().events.iter();
        let pings = events.filter_map(|seen| match seen {
            Seen::Ping(payload) => Some(payload),
            _ => None,
        });
        pings.collect()
    }

    /// Returns `true` if all that is certain was written and sent.
    fn is_all_sent(&self) -> bool {
        let written = self.written_events();
        let last = self.said.iter().rev().find(|(_, is_certain)| *is_certain);
        let is_written =
            last.is_none_or(|(said, _)| written.iter().any(|seen| is_whole(seen) && is_said(seen, said)));
        is_written
            && self.written.is_between_frames()
            && self.after_close.is_between_frames()
            && self.view.sent() == self.written_len()
    }

    /// Returns `true` if the latest Ping of these was answered, or a later one.
    fn is_answered(&self, ping: &[u8]) -> bool {
        let pings = self.pings();
        let at = pings.iter().position(|&other| other == ping);
        let due = &pings[at.unwrap_or(pings.len())..];
        self.written_events().iter().any(|seen| match seen {
            Seen::Pong(payload) => due.contains(&payload),
            _ => false,
        })
    }

    /// Returns `true` if an answer need not be there: the stream has refused it.
    fn may_be_unanswered(&self, before: &Before) -> bool {
        self.view.refused_writes() > before.refused_writes
            || self.view.has_refused_for_good()
            // An answer ends what we send, and after the peer's Close nothing is asked.
            || self.written.is_closed() && self.arrived.is_closed()
    }

    pub(super) fn say(&mut self, said: &Said, way: Way) -> Result<Told, Breach> {
        let before = self.begin();
        let had_ended = self.end.is_some();
        let was_closed = self.may_have_closed();
        let told = match way {
            Way::Feed => self.endpoint.feed(said),
            Way::Send => self.endpoint.send(said),
            Way::Frame => self.endpoint.send_frame(said),
        };
        self.is_torn |= told == Told::Torn;
        self.log
            .push(format!("{:?} {way:?} {} -> {told:?}", self.side, shown(said)));
        match told {
            Told::Done | Told::Kept => self.said.push((said.clone(), true)),
            Told::Unknown | Told::Torn | Told::Failed(_) => self.said.push((said.clone(), false)),
            Told::Later | Told::Refused => {}
        }
        self.look(&before, EndpointCall::Send)?;
        if told == Told::Refused {
            let has_stopped = self.arrived.is_closed() || self.view.read_fate().is_some();
            let has_ended = was_closed || had_ended || self.has_failed;
            let may_refuse = has_ended || has_stopped || self.view.has_refused_for_good();
            Breach::unless(may_refuse, Rule::Reported, || {
                format!("{way:?} was refused in an open connection")
            })?;
        }
        self.check_told(told, &before)?;
        if told == Told::Done && way != Way::Feed {
            self.check_all_sent()?;
        }
        Ok(told)
    }

    /// Fails the connection, if the adapter can. Its Close leaves unless the stream refuses it, a frame was given up, or one of both
    /// has closed or ended before.
    pub(super) fn fail(&mut self) -> Result<(), Breach> {
        let before = self.begin();
        self.due_before_fail = match self.has_failed {
            true => self.due_before_fail,
            false => self.due().len(),
        };
        // A control frame that was found has the place of the Close until it is delivered.
        let can_close = !self.is_torn
            && self.due_before_fail <= delivered_len(self)
            && self.end.is_none()
            && !self.may_have_closed()
            && !self.arrived.is_closed()
            && self.view.read_fate().is_none()
            && !self.view.has_refused_for_good();
        let code = CloseCode::POLICY_VIOLATION;
        let Some(told) = self.endpoint.fail(code) else {
            return Ok(());
        };
        self.log.push(format!("{:?} fail -> {told:?}", self.side));
        self.said.push((Said::Close(code, ""), false));
        self.has_failed = true;
        self.look(&before, EndpointCall::Send)?;
        self.check_told(told, &before)?;
        let was_refused = self.view.refused_writes() > before.refused_writes;
        let has_left = self.written.is_closed() && self.view.sent() == self.written_len();
        Breach::unless(has_left || !can_close || was_refused, Rule::Acknowledged, || {
            "failed, and our Close did not leave".to_owned()
        })
    }

    pub(super) fn flush(&mut self) -> Result<Told, Breach> {
        let before = self.begin();
        let told = self.endpoint.flush();
        self.log.push(format!("{:?} flush -> {told:?}", self.side));
        self.look(&before, EndpointCall::Send)?;
        self.check_told(told, &before)?;
        if told == Told::Done && !self.view.has_refused_for_good() {
            self.check_all_sent()?;
        }
        Ok(told)
    }

    fn check_all_sent(&self) -> Result<(), Breach> {
        // Of a frame that was given up nothing more is sent.
        Breach::unless(self.is_all_sent() || self.is_torn, Rule::Acknowledged, || {
            let (sent, written) = (self.view.sent(), self.written_len());
            format!("done, and not on the wire ({sent} of {written} bytes sent)")
        })
    }

    fn check_told(&self, told: Told, before: &Before) -> Result<(), Breach> {
        match told {
            Told::Kept | Told::Later => {
                let refused = self.view.refused_writes() > before.refused_writes;
                Breach::unless(refused, Rule::Reported, || {
                    format!("{told:?}, and the stream was not asked")
                })
            }
            Told::Failed(kind) => self.check_failed(kind),
            _ => Ok(()),
        }
    }

    /// Checks that a reported error is one that the stream returned.
    fn check_failed(&self, kind: ErrorKind) -> Result<(), Breach> {
        let given = [self.view.read_fate(), self.view.write_fate()];
        let was_given = given.into_iter().flatten().any(|fate| match fate {
            Some(given) => {
                given == kind || given == ErrorKind::BrokenPipe && kind == ErrorKind::ConnectionReset
            }
            None => kind == ErrorKind::WriteZero,
        });
        Breach::unless(was_given, Rule::Reported, || {
            format!("{kind:?}, where the stream gave {given:?}")
        })
    }

    pub(super) fn read(&mut self) -> Result<Heard, Breach> {
        let before = self.begin();
        let heard = match self.reads_messages {
            true => self.endpoint.read_message(),
            false => self.endpoint.read_event(),
        };
        self.log
            .push(format!("{:?} read -> {}", self.side, shown_heard(&heard)));
        self.look(&before, EndpointCall::Read)?;
        if self.has_failed {
            return self.check_failed_end(heard, &before);
        }
        match &heard {
            Heard::Seen(seen) => self.check_seen(seen, &before)?,
            Heard::Later => {
                let refused = self.view.refused_reads() > before.refused_reads
                    || self.view.refused_writes() > before.refused_writes;
                Breach::unless(refused, Rule::Reported, || {
                    "Later, and the stream was not asked".to_owned()
                })?;
                let waits =
                    self.view.refused_writes() > before.refused_writes && self.endpoint.waits_for_answers();
                if !waits {
                    self.check_all_delivered()?;
                }
                self.check_answered(&before)?;
            }
            Heard::Clean | Heard::Abnormal | Heard::Failed(_) => {
                self.check_all_delivered()?;
                self.check_end(&heard, &before, self.view.has_refused_for_good())?;
            }
            Heard::TimedOut | Heard::Other(_) => {
                return Err(Breach {
                    rule: Rule::Reported,
                    what: format!("read gives {heard:?}"),
                });
            }
        }
        Ok(heard)
    }

    /// Checks that only what had arrived is delivered after the caller has failed the connection, and that its end stays.
    fn check_failed_end(&mut self, heard: Heard, before: &Before) -> Result<Heard, Breach> {
        if let Heard::Seen(seen) = &heard {
            Breach::unless(delivered_len(self) < self.due_before_fail, Rule::End, || {
                format!("{seen} after fail")
            })?;
            self.check_seen(seen, before)?;
        } else if heard != Heard::Later {
            self.end.get_or_insert_with(|| heard.clone());
        }
        Ok(heard)
    }

    fn check_seen(&mut self, seen: &Seen, before: &Before) -> Result<(), Breach> {
        Breach::unless(self.end.is_none(), Rule::End, || format!("{seen} after the end"))?;
        match seen {
            Seen::Data {
                kind,
                rsv,
                payload,
                first,
                last,
            } => self.delivered.data(*kind, *rsv, payload, *first, *last),
            Seen::Ping(payload) => self.delivered.ping(payload),
            Seen::Pong(payload) => self.delivered.pong(payload),
            Seen::Close { code, reason } => self.delivered.close(*code, reason),
        }
        let due = self.due();
        let delivered = &self.delivered.transcript().events;
        let is_prefix = delivered.len() <= due.len()
            && delivered
                .iter()
                .zip(&due)
                .enumerate()
                .all(|(at, (delivered, due))| {
                    delivered == due || at + 1 == delivered_len(self) && is_begun(delivered, due)
                });
        Breach::unless(is_prefix || self.drops, Rule::Delivered, || {
            let last = delivered.last().map(ToString::to_string);
            let due = due.get(delivered.len() - 1).map(ToString::to_string);
            format!("{last:?} where {due:?} was due")
        })?;
        let is_answered = match seen {
            Seen::Ping(payload) => self.is_answered(payload),
            Seen::Close { .. } => self.written.is_closed(),
            _ => return Ok(()),
        };
        let is_sent = self.view.sent() == self.written_len();
        Breach::unless(
            is_answered && is_sent || self.may_be_unanswered(before),
            Rule::Answered,
            || format!("{seen} was returned and is not answered"),
        )
    }

    /// Returns what has to be delivered of what has arrived.
    fn due(&self) -> Vec<Seen> {
        let events = &self.arrived.transcript().events;
        match self.reads_messages {
            false => events.clone(),
            true => {
                let messages = joined(events).into_iter();
                messages
                    .filter(|seen| matches!(seen, Seen::Data { last: true, .. }))
                    .collect()
            }
        }
    }

    fn check_all_delivered(&self) -> Result<(), Breach> {
        let due = self.due();
        let delivered = &self.delivered.transcript().events;
        Breach::unless(*delivered == due || self.drops, Rule::Delivered, || {
            let missing = due.get(delivered.len()).or(due.last()).map(ToString::to_string);
            format!("{missing:?} has arrived and was not delivered")
        })
    }

    /// Checks that the latest Ping was answered.
    fn check_answered(&self, before: &Before) -> Result<(), Breach> {
        let Some(&ping) = self.pings().last() else {
            return Ok(());
        };
        let is_answered = self.is_answered(ping) && self.view.sent() == self.written_len();
        Breach::unless(
            is_answered || self.may_be_unanswered(before),
            Rule::Answered,
            || {
                format!(
                    "the Ping \"{}\" has no answer while the peer is waited for",
                    ping.escape_ascii()
                )
            },
        )
    }

    fn check_end(
        &mut self,
        heard: &Heard,
        before: &Before,
        has_refused_for_good: bool,
    ) -> Result<(), Breach> {
        if let Some(end) = &self.end {
            let is_same = (*end == Heard::Clean) == (*heard == Heard::Clean);
            return Breach::unless(is_same, Rule::End, || format!("{heard:?} after {end:?}"));
        }
        let is_closed = self.arrived.is_closed();
        match heard {
            Heard::Clean => {
                Breach::unless(is_closed, Rule::End, || {
                    "clean, without the peer's Close".to_owned()
                })?;
                let is_left =
                    self.endpoint.leaves_answers() && self.view.refused_writes() > before.refused_writes;
                let is_answered = self.written.is_closed() || self.view.has_refused_for_good() || is_left;
                Breach::unless(is_answered, Rule::Answered, || {
                    "clean, and our Close did not leave".to_owned()
                })?;
            }
            Heard::Abnormal | Heard::Failed(_) => {
                Breach::unless(!is_closed, Rule::End, || {
                    format!("{heard:?}, though the peer's Close has arrived")
                })?;
                Breach::unless(self.view.read_fate().is_some(), Rule::Delivered, || {
                    format!("{heard:?}, and the stream was not read to its end")
                })?;
            }
            _ => {}
        }
        if let Heard::Failed(kind) = heard {
            self.check_failed(*kind)?;
        }
        if *heard == Heard::Abnormal {
            let is_hidden = has_refused_for_good && !self.endpoint.reports_writes_apart();
            Breach::unless(!is_hidden, Rule::End, || {
                "abnormal, and the write that failed is not reported".to_owned()
            })?;
        }
        self.end = Some(heard.clone());
        self.check_close_reason()
    }

    fn check_close_reason(&self) -> Result<(), Breach> {
        let (said, due) = (self.endpoint.close_reason(), close_of(&self.arrived));
        Breach::unless(said == due, Rule::End, || {
            format!("the peer's Close is {said:?} where it said {due:?}")
        })
    }

    /// Closes, and returns whether the connection is at its end.
    pub(super) fn close(&mut self) -> Result<bool, Breach> {
        let before = self.begin();
        self.drops = true;
        let heard = self.endpoint.close();
        self.log
            .push(format!("{:?} close -> {}", self.side, shown_heard(&heard)));
        if !self.has_closed() {
            self.said
                .push((Said::Close(CloseCode::NORMAL_CLOSURE, "bye"), false));
        }
        self.look(&before, EndpointCall::Close)?;
        if self.has_failed && heard != Heard::Later {
            return self.check_failed_end(heard, &before).map(|_| true);
        }
        match &heard {
            // An error that was reported before need not be reported again, and after the end the stream may fail to
            // shut down.
            Heard::Clean | Heard::Abnormal | Heard::Failed(_) if self.end.is_none() => {
                self.check_end(&heard, &before, before.has_refused_for_good)?
            }
            Heard::Later => {
                let refused = self.view.refused_reads() > before.refused_reads
                    || self.view.refused_writes() > before.refused_writes
                    || self.view.refused_shutdowns() > before.refused_shutdowns;
                Breach::unless(refused, Rule::Reported, || {
                    "Later, and the stream was not asked".to_owned()
                })?;
                return Ok(false);
            }
            Heard::Clean | Heard::TimedOut => {}
            Heard::Abnormal | Heard::Failed(_) => {
                let is_reported = self.end != Some(Heard::Clean);
                Breach::unless(is_reported, Rule::End, || format!("{heard:?} after a clean end"))?;
            }
            Heard::Seen(_) | Heard::Other(_) => {
                return Err(Breach {
                    rule: Rule::Reported,
                    what: format!("close gives {heard:?}"),
                });
            }
        }
        self.end = Some(heard);
        Ok(true)
    }

    /// Drops the connection.
    pub(super) fn abandon(&mut self) -> Result<(), Breach> {
        let before = self.begin();
        self.log.push(format!("{:?} drop", self.side));
        self.endpoint.abandon();
        self.is_gone = true;
        self.look(&before, EndpointCall::Send)
    }
}

fn delivered_len(party: &Party<'_>) -> usize {
    party.delivered.transcript().events.len()
}
