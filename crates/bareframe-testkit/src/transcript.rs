//! What a receiver saw, in a form that does not depend on how its input was cut.

use bareframe::{CloseCode, MessageKind, ProtocolError, Rsv};
use std::fmt;

/// One thing that a receiver saw.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seen {
    /// Payload of a message: all that came with nothing else in between.
    ///
    /// A control frame between the fragments of a message makes two of these, one before it and one after.
    Data {
        /// Text or binary.
        kind: MessageKind,
        /// The reserved bits of the message's first frame, also on its later pieces.
        rsv: Rsv,
        /// The payload, unmasked; it is empty only if it is `last`.
        payload: Vec<u8>,
        /// Nothing of this message came before.
        first: bool,
        /// The message ends here.
        last: bool,
    },
    /// A Ping and its payload.
    Ping(Vec<u8>),
    /// A Pong and its payload.
    Pong(Vec<u8>),
    /// The peer's Close.
    Close {
        /// The status code, if the frame had a payload.
        code: Option<CloseCode>,
        /// The reason, which may be empty.
        reason: String,
    },
}

/// Everything that a receiver saw of one input, in order.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Transcript {
    /// What was delivered; neighbouring pieces of one message are joined.
    pub events: Vec<Seen>,
    /// The violation that ended it, and the index in the whole input of the byte that proves it.
    pub error: Option<(ProtocolError, usize)>,
}

/// Writes a [`Transcript`] from events as they come, whatever the cuts.
///
/// ```
/// use bareframe::{MessageKind, Rsv};
/// use bareframe_testkit::Recorder;
/// let mut pieces = Recorder::new();
/// pieces.data(MessageKind::Binary, Rsv::NONE, &[1, 2], true, false);
/// pieces.data(MessageKind::Binary, Rsv::NONE, &[3], false, true);
/// let mut whole = Recorder::new();
/// whole.data(MessageKind::Binary, Rsv::NONE, &[1, 2, 3], true, true);
/// assert_eq!(pieces.transcript(), whole.transcript());
/// ```
#[derive(Clone, Debug)]
pub struct Recorder {
    transcript: Transcript,
    /// Nothing was recorded of the message that the next fragment belongs to.
    at_first: bool,
}

/// What a correct receiver sees, except for bytes whose delivery depends on the cuts.
///
/// A receiver that finds text which is not UTF-8 may keep back the piece in which it found it. So the last
/// [`Verdict::loose`] bytes delivered, those of the frame at fault, may be missing from the end on. All else is
/// the same for every cut.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Verdict {
    /// What a receiver sees that takes one byte at a time.
    pub transcript: Transcript,
    /// How many bytes at the end of the last event may be missing.
    pub loose: usize,
}

/// The first difference of a transcript from the verdict. As text, it shows what was expected and what came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The number of the first event that differs, from 0; if none does, the errors differ.
    pub at: usize,
    /// The event that was due, if any.
    pub due: Option<Seen>,
    /// The event that came, if any.
    pub came: Option<Seen>,
    /// The error that was due, if any, and the index of its byte.
    pub error_due: Option<(ProtocolError, usize)>,
    /// The error that came, if any, and the index of its byte.
    pub error_came: Option<(ProtocolError, usize)>,
}

impl Recorder {
    /// Begins with nothing seen.
    #[must_use]
    pub fn new() -> Recorder {
        Recorder {
            transcript: Transcript::default(),
            at_first: true,
        }
    }

    /// Records a piece of a message as a receiver returned it.
    ///
    /// The flags are taken as they are: pieces join only if they go together, so that a wrong flag, and an empty
    /// piece that is not the last, is a difference later.
    ///
    /// # Panics
    ///
    /// As every method that records, if an error is recorded already: a failed receiver delivers nothing.
    pub fn data(&mut self, kind: MessageKind, rsv: Rsv, payload: &[u8], first: bool, last: bool) {
        if let Some(Seen::Data {
            kind: open_kind,
            rsv: open_rsv,
            payload: before,
            last: ended @ false,
            ..
        }) = self.transcript.events.last_mut()
            && !first
            && (kind, rsv) == (*open_kind, *open_rsv)
            && (last || !payload.is_empty())
            && self.transcript.error.is_none()
        {
            before.extend_from_slice(payload);
            *ended = last;
            return;
        }
        self.push(Seen::Data {
            kind,
            rsv,
            payload: payload.to_vec(),
            first,
            last,
        });
    }

    /// Records a piece of a message as a sender sent it. `fin` decides which piece is the first.
    ///
    /// An empty fragment is not recorded unless it ends the message, since a receiver does not report it.
    ///
    /// # Panics
    ///
    /// If an error is recorded already.
    pub fn fragment(&mut self, kind: MessageKind, rsv: Rsv, payload: &[u8], fin: bool) {
        if fin || !payload.is_empty() {
            self.data(kind, rsv, payload, self.at_first, fin);
            self.at_first = fin;
        }
    }

    /// Records a Ping.
    ///
    /// # Panics
    ///
    /// If an error is recorded already.
    pub fn ping(&mut self, payload: &[u8]) {
        self.push(Seen::Ping(payload.to_vec()));
    }

    /// Records a Pong.
    ///
    /// # Panics
    ///
    /// If an error is recorded already.
    pub fn pong(&mut self, payload: &[u8]) {
        self.push(Seen::Pong(payload.to_vec()));
    }

    /// Records the peer's Close.
    ///
    /// # Panics
    ///
    /// If an error is recorded already.
    pub fn close(&mut self, code: Option<CloseCode>, reason: &str) {
        self.push(Seen::Close {
            code,
            reason: reason.to_owned(),
        });
    }

    /// Records a violation and the index in the whole input of the byte that proves it. Recording the same again has no
    /// effect.
    ///
    /// # Panics
    ///
    /// If another error, or another byte, is recorded already: a violation latches.
    pub fn error(&mut self, error: ProtocolError, offset: usize) {
        let before = self.transcript.error.get_or_insert((error, offset));
        assert_eq!(*before, (error, offset), "the error changed after it latched");
    }

    /// Returns what was recorded so far.
    #[must_use]
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    fn push(&mut self, seen: Seen) {
        let error = self.transcript.error;
        assert_eq!(error, None, "after this error came {seen}");
        self.transcript.events.push(seen);
    }
}

impl Default for Recorder {
    fn default() -> Recorder {
        Recorder::new()
    }
}

impl Verdict {
    /// Compares what a receiver saw with what it had to see.
    ///
    /// # Errors
    ///
    /// The first difference.
    pub fn compare(&self, came: &Transcript) -> Result<(), Difference> {
        let due = self.events_due(came);
        let error_due = self.transcript.error;
        if due == came.events && error_due == came.error {
            return Ok(());
        }
        let longer = due.len().max(came.events.len());
        let at = (0..longer)
            .find(|&at| due.get(at) != came.events.get(at))
            .unwrap_or(longer);
        Err(Difference {
            at,
            due: due.get(at).cloned(),
            came: came.events.get(at).cloned(),
            error_due,
            error_came: came.error,
        })
    }

    /// Checks what a receiver saw.
    ///
    /// # Panics
    ///
    /// If they differ, with the first difference.
    #[track_caller]
    pub fn assert_agrees(&self, came: &Transcript) {
        if let Err(difference) = self.compare(came) {
            panic!("{difference}");
        }
    }

    /// Returns the events due, without those of the loose bytes that did not come.
    fn events_due(&self, came: &Transcript) -> Vec<Seen> {
        let mut due = self.transcript.events.clone();
        if self.loose == 0 {
            return due;
        }
        let at = due.len() - 1;
        let came_len = match came.events.get(at) {
            Some(Seen::Data { payload, .. }) => payload.len(),
            _ => 0,
        };
        if let Seen::Data { payload, .. } = &mut due[at] {
            let least = payload.len() - self.loose;
            payload.truncate(came_len.max(least));
            if payload.is_empty() {
                due.pop();
            }
        }
        due
    }
}

/// Shows it in one line: `text first last "Hello"`.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Seen::Data {
                kind,
                rsv,
                payload,
                first,
                last,
            } => {
                write!(f, "{kind}")?;
                if !rsv.is_empty() {
                    write!(f, " rsv {rsv}")?;
                }
                f.write_str(if *first { " first" } else { "" })?;
                f.write_str(if *last { " last" } else { "" })?;
                write!(f, " \"{}\" ({} bytes)", payload.escape_ascii(), payload.len())
            }
            Seen::Ping(payload) => write!(f, "ping \"{}\"", payload.escape_ascii()),
            Seen::Pong(payload) => write!(f, "pong \"{}\"", payload.escape_ascii()),
            Seen::Close { code: None, .. } => f.write_str("close without a code"),
            Seen::Close {
                code: Some(code),
                reason,
            } => write!(f, "close {} {reason:?}", code.number()),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let event = |seen: &Option<Seen>| seen.as_ref().map_or("nothing".to_owned(), Seen::to_string);
        let error = |error: Option<(ProtocolError, usize)>| match error {
            Some((error, offset)) => format!("{error:?} at byte {offset}"),
            None => "none".to_owned(),
        };
        writeln!(f, "the receiver departs from the RFC at event {}", self.at)?;
        writeln!(f, "    event due:  {}", event(&self.due))?;
        writeln!(f, "    event came: {}", event(&self.came))?;
        writeln!(f, "    error due:  {}", error(self.error_due))?;
        write!(f, "    error came: {}", error(self.error_came))
    }
}

impl std::error::Error for Difference {}

#[cfg(test)]
mod tests {
    use super::*;
    use MessageKind::{Binary, Text};

    fn recorded(record: impl FnOnce(&mut Recorder)) -> Transcript {
        let mut recorder = Recorder::new();
        record(&mut recorder);
        recorder.transcript().clone()
    }

    fn data(payload: &[u8], first: bool, last: bool) -> Seen {
        let payload = payload.to_vec();
        Seen::Data {
            kind: Text,
            rsv: Rsv::NONE,
            payload,
            first,
            last,
        }
    }

    #[test]
    fn pieces_of_one_message_join() {
        let transcript = recorded(|recorder| {
            recorder.data(Text, Rsv::NONE, b"a", true, false);
            recorder.data(Text, Rsv::NONE, b"b", false, false);
            recorder.data(Text, Rsv::NONE, b"", false, true);
            recorder.data(Text, Rsv::NONE, b"c", true, true);
        });
        assert_eq!(
            transcript.events,
            [data(b"ab", true, true), data(b"c", true, true)]
        );
    }

    #[test]
    fn a_control_frame_keeps_pieces_apart() {
        let transcript = recorded(|recorder| {
            recorder.data(Text, Rsv::NONE, b"a", true, false);
            recorder.ping(b"p");
            recorder.data(Text, Rsv::NONE, b"", false, true);
        });
        let ping = Seen::Ping(b"p".to_vec());
        assert_eq!(
            transcript.events,
            [data(b"a", true, false), ping, data(b"", false, true)]
        );
    }

    #[test]
    fn pieces_that_do_not_go_together_stay_apart() {
        let second: [fn(&mut Recorder); 4] = [
            |recorder| recorder.data(Text, Rsv::NONE, b"b", true, true),
            |recorder| recorder.data(Binary, Rsv::NONE, b"b", false, true),
            |recorder| recorder.data(Text, Rsv::RSV1, b"b", false, true),
            |recorder| recorder.data(Text, Rsv::NONE, b"", false, false),
        ];
        for second in second {
            let transcript = recorded(|recorder| {
                recorder.data(Text, Rsv::NONE, b"a", true, false);
                second(recorder);
            });
            assert_eq!(transcript.events.len(), 2, "{transcript:?}");
        }
    }

    #[test]
    fn an_empty_fragment_leaves_no_trace_and_the_next_is_first() {
        let transcript = recorded(|recorder| {
            recorder.fragment(Text, Rsv::NONE, b"", false);
            recorder.fragment(Text, Rsv::NONE, b"a", false);
            recorder.fragment(Text, Rsv::NONE, b"", true);
            recorder.fragment(Text, Rsv::NONE, b"", true);
        });
        assert_eq!(transcript.events, [data(b"a", true, true), data(b"", true, true)]);
    }

    #[test]
    #[should_panic(expected = "after this error came ping")]
    fn s7_1_7_an_event_after_an_error_is_refused() {
        recorded(|recorder| {
            recorder.error(ProtocolError::ReservedBits, 0);
            recorder.ping(b"");
        });
    }

    #[test]
    #[should_panic(expected = "after this error came text")]
    fn s7_1_7_data_that_would_join_after_an_error_is_refused() {
        recorded(|recorder| {
            recorder.data(Text, Rsv::NONE, b"a", true, false);
            recorder.error(ProtocolError::ReservedBits, 0);
            recorder.data(Text, Rsv::NONE, b"b", false, false);
        });
    }

    #[test]
    #[should_panic(expected = "the error changed")]
    fn an_error_latches() {
        recorded(|recorder| {
            recorder.error(ProtocolError::ReservedBits, 0);
            recorder.error(ProtocolError::ReservedBits, 0);
            recorder.error(ProtocolError::ReservedBits, 1);
        });
    }

    /// Returns a verdict of a Ping and `abcd`, of which `loose` bytes may be missing.
    fn verdict(loose: usize) -> Verdict {
        let transcript = recorded(|recorder| {
            recorder.ping(b"");
            recorder.data(Text, Rsv::NONE, b"abcd", true, false);
            recorder.error(ProtocolError::InvalidUtf8, 9);
        });
        Verdict { transcript, loose }
    }

    fn came(payload: &[u8]) -> Transcript {
        recorded(|recorder| {
            recorder.ping(b"");
            if !payload.is_empty() {
                recorder.data(Text, Rsv::NONE, payload, true, false);
            }
            recorder.error(ProtocolError::InvalidUtf8, 9);
        })
    }

    #[test]
    fn loose_bytes_may_be_missing_from_the_end_on() {
        for (loose, payload, agrees) in [
            (0, "abcd", true),
            (0, "abc", false),
            (2, "abcd", true),
            (2, "abc", true),
            (2, "ab", true),
            (2, "a", false),
            (2, "", false),
            (2, "abd", false),
            (2, "abcde", false),
            (4, "", true),
            (4, "a", true),
            (4, "b", false),
        ] {
            let transcript = came(payload.as_bytes());
            assert_eq!(
                verdict(loose).compare(&transcript).is_ok(),
                agrees,
                "{loose} {payload}"
            );
        }
    }

    #[test]
    fn an_empty_piece_is_not_the_absence_of_one() {
        let mut transcript = came(b"");
        transcript.events.push(data(b"", true, false));
        assert!(verdict(4).compare(&transcript).is_err());
    }

    #[test]
    fn a_difference_says_what_was_due_and_what_came() {
        let mut transcript = came(b"ab");
        transcript.error = None;
        assert_eq!(
            verdict(1).compare(&transcript).unwrap_err().to_string(),
            "the receiver departs from the RFC at event 1\n    \
             event due:  text first \"abc\" (3 bytes)\n    \
             event came: text first \"ab\" (2 bytes)\n    \
             error due:  InvalidUtf8 at byte 9\n    \
             error came: none"
        );
    }
}
