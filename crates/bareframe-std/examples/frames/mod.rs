//! One direction of a connection as whole frames, each as it went over the wire and as it was meant.
//!
//! Shared by `decode`, which prints them, and `echo`, which shows them in a browser; and by the echo server for a
//! microcontroller, so that nothing is allocated. The engine decodes; here its events are gathered, and the bytes kept
//! that it has no use for once it has decoded them.

use bareframe::{
    CloseCode, CloseReason, ControlPayload, FrameDecoder, FrameEvent, FrameHeader, MessageKind, Opcode,
    ProtocolError, Rules, Utf8Validator,
};
use heapless::Vec;

/// How many bytes of a payload are kept to be shown. A control frame's fit whole.
pub(crate) const SHOWN: usize = 256;

/// What inflates the messages that are compressed; `()` if nothing does.
pub(crate) trait Inflate {
    /// What is kept of an inflated payload.
    type Inflated: Inflated;

    /// Begins a message, which a client sent if it is masked. Returns `false` if nobody knows how it is compressed.
    fn begin(&mut self, is_masked: bool) -> bool;

    /// Inflates bytes of a message, and hands over what comes of them; `is_last` says that the message ends with them. Returns why
    /// they can't be inflated.
    fn inflate(
        &mut self,
        bytes: &[u8],
        is_last: bool,
        made: &mut dyn FnMut(&[u8]),
    ) -> Result<(), &'static str>;
}

/// What is kept of an inflated payload.
pub(crate) trait Inflated: Default {
    fn add(&mut self, bytes: &[u8]);

    /// Returns its first bytes and how many there are, if it was inflated.
    fn get(&self) -> Option<(&[u8], u64)>;
}

impl Inflate for () {
    type Inflated = ();

    fn begin(&mut self, _: bool) -> bool {
        false
    }

    fn inflate(&mut self, _: &[u8], _: bool, _: &mut dyn FnMut(&[u8])) -> Result<(), &'static str> {
        Ok(())
    }
}

impl Inflated for () {
    fn add(&mut self, _: &[u8]) {}

    fn get(&self) -> Option<(&[u8], u64)> {
        None
    }
}

/// Gathers frames from the bytes of one direction, which may come in pieces of any size.
pub(crate) struct Frames<Z: Inflate = ()> {
    rules: Rules,
    decoder: FrameDecoder,
    /// Bytes of the stream that the decoder has taken.
    offset: u64,
    /// The frame that is not whole, if its first byte came.
    frame: Option<Frame<Z::Inflated>>,
    message: Option<Message<Z::Inflated>>,
    text: Utf8Validator,
    failed: bool,
    inflater: Z,
    /// The message that is open is being inflated.
    inflates: bool,
}

/// A frame, or as much of it as came.
pub(crate) struct Frame<K = ()> {
    /// The offset of its first byte in the stream.
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
    /// What the payload was inflated to, if it is of a compressed message.
    pub(crate) inflated: Option<K>,
    /// What a Close frame says.
    pub(crate) close: Option<CloseReason>,
    /// The message that this frame ends.
    pub(crate) message: Option<Message<K>>,
    pub(crate) fault: Option<Fault>,
}

/// A message, from its first frame up to here.
pub(crate) struct Message<K = ()> {
    pub(crate) kind: MessageKind,
    /// Its first frame has a reserved bit, which only the caller's rules can allow: the payload is not the text itself.
    pub(crate) compressed: bool,
    pub(crate) frames: u64,
    pub(crate) len: u64,
    /// Its first [`SHOWN`] bytes.
    pub(crate) payload: Vec<u8, SHOWN>,
    /// What it was inflated to, if it is compressed.
    pub(crate) inflated: Option<K>,
}

/// What is wrong, and the byte that shows it.
pub(crate) struct Fault {
    pub(crate) error: ProtocolError,
    pub(crate) offset: u64,
    /// What an inflater says about it.
    pub(crate) why: Option<&'static str>,
}

impl<Z: Inflate + Default> Frames<Z> {
    pub(crate) fn new(rules: Rules) -> Frames<Z> {
        Frames {
            rules,
            decoder: FrameDecoder::new(rules.with_message_open(false)),
            offset: 0,
            frame: None,
            message: None,
            text: Utf8Validator::new(),
            failed: false,
            inflater: Z::default(),
            inflates: false,
        }
    }
}

impl<Z: Inflate> Frames<Z> {
    /// Says what was agreed on about extensions: what inflates, and the reserved bits that messages may have.
    #[allow(dead_code, reason = "not all that decodes inflates")]
    pub(crate) fn agree(&mut self, inflater: Z, rules: Rules) {
        self.inflater = inflater;
        self.rules = rules;
        if self.decoder.is_between_frames() {
            let _ = self
                .decoder
                .set_rules(rules.with_message_open(self.message.is_some()));
        }
    }

    /// Reads bytes up to the end of a frame, and returns the frame; `None` when it has read all. A frame that is wrong
    /// is the last.
    pub(crate) fn next(&mut self, bytes: &mut &[u8]) -> Option<Frame<Z::Inflated>> {
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
                    self.fail(error, self.offset, None);
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
    pub(crate) fn unfinished(&mut self) -> Option<Frame<Z::Inflated>> {
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
                let mut message = Message::new(kind, !header.rsv().is_empty());
                self.inflates = message.compressed && self.inflater.begin(header.masking_key().is_some());
                message.inflated = self.inflates.then(Z::Inflated::default);
                *none = Some(message);
            }
            (None, Some(message)) => message.frames += 1,
            // The rules allow no other.
            (Some(_), Some(_)) | (None, None) => {}
        }
        if let Some(frame) = &mut self.frame {
            frame.inflated = self.inflates.then(Z::Inflated::default);
        }
    }

    /// Reads a piece of payload, up to the byte that is not UTF-8 or can't be inflated, if there is one. A character may continue from one
    /// fragment to the next (RFC 6455 section 8.1).
    fn take(&mut self, start: u64, sent: &[u8], payload: &[u8]) {
        let control = self.frame.as_ref().is_none_or(Frame::is_control);
        let wrong = match &mut self.message {
            Some(message) if !control && message.inflated.is_some() => {
                // One by one, so that it does not depend on the pieces which of them is wrong.
                let wrong = |(at, byte)| Some((at, self.inflate(core::slice::from_ref(byte), false)?));
                payload.iter().enumerate().find_map(wrong)
            }
            Some(message) if !control && message.kind == MessageKind::Text && !message.compressed => {
                let wrong = self.text.push(payload).err();
                wrong.map(|wrong| (wrong.at, (ProtocolError::InvalidUtf8, None)))
            }
            _ => None,
        };
        let end = wrong.map_or(payload.len(), |(at, _)| at + 1);
        if let Some(frame) = &mut self.frame {
            frame.take(&sent[..end], &payload[..end]);
        }
        match (wrong, &mut self.message) {
            (Some((at, (error, why))), _) => self.fail(error, start + at as u64, why),
            (None, Some(message)) if !control => message.take(payload),
            (None, _) => {}
        }
    }

    /// Inflates bytes of the payload; returns what is wrong with them. Text is checked when it is inflated.
    fn inflate(&mut self, bytes: &[u8], is_last: bool) -> Option<(ProtocolError, Option<&'static str>)> {
        let in_frame = self.frame.as_mut()?.inflated.as_mut()?;
        let message = self.message.as_mut()?;
        let in_message = message.inflated.as_mut()?;
        let is_text = message.kind == MessageKind::Text;
        let text = &mut self.text;
        let mut is_valid = true;
        let inflated = self.inflater.inflate(bytes, is_last, &mut |made| {
            is_valid &= !is_text || text.push(made).is_ok();
            in_frame.add(made);
            in_message.add(made);
        });
        match inflated {
            _ if !is_valid => Some((ProtocolError::InvalidUtf8, None)),
            Ok(()) => None,
            Err(why) => {
                let error = ProtocolError::Extension(CloseCode::INVALID_FRAME_PAYLOAD_DATA);
                Some((error, Some(why)))
            }
        }
    }

    /// What can only be checked when the frame is whole: a Close frame's payload, the end of a text.
    fn end(&mut self) -> Option<Frame<Z::Inflated>> {
        if let Some(header) = self.frame.as_ref().and_then(|frame| frame.header)
            && !self.failed
        {
            let last_byte = self.offset.saturating_sub(1);
            match header.opcode() {
                Opcode::Close => self.end_close(last_byte),
                Opcode::Ping | Opcode::Pong => {}
                _ if header.fin() => {
                    if self.inflates {
                        self.inflates = false;
                        if let Some((error, why)) = self.inflate(&[], true) {
                            self.fail(error, last_byte, why);
                        }
                    }
                    if self.text.finish().is_err() && !self.failed {
                        self.fail(ProtocolError::InvalidUtf8, last_byte, None);
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
            Ok(Err(error)) => self.fail(error, last_byte, None),
            // The decoder refuses a longer one at its header.
            Err(_) => {}
        }
    }

    fn fail(&mut self, error: ProtocolError, offset: u64, why: Option<&'static str>) {
        self.failed = true;
        if let Some(frame) = &mut self.frame {
            frame.fault = Some(Fault { error, offset, why });
        }
    }
}

impl<K> Frame<K> {
    fn new(offset: u64) -> Frame<K> {
        Frame {
            offset,
            header_bytes: Vec::new(),
            header: None,
            sent: Vec::new(),
            payload: Vec::new(),
            payload_taken: 0,
            inflated: None,
            close: None,
            message: None,
            fault: None,
        }
    }

    fn is_control(&self) -> bool {
        self.header.is_some_and(|header| header.opcode().is_control())
    }

    fn take(&mut self, sent: &[u8], payload: &[u8]) {
        self.payload_taken += payload.len() as u64;
        keep(&mut self.sent, sent);
        keep(&mut self.payload, payload);
    }
}

impl<K> Message<K> {
    fn new(kind: MessageKind, compressed: bool) -> Message<K> {
        Message {
            kind,
            compressed,
            frames: 1,
            len: 0,
            payload: Vec::new(),
            inflated: None,
        }
    }

    fn take(&mut self, payload: &[u8]) {
        self.len += payload.len() as u64;
        keep(&mut self.payload, payload);
    }
}

/// Adds bytes, as far as there is room.
pub(crate) fn keep<const N: usize>(kept: &mut Vec<u8, N>, bytes: &[u8]) {
    kept.extend(bytes.iter().copied().take(N - kept.len()));
}
