//! A slow and simple receiver that follows the text of the RFC: one byte at a time, with no state but the bytes that
//! were received.
//!
//! If one byte proves several faults, they are checked in a fixed order: reserved bits, opcode, FIN of a control frame,
//! order of fragments; then MASK, length of a control frame. Limits and minimal length are checked at the last byte of
//! the length, control payloads when whole, an unfinished UTF-8 sequence at the message's last byte.

use crate::{Recorder, Side, Transcript, Utf8, Verdict};
use bareframe::{CloseCode, Config, MessageKind, ProtocolError, Rsv};

/// Checks the bytes that one side receives.
///
/// It can be cloned at any point, to check many continuations of one beginning.
///
/// ```
/// use bareframe::{Config, ProtocolError};
/// use bareframe_testkit::{Oracle, Side};
/// let mut oracle = Oracle::new(Side::Client, Config::DEFAULT);
/// assert_eq!(oracle.push(0x89), Ok(()));
/// assert_eq!(oracle.push(0x7E), Err(ProtocolError::OversizedControl));
/// assert_eq!(oracle.verdict().transcript.error, Some((ProtocolError::OversizedControl, 1)));
/// ```
#[derive(Clone, Debug)]
pub struct Oracle {
    side: Side,
    config: Config,
    /// How many bytes were taken; after an error, the index of the byte that proves it.
    taken: usize,
    /// The bytes of the current header.
    header: Vec<u8>,
    /// The bytes of the current payload, unmasked.
    payload: Vec<u8>,
    message: Option<Message>,
    closed: bool,
    recorder: Recorder,
    loose: usize,
}

/// The data message that is open.
#[derive(Clone, Debug)]
struct Message {
    kind: MessageKind,
    rsv: Rsv,
    /// How many frames it has so far, the current one included.
    frames: u64,
    /// The lengths of these frames, added up.
    len: u64,
    utf8: Utf8,
}

/// Checks a whole input, whose last frame may be unfinished.
///
/// ```
/// use bareframe::Config;
/// use bareframe_testkit::{Seen, Side, check};
/// let verdict = check(Side::Client, Config::DEFAULT, &[0x89, 0x01, b'p', 0x81]);
/// assert_eq!(verdict.transcript.events, [Seen::Ping(vec![b'p'])]);
/// assert_eq!(verdict.transcript.error, None);
/// ```
#[must_use]
pub fn check(side: Side, config: Config, input: &[u8]) -> Verdict {
    let mut oracle = Oracle::new(side, config);
    for &byte in input {
        if oracle.push(byte).is_err() {
            break;
        }
    }
    oracle.verdict()
}

impl Oracle {
    /// Begins before the first frame that `side` receives.
    #[must_use]
    pub fn new(side: Side, config: Config) -> Oracle {
        Oracle {
            side,
            config,
            taken: 0,
            header: Vec::new(),
            payload: Vec::new(),
            message: None,
            closed: false,
            recorder: Recorder::new(),
            loose: 0,
        }
    }

    /// Receives one byte. After the peer's Close it is ignored.
    ///
    /// # Errors
    ///
    /// The violation that this byte proves, or the one that an earlier byte proved; then it is not taken.
    pub fn push(&mut self, byte: u8) -> Result<(), ProtocolError> {
        if let Some((error, _)) = self.recorder.transcript().error {
            return Err(error);
        }
        if !self.closed
            && let Err(error) = self.check(byte)
        {
            self.recorder.error(error, self.taken);
            return Err(error);
        }
        self.taken += 1;
        Ok(())
    }

    /// Returns what was seen so far.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        Verdict {
            transcript: self.recorder.transcript().clone(),
            loose: self.loose,
        }
    }

    /// Returns what was seen so far, as [`Verdict::transcript`] has it.
    #[must_use]
    pub fn transcript(&self) -> &Transcript {
        self.recorder.transcript()
    }

    /// Returns how many bytes were taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// Returns `true` if the peer's Close was received.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Returns `true` if nothing of a frame was received since the last one ended.
    #[must_use]
    pub fn is_between_frames(&self) -> bool {
        self.header.is_empty()
    }

    fn check(&mut self, byte: u8) -> Result<(), ProtocolError> {
        if !self.is_header_whole() {
            self.header.push(byte);
            self.check_header()?;
        } else {
            let mask = match self.masking_key() {
                Some(key) => key[self.payload.len() % 4],
                None => 0,
            };
            self.payload.push(byte ^ mask);
            self.check_payload()?;
        }
        if self.is_header_whole() && self.payload.len() as u64 == self.payload_len() {
            self.frame_ends()?;
        }
        Ok(())
    }

    /// Checks the header when one more byte of it has arrived.
    fn check_header(&mut self) -> Result<(), ProtocolError> {
        let arrived = self.header.len();
        if arrived == 1 {
            return self.check_first_byte();
        }
        if arrived == 2 {
            self.check_second_byte()?;
        }
        if arrived == 3 && self.length_end() == 10 && self.header[2] & 0x80 != 0 {
            return Err(ProtocolError::LengthTopBit);
        }
        if arrived == self.length_end() {
            self.check_length()?;
        }
        Ok(())
    }

    /// FIN, RSV1 to RSV3 and the opcode (sections 5.2, 5.4 and 5.5).
    fn check_first_byte(&self) -> Result<(), ProtocolError> {
        let begins_message = matches!(self.opcode(), 0x1 | 0x2) && self.message.is_none();
        let allowed = match begins_message {
            true => self.config.rsv().bits(),
            false => 0,
        };
        if self.header[0] & 0x70 & !allowed != 0 {
            return Err(ProtocolError::ReservedBits);
        }
        match self.opcode() {
            0x3..=0x7 | 0xB..=0xF => Err(ProtocolError::ReservedOpcode),
            0x8..=0xA if !self.is_fin() => Err(ProtocolError::FragmentedControl),
            0x0 if self.message.is_none() => Err(ProtocolError::UnexpectedContinuation),
            0x1 | 0x2 if self.message.is_some() => Err(ProtocolError::InterleavedMessage),
            _ => Ok(()),
        }
    }

    /// MASK and the 7-bit length (sections 5.1 and 5.5).
    fn check_second_byte(&self) -> Result<(), ProtocolError> {
        match (self.side, self.is_masked()) {
            (Side::Server, false) => return Err(ProtocolError::UnmaskedFrame),
            (Side::Client, true) => return Err(ProtocolError::MaskedFrame),
            _ => {}
        }
        if self.is_control() && self.header[1] & 0x7F > 125 {
            return Err(ProtocolError::OversizedControl);
        }
        Ok(())
    }

    /// The minimal length (section 5.2), then the limits (section 10.4); a data frame joins its message here.
    fn check_length(&mut self) -> Result<(), ProtocolError> {
        let len = self.payload_len();
        let minimal_end = match len {
            0..=125 => 2,
            126..=65_535 => 4,
            _ => 10,
        };
        if self.length_end() != minimal_end {
            return Err(ProtocolError::NonMinimalLength);
        }
        if self.is_control() {
            return Ok(());
        }

        let begins = Message {
            kind: match self.opcode() {
                0x1 => MessageKind::Text,
                _ => MessageKind::Binary,
            },
            rsv: Rsv::from_first_byte(self.header[0]),
            frames: 0,
            len: 0,
            utf8: Utf8::new(),
        };
        let message = self.message.get_or_insert(begins);
        message.frames += 1;
        message.len = message.len.saturating_add(len);
        let limits = self.config.limits();
        if len > limits.frame() {
            return Err(ProtocolError::FrameTooBig);
        }
        if message.len > limits.message() {
            return Err(ProtocolError::MessageTooBig);
        }
        if limits.fragments() != u32::MAX && message.frames > u64::from(limits.fragments()) {
            return Err(ProtocolError::TooManyFragments);
        }
        Ok(())
    }

    /// Checks the payload when one more byte of it has arrived (section 8.1).
    fn check_payload(&mut self) -> Result<(), ProtocolError> {
        let arrived = self.payload.len();
        let byte = self.payload[arrived - 1];
        let is_last = self.is_fin() && arrived as u64 == self.payload_len();
        if self.is_control() {
            return Ok(());
        }
        let message = self.message.as_mut().expect("a data frame has a message");
        if message.is_validated() {
            let is_good = message.utf8.push(byte);
            if !is_good || is_last && !message.utf8.is_whole() {
                self.loose = arrived - 1;
                return Err(ProtocolError::InvalidUtf8);
            }
        }
        self.recorder
            .fragment(message.kind, message.rsv, &[byte], is_last);
        Ok(())
    }

    /// Delivers a control frame, ends a message if this frame is its last, and prepares for the next frame.
    fn frame_ends(&mut self) -> Result<(), ProtocolError> {
        let payload = std::mem::take(&mut self.payload);
        match self.opcode() {
            0x8 => {
                let (code, reason) = check_close(&payload)?;
                self.recorder.close(code, &reason);
                self.closed = true;
            }
            0x9 => self.recorder.ping(&payload),
            0xA => self.recorder.pong(&payload),
            _ if self.is_fin() => {
                let message = self.message.take().expect("a data frame has a message");
                // Otherwise the last byte of the payload has ended the message.
                if payload.is_empty() {
                    if message.is_validated() && !message.utf8.is_whole() {
                        return Err(ProtocolError::InvalidUtf8);
                    }
                    self.recorder.fragment(message.kind, message.rsv, &[], true);
                }
            }
            _ => {}
        }
        self.header.clear();
        Ok(())
    }

    fn is_fin(&self) -> bool {
        self.header[0] & 0x80 != 0
    }

    fn opcode(&self) -> u8 {
        self.header[0] & 0x0F
    }

    fn is_control(&self) -> bool {
        self.opcode() >= 0x8
    }

    fn is_masked(&self) -> bool {
        self.header[1] & 0x80 != 0
    }

    /// Returns how many bytes of the header come before the masking key.
    fn length_end(&self) -> usize {
        match self.header[1] & 0x7F {
            126 => 2 + 2,
            127 => 2 + 8,
            _ => 2,
        }
    }

    fn is_header_whole(&self) -> bool {
        match self.header.len() {
            0 | 1 => false,
            arrived => arrived == self.length_end() + if self.is_masked() { 4 } else { 0 },
        }
    }

    /// Returns the end of the header, once that is whole.
    fn masking_key(&self) -> Option<&[u8]> {
        self.is_masked().then(|| &self.header[self.length_end()..])
    }

    /// The length of the payload in bytes, once the header has arrived as far as the length goes.
    fn payload_len(&self) -> u64 {
        match self.length_end() {
            2 => u64::from(self.header[1] & 0x7F),
            end => {
                let mut len = 0;
                for &byte in &self.header[2..end] {
                    len = len * 256 + u64::from(byte);
                }
                len
            }
        }
    }
}

impl Message {
    /// Returns `true` if its payload must be UTF-8: an extension that uses a reserved bit changes its meaning.
    fn is_validated(&self) -> bool {
        self.kind == MessageKind::Text && self.rsv.is_empty()
    }
}

/// The payload of a Close frame (sections 5.5.1, 7.4 and 8.1).
fn check_close(payload: &[u8]) -> Result<(Option<CloseCode>, String), ProtocolError> {
    if payload.is_empty() {
        return Ok((None, String::new()));
    }
    if payload.len() == 1 {
        return Err(ProtocolError::TruncatedCloseCode);
    }
    let number = u16::from(payload[0]) * 256 + u16::from(payload[1]);
    if !matches!(number, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(ProtocolError::InvalidCloseCode);
    }
    let reason = &payload[2..];
    let mut utf8 = Utf8::new();
    if !reason.iter().all(|&byte| utf8.push(byte)) || !utf8.is_whole() {
        return Err(ProtocolError::InvalidCloseReason);
    }
    let reason = String::from_utf8(reason.to_vec()).expect("the bytes are UTF-8");
    Ok((CloseCode::new(number), reason))
}
