//! One direction of a connection as whole frames, each as it went over the wire and as it was meant.
//!
//! Shared by `decode`, which prints them, and `echo`, which shows them in a browser; and by the echo server for a
//! microcontroller, so that nothing is allocated. The engine decodes; here its events are gathered, and the bytes kept
//! that it has no use for once it has decoded them.

use bareframe::{
    CloseReason, ControlPayload, FrameDecoder, FrameEvent, FrameHeader, MessageKind, Opcode, ProtocolError,
    Rules, Utf8Validator,
};
use heapless::Vec;

/// How many bytes of a payload are kept to be shown. A control frame's fit whole.
pub(crate) const SHOWN: usize = 256;

/// Gathers frames from the bytes of one direction, which may come in pieces of any size.
pub(crate) struct Frames {
    rules: Rules,
    decoder: FrameDecoder,
    /// Bytes of the stream that the decoder has taken.
    offset: u64,
    /// The frame that is not whole, if its first byte came.
    frame: Option<Frame>,
    message: Option<Message>,
    text: Utf8Validator,
    failed: bool,
}

/// A frame, or as much of it as came.
pub(crate) struct Frame {
    /// Where in the stream its first byte stands.
    pub(crate) offset: u64,
    /// The bytes of its header, up to the one that is wrong if one is.
    pub(crate) header_bytes: Vec<u8, { FrameHeader::MAX_LEN }>,
    /// The header, if it is whole and right.
    pub(crate) header: Option<FrameHeader>,
    /// The first [`SHOWN`] bytes of the payload as they were sent, so masked if the frame is.
    pub(crate) sent: Vec<u8, SHOWN>,
    /// The same bytes, unmasked.
    pub(crate) payload: Vec<u8, SHOWN>,
    /// How many bytes of the payload came.
    pub(crate) payload_taken: u64,
    /// What a Close frame says.
    pub(crate) close: Option<CloseReason>,
    /// The message that this frame ends.
    pub(crate) message: Option<Message>,
    pub(crate) fault: Option<Fault>,
}

/// A message, from its first frame up to here.
pub(crate) struct Message {
    pub(crate) kind: MessageKind,
    /// Its first frame has a reserved bit, which only the caller's rules can allow: the payload is not the text itself.
    pub(crate) compressed: bool,
    pub(crate) frames: u64,
    pub(crate) len: u64,
    /// Its first [`SHOWN`] bytes.
    pub(crate) payload: Vec<u8, SHOWN>,
}

/// What is wrong, and the byte that shows it.
pub(crate) struct Fault {
    pub(crate) error: ProtocolError,
    pub(crate) offset: u64,
}

impl Frames {
    pub(crate) fn new(rules: Rules) -> Frames {
        Frames {
            rules,
            decoder: FrameDecoder::new(rules.with_message_open(false)),
            offset: 0,
            frame: None,
            message: None,
            text: Utf8Validator::new(),
            failed: false,
        }
    }

    /// Reads bytes up to the end of a frame, and returns the frame; `None` when it has read all. A frame that is wrong
    /// is the last.
    pub(crate) fn next(&mut self, bytes: &mut &[u8]) -> Option<Frame> {
        while !self.failed && !bytes.is_empty() {
            // They are unmasked in place, but shown as they were sent too.
            let mut copy = [0; SHOWN];
            let len = bytes.len().min(SHOWN);
            let mut input = &mut copy[..len];
            input.copy_from_slice(&bytes[..len]);
            let event = self.decoder.decode(&mut input);
            let (taken, rest) = bytes.split_at(len - input.len());
            *bytes = rest;
            let start = self.offset;
            self.offset += taken.len() as u64;
            let frame = self.frame.get_or_insert_with(|| Frame::new(start));
            match event {
                Ok(None) => keep(&mut frame.header_bytes, taken),
                Ok(Some(FrameEvent::Header(header))) => {
                    keep(&mut frame.header_bytes, taken);
                    frame.header = Some(header);
                    self.begin(header);
                }
                Ok(Some(FrameEvent::Payload { payload, .. })) => self.take(start, taken, payload),
                Err(error) => {
                    keep(&mut frame.header_bytes, taken);
                    keep(&mut frame.header_bytes, rest.get(..1).unwrap_or(&[]));
                    self.fail(error, self.offset);
                }
            }
            if self.failed || self.decoder.is_between_frames() {
                let frame = self.end();
                let rules = self.rules.with_message_open(self.message.is_some());
                // Between frames they may change.
                let _ = self.decoder.set_rules(rules);
                return frame;
            }
        }
        None
    }

    /// Returns the frame that is not whole. None should be left when the stream ends.
    pub(crate) fn unfinished(&mut self) -> Option<Frame> {
        self.frame.take()
    }

    /// A frame begins, and maybe a message (RFC 6455 section 5.4).
    fn begin(&mut self, header: FrameHeader) {
        let begins = match header.opcode() {
            Opcode::Text => Some(MessageKind::Text),
            Opcode::Binary => Some(MessageKind::Binary),
            Opcode::Continuation => None,
            Opcode::Close | Opcode::Ping | Opcode::Pong => return,
        };
        match (begins, &mut self.message) {
            (Some(kind), none @ None) => {
                *none = Some(Message::new(kind, !header.rsv().is_empty()));
            }
            (None, Some(message)) => message.frames += 1,
            // The rules allow no other.
            (Some(_), Some(_)) | (None, None) => {}
        }
    }

    /// Reads a piece of payload, up to the byte that is not UTF-8 if there is one. A character may continue from one
    /// fragment to the next (RFC 6455 section 8.1).
    fn take(&mut self, start: u64, sent: &[u8], payload: &[u8]) {
        let Some(frame) = &mut self.frame else { return };
        let control = frame.header.is_some_and(|header| header.opcode().is_control());
        let message = self.message.as_mut().filter(|_| !control);
        let is_text = message
            .as_ref()
            .is_some_and(|message| message.kind == MessageKind::Text && !message.compressed);
        let wrong = match is_text {
            true => self.text.push(payload).err(),
            false => None,
        };
        let end = wrong.map_or(payload.len(), |wrong| wrong.at + 1);
        frame.take(&sent[..end], &payload[..end]);
        match (wrong, message) {
            (Some(wrong), _) => self.fail(ProtocolError::InvalidUtf8, start + wrong.at as u64),
            (None, Some(message)) => message.take(payload),
            (None, None) => {}
        }
    }

    /// What can only be checked when the frame is whole: a Close frame's payload, the end of a text.
    fn end(&mut self) -> Option<Frame> {
        if let Some(header) = self.frame.as_ref().and_then(|frame| frame.header)
            && !self.failed
        {
            let last_byte = self.offset.saturating_sub(1);
            match header.opcode() {
                Opcode::Close => self.end_close(last_byte),
                Opcode::Ping | Opcode::Pong => {}
                _ if header.fin() => {
                    if self.text.finish().is_err() {
                        self.fail(ProtocolError::InvalidUtf8, last_byte);
                    }
                    if let Some(frame) = &mut self.frame {
                        frame.message = self.message.take();
                    }
                }
                _ => {}
            }
        }
        self.frame.take()
    }

    fn end_close(&mut self, last_byte: u64) {
        let Some(frame) = &mut self.frame else { return };
        match ControlPayload::new(&frame.payload).map(|payload| payload.close_reason()) {
            Ok(Ok(reason)) => frame.close = Some(reason),
            Ok(Err(error)) => self.fail(error, last_byte),
            // The decoder refuses a longer one at its header.
            Err(_) => {}
        }
    }

    fn fail(&mut self, error: ProtocolError, offset: u64) {
        self.failed = true;
        if let Some(frame) = &mut self.frame {
            frame.fault = Some(Fault { error, offset });
        }
    }
}

impl Frame {
    fn new(offset: u64) -> Frame {
        Frame {
            offset,
            header_bytes: Vec::new(),
            header: None,
            sent: Vec::new(),
            payload: Vec::new(),
            payload_taken: 0,
            close: None,
            message: None,
            fault: None,
        }
    }

    fn take(&mut self, sent: &[u8], payload: &[u8]) {
        self.payload_taken += payload.len() as u64;
        keep(&mut self.sent, sent);
        keep(&mut self.payload, payload);
    }
}

impl Message {
    fn new(kind: MessageKind, compressed: bool) -> Message {
        Message {
            kind,
            compressed,
            frames: 1,
            len: 0,
            payload: Vec::new(),
        }
    }

    fn take(&mut self, payload: &[u8]) {
        self.len += payload.len() as u64;
        keep(&mut self.payload, payload);
    }
}

/// Adds bytes, as far as there is room.
fn keep<const N: usize>(kept: &mut Vec<u8, N>, bytes: &[u8]) {
    kept.extend(bytes.iter().copied().take(N - kept.len()));
}
