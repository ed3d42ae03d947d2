//! What a session must deliver, by the testkit's oracle.

use super::Variant;
use crate::runs::unpacked;
use bareframe::{CloseCode, Config, Event, Message, MessageKind, ProtocolError, ReceiveError, Rsv};
use bareframe_testkit::{Oracle, Seen, Side, Transcript};

/// A way to take what was received: as events, or as messages in one of two memories.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    Events,
    One,
    Other,
}

/// A payload that nothing interrupts, or a control frame.
#[derive(Debug)]
pub(super) enum Item {
    Data {
        /// The number of its message.
        message: usize,
        kind: MessageKind,
        rsv: Rsv,
        payload: Vec<u8>,
        is_first: bool,
        is_last: bool,
    },
    Control(Seen),
}

/// What arrived, and how much of it was delivered.
pub(super) struct Heard {
    oracle: Oracle,
    is_extended: bool,
    /// An item, and how much of it was delivered; the end of a message counts as one byte.
    at: (usize, usize),
    delivered: usize,
    skipped: usize,
    /// In which ways was asked since a message was delivered or skipped.
    ways: [bool; 3],
    /// Messages were asked for since an event came, so that control frames may be missing.
    may_swallow: bool,
    /// The peer may have sent what no session sends.
    pub(super) is_mangled: bool,
    pub(super) has_ended: bool,
    pub(super) failed: Vec<CloseCode>,
    pub(super) error: Option<ReceiveError>,
}

impl Item {
    fn len(&self) -> usize {
        match self {
            Item::Data { payload, is_last, .. } => payload.len() + usize::from(*is_last),
            Item::Control(_) => 1,
        }
    }
}

/// Returns what a session delivers of what the oracle saw.
pub(super) fn items(transcript: &Transcript, is_extended: bool) -> Vec<Item> {
    let mut items = Vec::new();
    let (mut begun, mut packed, mut made) = (0, Vec::new(), 0);
    for seen in &transcript.events {
        let Seen::Data {
            kind,
            rsv,
            payload,
            first,
            last,
        } = seen
        else {
            items.push(Item::Control(seen.clone()));
            continue;
        };
        if *first {
            begun += 1;
            packed.clear();
            made = 0;
        }
        packed.extend_from_slice(payload);
        let passes = is_extended && rsv.intersects(Rsv::RSV1);
        let all = if passes { unpacked(&packed) } else { packed.clone() };
        let payload = all[made..].to_vec();
        if payload.is_empty() && !last {
            continue;
        }
        items.push(Item::Data {
            message: begun - 1,
            kind: *kind,
            rsv: if passes { Rsv::NONE } else { *rsv },
            is_first: made == 0,
            is_last: *last,
            payload,
        });
        made = all.len();
    }
    items
}

impl Heard {
    pub(super) fn new<X: Variant>(side: Side, config: Config) -> Heard {
        Heard {
            oracle: Oracle::new(side, config),
            is_extended: X::IS_EXTENDED,
            at: (0, 0),
            delivered: 0,
            skipped: 0,
            ways: [false; 3],
            may_swallow: false,
            is_mangled: false,
            has_ended: false,
            failed: Vec::new(),
            error: None,
        }
    }

    /// Adds what the session has read.
    pub(super) fn read(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let _ = self.oracle.push(byte);
        }
    }

    fn items(&self) -> Vec<Item> {
        items(&self.oracle.verdict().transcript, self.is_extended)
    }

    pub(super) fn pings(&self) -> Vec<Vec<u8>> {
        let pings = |seen: &Seen| match seen {
            Seen::Ping(payload) => Some(payload.clone()),
            _ => None,
        };
        let events = &self.oracle.verdict().transcript.events;
        events.iter().filter_map(pings).collect()
    }

    /// Returns `true` if the peer's Close has arrived.
    pub(super) fn is_closed(&self) -> bool {
        self.oracle.is_closed()
    }

    pub(super) fn fault(&self) -> Option<ProtocolError> {
        self.oracle.verdict().transcript.error.map(|(error, _)| error)
    }

    /// Returns `true` if the session may know already that nothing more is received.
    pub(super) fn may_have_stopped(&self) -> bool {
        self.has_ended
            || !self.failed.is_empty()
            || self.error.is_some()
            || self.fault().is_some()
            || self.ways[1]
            || self.ways[2]
            || self.is_mangled
    }

    /// Returns `true` if the peer has closed or failed, or the session was told to fail.
    pub(super) fn has_stopped(&self) -> bool {
        self.is_closed() || self.may_have_stopped()
    }

    /// Returns `true` if our Close may have this code, as an answer.
    pub(super) fn may_close(&self, code: Option<CloseCode>) -> bool {
        let closes = self.items().into_iter().any(|item| match item {
            Item::Control(Seen::Close { code: closed, .. }) => closed == code,
            _ => false,
        });
        let fault = self.fault().map(ProtocolError::close_code);
        closes
            || code.is_some_and(|code| self.failed.contains(&code))
            || code.is_some() && fault == code
            || code == Some(CloseCode::MESSAGE_TOO_BIG)
            || self.is_extended
                && self.is_mangled
                && (code == Some(CloseCode::POLICY_VIOLATION)
                    || code == Some(CloseCode::INVALID_FRAME_PAYLOAD_DATA))
    }

    /// A call asks for what is there in this way.
    pub(super) fn asked(&mut self, way: Way) {
        self.ways[way as usize] = true;
        self.may_swallow |= way != Way::Events;
    }

    /// The memory of this way lost what it holds.
    pub(super) fn forgets(&mut self, way: Way) {
        self.ways[way as usize] = true;
        self.ways[0] = true;
    }

    /// Returns the number of the message that comes next, or is open.
    fn current(&self) -> usize {
        self.delivered + self.skipped
    }

    fn begins_next(&mut self) {
        self.ways = [false; 3];
    }

    /// Continues to the item with this index.
    fn pass_to(&mut self, items: &[Item], index: usize) {
        let (at, offset) = self.at;
        let begins = if items.get(at).is_some_and(|item| offset >= item.len()) {
            at + 1
        } else {
            at
        };
        assert!(begins <= index, "{:?} was delivered before", items[index]);
        for item in &items[begins..index] {
            match item {
                Item::Control(seen) => assert!(self.may_swallow, "{seen} was not delivered"),
                Item::Data { message, .. } => {
                    let is_gathered = *message == self.current() && (self.ways[1] || self.ways[2]);
                    assert!(
                        *message < self.current() || is_gathered,
                        "{item:?} was not delivered"
                    );
                }
            }
        }
        if index > at {
            self.at = (index, 0);
        }
    }

    pub(super) fn event(&mut self, event: &Event<'_>) {
        let items = self.items();
        let seen = match event {
            Event::Ping(payload) => Seen::Ping(payload.to_vec()),
            Event::Pong(payload) => Seen::Pong(payload.to_vec()),
            Event::Close(reason) => Seen::Close {
                code: reason.code(),
                reason: reason.reason().into(),
            },
            Event::Data(data) => {
                let (at, offset) = self.at;
                let wanted =
                    |item: &&Item| matches!(item, Item::Data { message, .. } if *message == self.current());
                let begins = items.iter().position(|item| wanted(&item));
                let mut index = begins.expect("it has arrived");
                if !data.is_first() {
                    // The item in which the piece before was, or the next of the message.
                    index = (at.max(index)..items.len())
                        .find(|&index| wanted(&&items[index]) && (index > at || offset < items[index].len()))
                        .expect("it has arrived");
                }
                self.pass_to(&items, index);
                let Item::Data {
                    kind,
                    rsv,
                    payload,
                    is_first,
                    is_last,
                    ..
                } = &items[index]
                else {
                    unreachable!("it was looked for")
                };
                let offset = self.at.1;
                assert!(data.is_last() || !data.payload().is_empty(), "an empty piece");
                assert_eq!((data.kind(), data.rsv()), (*kind, *rsv));
                assert_eq!(data.is_first(), *is_first && offset == 0);
                assert!(
                    payload[offset.min(payload.len())..].starts_with(data.payload()),
                    "a piece of another payload"
                );
                if let Some(text) = data.as_str() {
                    assert_eq!(text.as_bytes(), data.payload());
                } else {
                    let is_whole_text =
                        *kind == MessageKind::Text && rsv.is_empty() && data.is_first() && data.is_last();
                    assert!(!is_whole_text, "whole text is a str");
                }
                let end = offset + data.payload().len();
                self.at.1 = end;
                if data.is_last() {
                    assert!(*is_last && end == payload.len(), "the message continues");
                    self.at.1 += 1;
                    self.delivered += 1;
                    self.begins_next();
                }
                self.may_swallow = false;
                return;
            }
        };
        let (at, offset) = self.at;
        let found = (at..items.len()).find(|&index| {
            let is_left = index > at || offset == 0;
            is_left && matches!(&items[index], Item::Control(control) if *control == seen)
        });
        let index = found.unwrap_or_else(|| panic!("{seen} did not arrive, or was delivered before"));
        self.pass_to(&items, index);
        self.at = (index, 1);
        self.may_swallow = false;
    }

    /// Returns the payload of a message, and whether it is whole.
    fn joined(items: &[Item], number: usize) -> (Vec<u8>, bool) {
        let (mut all, mut is_whole) = (Vec::new(), false);
        for item in items {
            if let Item::Data {
                message,
                payload,
                is_last,
                ..
            } = item
                && *message == number
            {
                all.extend_from_slice(payload);
                is_whole |= is_last;
            }
        }
        (all, is_whole)
    }

    pub(super) fn message(&mut self, message: Message<'_>, capacity: Option<usize>) {
        let items = self.items();
        let number = self.current();
        let of_it = |item: &Item| matches!(item, Item::Data { message, .. } if *message == number);
        let begins = items.iter().position(of_it).expect("it has arrived");
        let ends = items.iter().rposition(of_it).expect("it has arrived");
        let Item::Data { kind, rsv, .. } = &items[begins] else {
            unreachable!("it was looked for")
        };
        let (payload, is_whole) = Heard::joined(&items, number);
        assert!(is_whole, "a message that has not arrived");
        assert_eq!((message.kind(), message.rsv()), (*kind, *rsv));
        assert!(
            message.payload() == payload,
            "message {number} with a piece missing"
        );
        assert!(
            capacity.is_none_or(|capacity| payload.len() <= capacity),
            "it does not fit"
        );
        let text = std::str::from_utf8(&payload).ok();
        let is_text = *kind == MessageKind::Text && rsv.is_empty();
        assert_eq!(message.as_str(), text.filter(|_| is_text));
        if self.at.0 < begins || self.at == (begins, 0) {
            self.pass_to(&items, begins);
        }
        if self.at.0 <= ends {
            self.at = (ends, items[ends].len());
        }
        self.delivered += 1;
        self.begins_next();
    }

    /// The session says that it has skipped a message.
    pub(super) fn skip(&mut self) {
        let number = self.current();
        let items = self.items();
        let has_begun = items
            .iter()
            .any(|item| matches!(item, Item::Data { message, .. } if *message == number));
        assert!(has_begun, "no message to be skipped");
        let ways = self.ways.iter().filter(|&&way| way).count();
        assert!(ways > 1, "message {number} was taken in one way only");
        self.skipped += 1;
        self.begins_next();
    }

    /// Compares an error with what arrived. `capacities` are those of the memories.
    pub(super) fn failed_with(&mut self, error: ReceiveError, is_abandoned: bool, capacities: [usize; 2]) {
        if let Some(before) = self.error {
            assert_eq!(error, before, "the error changed after it latched");
            return;
        }
        let fault = self.fault();
        let (payload, _) = Heard::joined(&self.items(), self.current());
        let is_too_big = [1, 2].map(|way| self.ways[way] && payload.len() > capacities[way - 1]);
        match error {
            ReceiveError::Protocol(ProtocolError::Failed(code)) if self.failed.contains(&code) => {}
            ReceiveError::Protocol(ProtocolError::MessageTooBig) if is_too_big.contains(&true) => {}
            ReceiveError::Protocol(error) if fault == Some(error) => self.all_delivered(),
            // Of an extension's messages the oracle knows nothing.
            ReceiveError::Protocol(ProtocolError::InvalidUtf8) if self.is_extended && self.is_mangled => {}
            ReceiveError::Protocol(ProtocolError::Extension(CloseCode::POLICY_VIOLATION))
                if self.is_extended && self.is_mangled => {}
            ReceiveError::AbnormalClosure if is_abandoned && self.is_closed() => self.all_delivered(),
            ReceiveError::AbnormalClosure => {
                assert!(self.has_ended && !self.is_closed() && fault.is_none());
                self.all_delivered();
            }
            _ => panic!("{error:?} where {fault:?} was due"),
        }
        self.error = Some(error);
    }

    /// Compares what was delivered with all that arrived.
    pub(super) fn all_delivered(&mut self) {
        let verdict = self.oracle.verdict();
        let items = self.items();
        let last = |item: &&Item| matches!(item, Item::Data { is_last: true, .. });
        let whole = items.iter().filter(last).count();
        assert!(
            whole == self.current() || whole + 1 == self.current() && self.skipped > 0,
            "{whole} messages arrived, {} were delivered and {} skipped",
            self.delivered,
            self.skipped
        );
        for (index, item) in items.iter().enumerate().skip(self.at.0) {
            let done = if index == self.at.0 { self.at.1 } else { 0 };
            match item {
                Item::Control(seen) => assert!(done == 1 || self.may_swallow, "{seen} was not delivered"),
                Item::Data { message, payload, .. } => {
                    let is_open = *message == self.current() && !self.ways[1] && !self.ways[2];
                    let left = payload.len().saturating_sub(done);
                    assert!(
                        !is_open || left <= verdict.loose,
                        "{left} bytes were not delivered"
                    );
                }
            }
        }
    }
}
