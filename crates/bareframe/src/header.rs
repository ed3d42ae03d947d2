//! The frame header: at most 14 octets in front of every payload (RFC 6455 section 5.2).
//!
//! ```text
//!  0               1               2 … 3            or 2 … 9          then 4 more if MASK is set
//! +-+-+-+-+-------+-+-------------+------------------------------+---------------+
//! |F|R|R|R| opcode|M| Payload len | 126: 16 bits; 127: 64 bits   |  Masking-key  |
//! |I|S|S|S|  (4)  |A|     (7)     |        of length             |               |
//! |N|V|V|V|       |S|             |                              |               |
//! | |1|2|3|       |K|             |                              |               |
//! +-+-+-+-+-------+-+-------------+------------------------------+---------------+
//! ```

use crate::error::{ProtocolError, SendError};
use crate::mask::{Masker, MaskingKey};
use crate::opcode::{FirstOctet, Opcode, Rsv};
use core::fmt;
use core::ops::Deref;

const FIN: u8 = 0x80;
const MASK: u8 = 0x80;
const LENGTH_16: u8 = 126;
const LENGTH_64: u8 = 127;
/// The longest control payload, in octets (RFC 6455 section 5.5).
const CONTROL_MAX: u64 = 125;

/// One frame's header, always a legal one: a control frame is whole and short, a length is below 2^63.
///
/// ```
/// use bareframe::{FrameHeader, Opcode, Rules};
/// let (header, taken) = FrameHeader::parse(b"\x81\x05Hello", Rules::FROM_SERVER)?.unwrap();
/// assert_eq!((header.opcode(), header.payload_len(), taken), (Opcode::Text, 5, 2));
/// assert_eq!(&header.encode()[..], b"\x81\x05");
/// # Ok::<(), bareframe::ProtocolError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FrameHeader {
    payload_len: u64,
    masking_key: Option<MaskingKey>,
    opcode: Opcode,
    rsv: Rsv,
    fin: bool,
}

/// What the next header may be; [`FrameHeader::parse`] judges any prefix of it by these.
///
/// A `Connection` computes them for each frame. The constants are for those who use
/// [`FrameDecoder`](crate::FrameDecoder) alone.
///
/// ```
/// use bareframe::{FrameHeader, ProtocolError, Rsv, Rules};
/// let compressed = [0xC1];
/// let refused = FrameHeader::parse(&compressed, Rules::FROM_CLIENT);
/// assert_eq!(refused, Err(ProtocolError::ReservedBits));
/// let allowed = FrameHeader::parse(&compressed, Rules::FROM_CLIENT.with_rsv(Rsv::RSV1));
/// assert_eq!(allowed, Ok(None));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Rules {
    /// The longest data payload, and the octets that the message has left, both inclusive.
    pub(crate) frame: u64,
    pub(crate) message_left: u64,
    /// Bit n stands for opcode n.
    pub(crate) opcodes: u16,
    /// The bits allowed on a text or binary frame.
    pub(crate) rsv: Rsv,
    pub(crate) mask: Mask,
    /// The message has all the frames that it may have.
    pub(crate) fragments_used_up: bool,
    /// The open message is text and ends inside a character.
    pub(crate) unfinished_text: bool,
}

/// Whether the MASK bit must be set (RFC 6455 section 5.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum Mask {
    Set,
    Clear,
    Either,
}

/// A header in octets: 2 to 14 of them.
///
/// ```
/// use bareframe::{FrameHeader, MaskingKey, Opcode, Rsv};
/// let key = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);
/// let header = FrameHeader::new(true, Rsv::NONE, Opcode::Text, Some(key), 5)?;
/// assert_eq!(&header.encode()[..], b"\x81\x85\x37\xfa\x21\x3d");
/// # Ok::<(), bareframe::SendError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HeaderBytes {
    // As wide as what it is put together in. Behind the header are zeros, but the last octet is its length.
    octets: [u8; 16],
}

/// The first octets of a header, which the rules allow: at least one, and not all. Where a decoder keeps them.
#[derive(Debug)]
pub(crate) struct PartialHeader<'d> {
    /// What has come of the length, and then the whole of it. Ahead of what has come is one bit: once it stands in the
    /// highest octet, one more is missing.
    pub(crate) payload_len: &'d mut u64,
    /// What has come of the key, in the order of the wire, with such a bit too.
    pub(crate) key: &'d mut u32,
    pub(crate) first: u8,
    /// 0 if it has not come.
    pub(crate) second: &'d mut u8,
    pub(crate) next: &'d mut Next,
}

/// A header that the rules allow, its fields as they came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WholeHeader {
    pub(crate) payload_len: u64,
    pub(crate) masking_key: Option<MaskingKey>,
    pub(crate) first: FirstOctet,
}

/// A length as a header has it, in as few octets as it needs (RFC 6455 section 5.2).
enum Length {
    /// In the second octet.
    Short(u8),
    Two(u16),
    Eight(u64),
}

/// What the next octet of a header belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum Next {
    /// It is the second.
    Second,
    Length,
    Key,
}

/// A header at the front of the input that begins a message, which it is the whole of, with nothing unusual about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beginning {
    /// FIN, no reserved bits, text or binary.
    pub(crate) first: FirstOctet,
    /// `None` if the payload is not masked.
    pub(crate) masker: Option<Masker>,
    pub(crate) payload_len: usize,
}

impl FrameHeader {
    /// The longest header, in octets.
    pub const MAX_LEN: usize = 14;

    /// Makes a header; `payload_len` is in octets.
    ///
    /// # Errors
    ///
    /// [`SendError::FragmentedControl`] and [`SendError::OversizedControl`] (RFC 6455 section 5.5),
    /// [`SendError::ReservedBits`] for one on a control frame or a continuation, [`SendError::TooLong`] from
    /// 2^63 octets on (section 5.2).
    #[inline]
    pub const fn new(
        fin: bool,
        rsv: Rsv,
        opcode: Opcode,
        masking_key: Option<MaskingKey>,
        payload_len: u64,
    ) -> Result<FrameHeader, SendError> {
        if opcode.is_control() {
            if !fin {
                return Err(SendError::FragmentedControl);
            }
            if payload_len > CONTROL_MAX {
                return Err(SendError::OversizedControl);
            }
        }
        if !rsv.is_empty() && !matches!(opcode, Opcode::Text | Opcode::Binary) {
            return Err(SendError::ReservedBits);
        }
        if payload_len > i64::MAX as u64 {
            return Err(SendError::TooLong);
        }
        Ok(FrameHeader {
            payload_len,
            masking_key,
            opcode,
            rsv,
            fin,
        })
    }

    /// The same header with this key, or with none.
    #[inline]
    pub(crate) const fn with_key(self, masking_key: Option<MaskingKey>) -> FrameHeader {
        FrameHeader { masking_key, ..self }
    }

    /// Tells whether this frame is its message's last (RFC 6455 section 5.2).
    #[must_use]
    #[inline]
    pub const fn fin(&self) -> bool {
        self.fin
    }

    /// Gives the reserved bits.
    #[must_use]
    #[inline]
    pub const fn rsv(&self) -> Rsv {
        self.rsv
    }

    /// Gives the opcode.
    #[must_use]
    #[inline]
    pub const fn opcode(&self) -> Opcode {
        self.opcode
    }

    /// Gives the masking key, or `None` if the MASK bit is clear.
    #[must_use]
    #[inline]
    pub const fn masking_key(&self) -> Option<MaskingKey> {
        self.masking_key
    }

    /// Gives the length of the payload that follows, in octets.
    #[must_use]
    #[inline]
    pub const fn payload_len(&self) -> u64 {
        self.payload_len
    }

    /// Parses the header at the front of `octets` and gives it with its length in octets; `None` if `octets` is
    /// a prefix of one that may still be legal.
    ///
    /// # Errors
    ///
    /// A [`ProtocolError`] as soon as the octets prove it, judged by `rules` (RFC 6455 section 5.2).
    pub fn parse(octets: &[u8], rules: Rules) -> Result<Option<(FrameHeader, usize)>, ProtocolError> {
        let header = FrameHeader::judge(octets, &rules)?;
        Ok(header.map(|header| (header, header.encoded_len())))
    }

    /// As [`FrameHeader::parse`]. A header that is allowed is as long as it would be encoded.
    #[inline(never)]
    pub(crate) fn judge(octets: &[u8], rules: &Rules) -> Result<Option<FrameHeader>, ProtocolError> {
        let Some((&first, rest)) = octets.split_first() else {
            return Ok(None);
        };
        rules.judge_first(first)?;
        let Some((&second, rest)) = rest.split_first() else {
            return Ok(None);
        };
        rules.judge_second(first, second)?;
        let length = second & !MASK;
        let (payload_len, rest) = match length {
            LENGTH_16 => {
                let Some((&octets, rest)) = rest.split_first_chunk() else {
                    return Ok(None);
                };
                (u64::from(u16::from_be_bytes(octets)), rest)
            }
            LENGTH_64 => {
                if rest.first().is_some_and(|octet| octet & 0x80 != 0) {
                    return Err(ProtocolError::LengthTopBit);
                }
                let Some((&octets, rest)) = rest.split_first_chunk() else {
                    return Ok(None);
                };
                (u64::from_be_bytes(octets), rest)
            }
            _ => (u64::from(length), rest),
        };
        rules.judge_length(first, length, payload_len)?;
        let masking_key = if second & MASK == 0 {
            None
        } else {
            let Some(&octets) = rest.first_chunk() else {
                return Ok(None);
            };
            Some(MaskingKey::new(octets))
        };
        rules.judge_end(first, payload_len)?;
        Ok(Some(FrameHeader {
            payload_len,
            masking_key,
            opcode: FirstOctet::new(first).opcode(),
            rsv: Rsv::from_first_octet(first),
            fin: first & FIN != 0,
        }))
    }

    /// How many octets [`FrameHeader::encode`] gives.
    #[inline]
    pub(crate) const fn encoded_len(&self) -> usize {
        let length_end = match self.length() {
            Length::Short(_) => 2_usize,
            Length::Two(_) => 4,
            Length::Eight(_) => 10,
        };
        length_end.wrapping_add(if self.masking_key.is_some() { 4 } else { 0 })
    }

    /// Writes the header as octets, the length in as few as it needs (RFC 6455 section 5.2).
    #[must_use]
    #[inline]
    pub const fn encode(&self) -> HeaderBytes {
        // Put together in registers, the first octet lowest: octets stored one by one would be waited for by whoever reads them all
        // at once.
        let (mask, key, key_len) = match self.masking_key {
            Some(key) => (MASK as u64, u32::from_le_bytes(key.octets()) as u64, 4_u64),
            None => (0, 0, 0),
        };
        let front = self.first_octet() as u64 | mask << 8;
        let (front, back, len) = match self.length() {
            Length::Short(len) => (front | (len as u64) << 8 | key << 16, 0, 2),
            Length::Two(len) => {
                let front = front | (LENGTH_16 as u64) << 8 | (len.swap_bytes() as u64) << 16;
                (front | key << 32, 0, 4)
            }
            Length::Eight(len) => {
                let len = len.swap_bytes();
                let front = front | (LENGTH_64 as u64) << 8 | len << 16;
                (front, len >> 48 | key << 16, 10_u64)
            }
        };
        let back = back | len.wrapping_add(key_len) << 56;
        HeaderBytes {
            octets: ((back as u128) << 64 | front as u128).to_le_bytes(),
        }
    }

    /// Writes the same octets to the front of `out` and gives the rest for the payload; `None` if there is no room for them.
    #[inline(always)]
    pub(crate) fn write<'o>(&self, out: &'o mut [u8]) -> Option<&'o mut [u8]> {
        let mask = if self.masking_key.is_some() { MASK } else { 0 };
        let first = self.first_octet();
        let behind = match self.length() {
            Length::Short(len) => {
                let (front, behind) = out.split_first_chunk_mut()?;
                *front = [first, mask | len];
                behind
            }
            Length::Two(len) => {
                let (front, behind) = out.split_first_chunk_mut()?;
                let [high, low] = len.to_be_bytes();
                *front = [first, mask | LENGTH_16, high, low];
                behind
            }
            Length::Eight(len) => {
                let (front, behind) = out.split_first_chunk_mut()?;
                *front = [first, mask | LENGTH_64];
                let (length, behind) = behind.split_first_chunk_mut()?;
                *length = len.to_be_bytes();
                behind
            }
        };
        let Some(key) = self.masking_key else {
            return Some(behind);
        };
        let (front, behind) = behind.split_first_chunk_mut()?;
        *front = key.octets();
        Some(behind)
    }

    #[inline]
    const fn first_octet(&self) -> u8 {
        let fin = if self.fin { FIN } else { 0 };
        fin | self.rsv.bits() | self.opcode.bits()
    }

    #[inline]
    const fn length(&self) -> Length {
        let [.., high, low] = self.payload_len.to_be_bytes();
        if self.payload_len < LENGTH_16 as u64 {
            Length::Short(low)
        } else if self.payload_len <= u16::MAX as u64 {
            Length::Two(u16::from_be_bytes([high, low]))
        } else {
            Length::Eight(self.payload_len)
        }
    }
}

impl PartialHeader<'_> {
    /// Before eight octets, and before two.
    const NO_LENGTH_64: u64 = 1;
    const NO_LENGTH_16: u64 = 1 << 48;
    pub(crate) const NO_KEY: u32 = 1;

    /// Adds the next octet; gives the header if it is the last. It is of no use after one that the rules forbid.
    #[inline(always)]
    pub(crate) fn push(self, octet: u8, rules: &Rules) -> Result<Option<WholeHeader>, ProtocolError> {
        let PartialHeader {
            payload_len,
            key,
            first,
            second,
            next,
        } = self;
        let whole = match *next {
            Next::Second => {
                rules.judge_second(first, octet)?;
                *second = octet;
                *next = Next::Length;
                let length = octet & !MASK;
                *payload_len = match length {
                    LENGTH_16 => PartialHeader::NO_LENGTH_16,
                    LENGTH_64 => PartialHeader::NO_LENGTH_64,
                    _ => length.into(),
                };
                length < LENGTH_16
            }
            Next::Length => {
                if *payload_len == PartialHeader::NO_LENGTH_64 && octet & 0x80 != 0 {
                    return Err(ProtocolError::LengthTopBit);
                }
                let whole = *payload_len >> 56 != 0;
                *payload_len = *payload_len << 8 | u64::from(octet);
                whole
            }
            Next::Key => {
                let whole = *key >> 24 != 0;
                *key = *key << 8 | u32::from(octet);
                whole
            }
        };
        if !whole {
            return Ok(None);
        }
        let masked = matches!(next, Next::Key);
        if !masked {
            rules.judge_length(first, *second & !MASK, *payload_len)?;
            if *second & MASK != 0 {
                *next = Next::Key;
                return Ok(None);
            }
        }
        rules.judge_end(first, *payload_len)?;
        Ok(Some(WholeHeader {
            payload_len: *payload_len,
            masking_key: masked.then_some(MaskingKey::new(key.to_be_bytes())),
            first: FirstOctet::new(first),
        }))
    }
}

impl WholeHeader {
    #[inline]
    pub(crate) fn fields(&self) -> FrameHeader {
        FrameHeader {
            payload_len: self.payload_len,
            masking_key: self.masking_key,
            opcode: self.first.opcode(),
            rsv: Rsv::from_first_octet(self.first.bits()),
            fin: self.first.fin(),
        }
    }
}

impl Beginning {
    /// Takes one off the front of the input that has a payload shorter than `bound` octets, or gives `None` for anything that
    /// needs the full rules.
    #[inline(always)]
    pub(crate) fn take(input: &mut &mut [u8], masked: bool, bound: i32) -> Option<Beginning> {
        let &[first, second] = input.first_chunk()?;
        if !matches!(first ^ FIN, 0x1 | 0x2) {
            return None;
        }
        let (length_end, payload_len) = match second ^ (if masked { MASK } else { 0 }) {
            short @ 0..LENGTH_16 => (2_usize, i32::from(short)),
            LENGTH_16 => {
                let &[_, _, high, low] = input.first_chunk()?;
                let len = i32::from(u16::from_be_bytes([high, low]));
                (4, Some(len).filter(|&len| len >= i32::from(LENGTH_16))?)
            }
            // Not worth its flash on a machine that has no room for such a frame.
            LENGTH_64 if cfg!(target_pointer_width = "64") => {
                let &[_, _, a, b, c, d, e, f, g, h] = input.first_chunk()?;
                let len = i32::try_from(u64::from_be_bytes([a, b, c, d, e, f, g, h])).ok()?;
                (10, Some(len).filter(|&len| len >= 0x1_0000)?)
            }
            _ => return None,
        };
        if payload_len >= bound {
            return None;
        }
        let masker = if masked {
            let header = input.split_off_mut(..length_end.wrapping_add(4))?;
            Some(Masker::new(MaskingKey::new(*header.last_chunk()?)))
        } else {
            input.split_off_mut(..length_end)?;
            None
        };
        Some(Beginning {
            first: FirstOctet::new(first),
            masker,
            payload_len: usize::try_from(payload_len).ok()?,
        })
    }
}

impl Rules {
    const ALL_OPCODES: u16 = 0b0000_0111_0000_0111;

    /// What a client may send: masked, no reserved bits, any length.
    pub const FROM_CLIENT: Rules = Rules {
        mask: Mask::Set,
        ..Rules::ANY
    };

    /// What a server may send: not masked, no reserved bits, any length.
    pub const FROM_SERVER: Rules = Rules {
        mask: Mask::Clear,
        ..Rules::ANY
    };

    /// Masked or not, no reserved bits, any length: for those who look at both directions.
    pub const ANY: Rules = Rules {
        frame: u64::MAX,
        message_left: u64::MAX,
        opcodes: Rules::ALL_OPCODES,
        rsv: Rsv::NONE,
        mask: Mask::Either,
        fragments_used_up: false,
        unfinished_text: false,
    };

    /// The same with these reserved bits allowed on text and binary frames.
    #[must_use]
    pub const fn with_rsv(self, rsv: Rsv) -> Rules {
        Rules { rsv, ..self }
    }

    /// The same with data payloads of at most this many octets.
    #[must_use]
    pub const fn with_max_payload(self, octets: u64) -> Rules {
        Rules {
            frame: octets,
            ..self
        }
    }

    /// The same for a frame inside a message that is open, or between messages: which data opcodes may come
    /// (RFC 6455 section 5.4). The constants allow all of them.
    ///
    /// ```
    /// use bareframe::{FrameHeader, ProtocolError, Rules};
    /// let between = Rules::FROM_CLIENT.with_message_open(false);
    /// assert_eq!(FrameHeader::parse(&[0x80], between), Err(ProtocolError::UnexpectedContinuation));
    /// let inside = Rules::FROM_CLIENT.with_message_open(true);
    /// assert_eq!(FrameHeader::parse(&[0x81], inside), Err(ProtocolError::InterleavedMessage));
    /// ```
    #[must_use]
    pub const fn with_message_open(self, open: bool) -> Rules {
        const INSIDE: u16 = Rules::opcodes(&[Opcode::Continuation]);
        const BETWEEN: u16 = Rules::opcodes(&[Opcode::Text, Opcode::Binary]);
        Rules {
            opcodes: if open { INSIDE } else { BETWEEN },
            ..self
        }
    }

    /// The set of opcodes as [`Rules`] holds it.
    const fn opcodes(data: &[Opcode]) -> u16 {
        let mut set = 1 << Opcode::Close.bits() | 1 << Opcode::Ping.bits() | 1 << Opcode::Pong.bits();
        let mut rest = data;
        while let Some((opcode, behind)) = rest.split_first() {
            set |= 1 << opcode.bits();
            rest = behind;
        }
        set
    }

    /// RSV, opcode, FIN of a control frame, order of fragments (RFC 6455 sections 5.2, 5.4 and 5.5).
    #[inline]
    pub(crate) const fn judge_first(&self, octet: u8) -> Result<(), ProtocolError> {
        const DATA: u16 = 1 << Opcode::Text.bits() | 1 << Opcode::Binary.bits();
        let bit: u16 = 1 << (octet & 0x0F);
        let rsv = Rsv::from_first_octet(octet);
        if !rsv.is_empty() && (bit & DATA == 0 || !self.rsv.contains(rsv)) {
            return Err(ProtocolError::ReservedBits);
        }
        if bit & self.opcodes != 0 {
            return if is_control(octet) && octet & FIN == 0 {
                Err(ProtocolError::FragmentedControl)
            } else {
                Ok(())
            };
        }
        // Every control frame is in the set.
        Err(match octet & 0x0F {
            0x0 => ProtocolError::UnexpectedContinuation,
            0x1 | 0x2 => ProtocolError::InterleavedMessage,
            _ => ProtocolError::ReservedOpcode,
        })
    }

    /// MASK, length of a control frame (RFC 6455 sections 5.1 and 5.5).
    #[inline]
    const fn judge_second(&self, first: u8, octet: u8) -> Result<(), ProtocolError> {
        let masked = octet & MASK != 0;
        match self.mask {
            Mask::Set if !masked => return Err(ProtocolError::UnmaskedFrame),
            Mask::Clear if masked => return Err(ProtocolError::MaskedFrame),
            _ => {}
        }
        if is_control(first) && octet & !MASK >= LENGTH_16 {
            return Err(ProtocolError::OversizedControl);
        }
        Ok(())
    }

    /// Minimal form, frame, message, number of fragments (RFC 6455 sections 5.2 and 10.4).
    #[inline]
    const fn judge_length(&self, first: u8, length: u8, payload_len: u64) -> Result<(), ProtocolError> {
        let minimal = match length {
            LENGTH_16 => payload_len >= LENGTH_16 as u64,
            LENGTH_64 => payload_len > u16::MAX as u64,
            _ => true,
        };
        if !minimal {
            return Err(ProtocolError::NonMinimalLength);
        }
        if is_control(first) {
            return Ok(());
        }
        if payload_len > self.frame {
            return Err(ProtocolError::FrameTooBig);
        }
        if payload_len > self.message_left {
            return Err(ProtocolError::MessageTooBig);
        }
        if self.fragments_used_up {
            return Err(ProtocolError::TooManyFragments);
        }
        Ok(())
    }

    /// No unfinished character at the end of a text (RFC 6455 section 8.1).
    #[inline]
    const fn judge_end(&self, first: u8, payload_len: u64) -> Result<(), ProtocolError> {
        if self.unfinished_text && first & FIN != 0 && payload_len == 0 && !is_control(first) {
            return Err(ProtocolError::InvalidUtf8);
        }
        Ok(())
    }
}

/// Tells whether a header that begins with this octet is a control frame's.
#[inline]
const fn is_control(first: u8) -> bool {
    first & 0x08 != 0
}

impl HeaderBytes {
    /// At most [`FrameHeader::MAX_LEN`].
    #[inline]
    const fn octet_count(&self) -> usize {
        let [.., len] = self.octets;
        // Four bits hold it: so compilers see that there are so many.
        (len & 0xF) as usize
    }
}

impl Deref for HeaderBytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.octets.get(..self.octet_count()).unwrap_or(&[])
    }
}

impl AsRef<[u8]> for HeaderBytes {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for HeaderBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HeaderBytes({:02x?})", &**self)
    }
}

/// The fields in words: `FIN, text, masked 37 fa 21 3d, 5 octets`.
impl fmt::Display for FrameHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.fin {
            f.write_str("FIN, ")?;
        }
        if !self.rsv.is_empty() {
            write!(f, "RSV {}, ", self.rsv)?;
        }
        write!(f, "{}, ", self.opcode)?;
        if let Some(key) = self.masking_key {
            write!(f, "masked {key}, ")?;
        }
        match self.payload_len {
            1 => f.write_str("1 octet"),
            len => write!(f, "{len} octets"),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use ProtocolError as E;
    use std::string::ToString;

    fn parse(octets: &[u8], rules: Rules) -> Result<Option<(FrameHeader, usize)>, ProtocolError> {
        FrameHeader::parse(octets, rules)
    }

    #[track_caller]
    fn refused(octets: &[u8], rules: Rules, error: ProtocolError, at: usize) {
        for len in 0..=octets.len() {
            let expected = if len > at { Err(error) } else { Ok(None) };
            assert_eq!(parse(&octets[..len], rules), expected, "{len} of {octets:02x?}");
        }
    }

    #[track_caller]
    fn accepted(octets: &[u8], rules: Rules, text: &str) {
        for len in 0..octets.len() {
            assert_eq!(parse(&octets[..len], rules), Ok(None), "{len} of {octets:02x?}");
        }
        let (header, taken) = parse(octets, rules).unwrap().unwrap();
        assert_eq!((taken, header.to_string().as_str()), (octets.len(), text));
        assert_eq!(&header.encode()[..], octets);
    }

    #[test]
    fn s5_7_headers_of_the_examples() {
        accepted(b"\x81\x05", Rules::FROM_SERVER, "FIN, text, 5 octets");
        accepted(
            b"\x81\x85\x37\xfa\x21\x3d",
            Rules::FROM_CLIENT,
            "FIN, text, masked 37 fa 21 3d, 5 octets",
        );
        accepted(b"\x01\x03", Rules::FROM_SERVER, "text, 3 octets");
        accepted(b"\x80\x02", Rules::FROM_SERVER, "FIN, continuation, 2 octets");
        accepted(b"\x89\x05", Rules::FROM_SERVER, "FIN, ping, 5 octets");
        accepted(
            b"\x8a\x85\x37\xfa\x21\x3d",
            Rules::FROM_CLIENT,
            "FIN, pong, masked 37 fa 21 3d, 5 octets",
        );
        accepted(b"\x82\x7e\x01\x00", Rules::FROM_SERVER, "FIN, binary, 256 octets");
        accepted(
            b"\x82\x7f\0\0\0\0\0\x01\0\0",
            Rules::FROM_SERVER,
            "FIN, binary, 65536 octets",
        );
    }

    #[test]
    fn s5_2_lengths_at_the_bounds_of_each_form() {
        accepted(b"\x82\x7d", Rules::ANY, "FIN, binary, 125 octets");
        accepted(b"\x82\x7e\x00\x7e", Rules::ANY, "FIN, binary, 126 octets");
        accepted(b"\x82\x7e\xff\xff", Rules::ANY, "FIN, binary, 65535 octets");
        accepted(
            b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
            Rules::ANY,
            "FIN, binary, 9223372036854775807 octets",
        );
    }

    #[test]
    fn s5_2_lengths_must_be_minimal() {
        refused(b"\x82\x7e\x00\x7d", Rules::ANY, E::NonMinimalLength, 3);
        refused(b"\x82\x7e\x00\x00", Rules::ANY, E::NonMinimalLength, 3);
        refused(
            b"\x82\x7f\0\0\0\0\0\0\xff\xff",
            Rules::ANY,
            E::NonMinimalLength,
            9,
        );
        refused(b"\x82\x7f\0\0\0\0\0\0\0\0", Rules::ANY, E::NonMinimalLength, 9);
    }

    #[test]
    fn s5_2_the_top_bit_of_a_length_must_be_clear() {
        refused(b"\x82\x7f\x80\0\0\0\0\0\0\0", Rules::ANY, E::LengthTopBit, 2);
        refused(
            b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            Rules::ANY,
            E::LengthTopBit,
            2,
        );
    }

    #[test]
    fn s5_2_reserved_opcodes_and_bits() {
        for bits in [3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF] {
            refused(&[0x80 | bits, 0], Rules::ANY, E::ReservedOpcode, 0);
            refused(&[bits, 0], Rules::ANY, E::ReservedOpcode, 0);
        }
        for bit in [0x10, 0x20, 0x40] {
            refused(&[0x81 | bit, 0], Rules::ANY, E::ReservedBits, 0);
            refused(
                &[0x83 | bit, 0],
                Rules::ANY.with_rsv(Rsv::ALL),
                E::ReservedBits,
                0,
            );
            refused(
                &[0x09 | bit, 0],
                Rules::ANY.with_rsv(Rsv::ALL),
                E::ReservedBits,
                0,
            );
            refused(
                &[0x80 | bit, 0],
                Rules::ANY.with_rsv(Rsv::ALL),
                E::ReservedBits,
                0,
            );
        }
        accepted(
            b"\xc2\x00",
            Rules::ANY.with_rsv(Rsv::RSV1),
            "FIN, RSV 100, binary, 0 octets",
        );
        refused(b"\xe2\x00", Rules::ANY.with_rsv(Rsv::RSV1), E::ReservedBits, 0);
    }

    #[test]
    fn s5_5_control_frames_must_not_be_fragmented_or_long() {
        for opcode in [8, 9, 0xA] {
            refused(&[opcode, 0], Rules::ANY, E::FragmentedControl, 0);
            refused(&[0x80 | opcode, 126, 0, 126], Rules::ANY, E::OversizedControl, 1);
            refused(&[0x80 | opcode, 127], Rules::ANY, E::OversizedControl, 1);
        }
    }

    #[test]
    fn s5_1_a_client_masks_and_a_server_does_not() {
        refused(b"\x81\x05", Rules::FROM_CLIENT, E::UnmaskedFrame, 1);
        refused(b"\x81\x85", Rules::FROM_SERVER, E::MaskedFrame, 1);
        refused(b"\x89\x7e", Rules::FROM_CLIENT, E::UnmaskedFrame, 1);
    }

    #[test]
    fn s10_4_limits_are_inclusive() {
        let rules = Rules::FROM_SERVER.with_max_payload(126);
        accepted(b"\x82\x7e\x00\x7e", rules, "FIN, binary, 126 octets");
        refused(b"\x82\x7e\x00\x7f", rules, E::FrameTooBig, 3);
        refused(b"\x82\x06", rules.with_max_payload(5), E::FrameTooBig, 1);
        refused(
            b"\x82\x7e\x00\x05",
            rules.with_max_payload(0),
            E::NonMinimalLength,
            3,
        );
        accepted(b"\x89\x06", rules.with_max_payload(5), "FIN, ping, 6 octets");
    }

    #[test]
    fn illegal_headers_can_not_be_made() {
        let new = |fin, rsv, opcode, len| FrameHeader::new(fin, rsv, opcode, None, len).unwrap_err();
        assert_eq!(
            new(false, Rsv::NONE, Opcode::Ping, 0),
            SendError::FragmentedControl
        );
        assert_eq!(
            new(true, Rsv::NONE, Opcode::Close, 126),
            SendError::OversizedControl
        );
        assert_eq!(
            new(true, Rsv::RSV1, Opcode::Continuation, 0),
            SendError::ReservedBits
        );
        assert_eq!(new(true, Rsv::NONE, Opcode::Binary, 1 << 63), SendError::TooLong);
    }

    #[test]
    fn s5_2_a_header_is_written_as_it_is_encoded() {
        let key = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);
        for fin in [false, true] {
            for key in [None, Some(key)] {
                for len in [0, 1, 125, 126, 65_535, 65_536, i64::MAX as u64] {
                    let header = FrameHeader::new(fin, Rsv::NONE, Opcode::Binary, key, len).unwrap();
                    let encoded = header.encode();
                    assert_eq!(encoded.len(), header.encoded_len());
                    for room in 0..16 {
                        let mut out = [0xEE; 16];
                        let rest = header.write(&mut out[..room]).map(|rest| rest.len());
                        assert_eq!(rest, room.checked_sub(encoded.len()));
                        if rest.is_some() {
                            assert_eq!(out[..encoded.len()], *encoded);
                            assert!(out[encoded.len()..].iter().all(|&octet| octet == 0xEE));
                        }
                    }
                }
            }
        }
    }

    /// What is not taken here is read right, and slowly.
    #[test]
    fn what_may_go_straight_is_taken() {
        let taken = |octets: &[u8], masked, bound| {
            let mut octets = octets.to_vec();
            let len = octets.len();
            let mut input = &mut octets[..];
            let taken = Beginning::take(&mut input, masked, bound);
            let header_len = len - input.len();
            assert!(taken.is_some() || header_len == 0);
            taken.map(|taken| (taken.first.bits(), taken.masker, header_len, taken.payload_len))
        };
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let masker = Masker::new(MaskingKey::new(key));
        let wide = usize::BITS == 64;
        for first in [0x81, 0x82] {
            for (length, len, header_len, may) in [
                (&b"\x00"[..], 0, 2, true),
                (b"\x7d", 125, 2, true),
                (b"\x7e\x00\x7d", 125, 4, false),
                (b"\x7e\x00\x7e", 126, 4, true),
                (b"\x7e\xff\xff", 65_535, 4, true),
                (b"\x7f\0\0\0\0\0\0\xff\xff", 65_535, 10, false),
                (b"\x7f\0\0\0\0\0\x01\0\0", 65_536, 10, wide),
                (b"\x7f\0\0\0\0\x7f\xff\xff\xfe", 0x7FFF_FFFE, 10, wide),
                (b"\x7f\0\0\0\0\x80\0\0\0", 0x8000_0000, 10, false),
            ] {
                let plain = [&[first], length].concat();
                let mut masked = [&plain[..], &key].concat();
                masked[1] |= MASK;
                let expected = may.then_some((first, None, header_len, len));
                assert_eq!(taken(&plain, false, i32::MAX), expected);
                assert_eq!(taken(&plain, true, i32::MAX), None);
                assert_eq!(taken(&masked, false, i32::MAX), None);
                let expected = may.then_some((first, Some(masker), header_len + 4, len));
                assert_eq!(taken(&masked, true, i32::MAX), expected);
                assert_eq!(taken(&masked[..masked.len() - 1], true, i32::MAX), None);
                if let Ok(bound) = i32::try_from(len) {
                    assert_eq!(taken(&masked, true, bound), None);
                    assert_eq!(taken(&masked, true, bound + 1), expected);
                }
            }
        }
        for first in (0..=u8::MAX).filter(|first| !matches!(first, 0x81 | 0x82)) {
            assert_eq!(taken(&[first, 0], false, i32::MAX), None);
        }
    }

    /// The sets are made by the compiler; here their rule runs.
    #[test]
    fn s5_2_the_set_of_all_opcodes() {
        use Opcode::{Binary, Continuation, Text};
        assert_eq!(Rules::opcodes(&[Continuation, Text, Binary]), Rules::ALL_OPCODES);
        assert_eq!(Rules::opcodes(&[]), Rules::ALL_OPCODES & 0xFF00);
    }
}
