//! One direction of a connection as frames, each as it went over the wire and as it was meant.

use bareframe::{FrameDecoder, FrameEvent, FrameHeader, MessageKind, Opcode, Rules};
use heapless::Vec;

/// How many octets of a payload are kept to be shown. A control frame's fit whole.
pub(crate) const SHOWN: usize = 256;

/// Gathers frames from the octets of one direction, which may come in pieces of any size.
pub(crate) struct Frames {
    rules: Rules,
    decoder: FrameDecoder,
    frame: Frame,
    message: Option<Message>,
    /// The peer broke the protocol: what follows is no frame.
    failed: bool,
}

/// A frame, or as much of it as came.
pub(crate) struct Frame {
    pub(crate) header_octets: Vec<u8, { FrameHeader::MAX_LEN }>,
    pub(crate) header: Option<FrameHeader>,
    /// The first [`SHOWN`] octets of the payload as they were sent, so masked if the frame is.
    pub(crate) sent: Vec<u8, SHOWN>,
    /// The same octets, unmasked.
    pub(crate) payload: Vec<u8, SHOWN>,
    /// How many octets of the payload came.
    pub(crate) payload_taken: u64,
    /// The message that this frame ends.
    pub(crate) message: Option<Message>,
}

/// A message, from its first frame up to here.
#[derive(Clone, Copy)]
pub(crate) struct Message {
    pub(crate) kind: MessageKind,
    pub(crate) frames: u64,
    pub(crate) len: u64,
}

impl Frames {
    pub(crate) fn new(rules: Rules) -> Frames {
        Frames {
            rules,
            decoder: FrameDecoder::new(),
            frame: Frame::NEW,
            message: None,
            failed: false,
        }
    }

    /// Takes the next octets, and shows the frames that end in them.
    pub(crate) fn push(&mut self, octets: &[u8], mut show: impl FnMut(&Frame)) {
        for sent in octets.chunks(SHOWN) {
            let mut memory = [0; SHOWN];
            let copy = &mut memory[..sent.len()];
            copy.copy_from_slice(sent);
            self.push_piece(sent, copy, &mut show);
        }
    }

    fn push_piece(&mut self, mut sent: &[u8], mut copy: &mut [u8], show: &mut impl FnMut(&Frame)) {
        while !self.failed && !sent.is_empty() {
            let rules = self.rules.with_message_open(self.message.is_some());
            let event = self.decoder.decode(rules, &mut copy);
            let (taken, rest) = sent.split_at(sent.len() - copy.len());
            sent = rest;
            match event {
                Ok(None) => keep(&mut self.frame.header_octets, taken),
                Ok(Some(FrameEvent::Header(header))) => {
                    keep(&mut self.frame.header_octets, taken);
                    self.begin(header);
                }
                Ok(Some(FrameEvent::Payload { payload, .. })) => self.frame.take(taken, payload),
                Err(_) => self.failed = true,
            }
            if self.decoder.is_between_frames() && !self.failed {
                show(&self.frame);
                self.frame = Frame::NEW;
            }
        }
    }

    /// A frame begins, and maybe a message; or one ends with it (RFC 6455 section 5.4).
    fn begin(&mut self, header: FrameHeader) {
        self.frame.header = Some(header);
        let kind = match (header.opcode(), &self.message) {
            (Opcode::Text, _) => MessageKind::Text,
            (Opcode::Binary, _) => MessageKind::Binary,
            (Opcode::Continuation, Some(message)) => message.kind,
            (Opcode::Continuation | Opcode::Close | Opcode::Ping | Opcode::Pong, _) => return,
        };
        let (frames, len) = self
            .message
            .map_or((0, 0), |message| (message.frames, message.len));
        let message = Message {
            kind,
            frames: frames + 1,
            len: len + header.payload_len(),
        };
        let place = match header.fin() {
            true => &mut self.frame.message,
            false => &mut self.message,
        };
        *place = Some(message);
        if header.fin() {
            self.message = None;
        }
    }
}

impl Frame {
    const NEW: Frame = Frame {
        header_octets: Vec::new(),
        header: None,
        sent: Vec::new(),
        payload: Vec::new(),
        payload_taken: 0,
        message: None,
    };

    fn take(&mut self, sent: &[u8], payload: &[u8]) {
        self.payload_taken += payload.len() as u64;
        keep(&mut self.sent, sent);
        keep(&mut self.payload, payload);
    }
}

/// Adds octets at the end, as far as there is room.
fn keep<const N: usize>(kept: &mut Vec<u8, N>, octets: &[u8]) {
    kept.extend(octets.iter().copied().take(N - kept.len()));
}
