//! A slow and simple inflater that follows the text of RFC 1951: one bit at a time, over a whole message, with all
//! history.

use std::collections::HashMap;

/// Inflates compressed messages, and finds the byte that proves that one is invalid.
///
/// An invalid symbol, length or distance is found as soon as its code, and then its extra bits, have arrived.
///
/// ```
/// use bareframe_testkit::NaiveInflater;
/// let mut inflater = NaiveInflater::new(256);
/// let hello = inflater.message(&[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]);
/// assert_eq!((&hello.bytes[..], hello.fault), (&b"Hello"[..], None));
/// ```
#[derive(Clone, Debug)]
pub struct NaiveInflater {
    window: usize,
    takeover: bool,
    limit: usize,
    history: Vec<u8>,
}

/// The result of inflating a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Inflated {
    /// All bytes of the message, or those before the fault.
    pub bytes: Vec<u8>,
    /// The fault, and the index of the byte that proves it; of the byte after the last if the end of the message does.
    pub fault: Option<(DeflateFault, usize)>,
}

/// What can be wrong with compressed data.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the names are those of RFC 1951")]
pub enum DeflateFault {
    BlockType,
    StoredLength,
    CodeLengths,
    Symbol,
    Distance,
    Unfinished,
    TooBig,
}

/// The codes of a block: from the length of bits and the bits to the symbol whose code they are, or to none where codes only
/// begin with them.
type Code = HashMap<(usize, u32), Option<usize>>;

/// A message that is being inflated.
struct Message<'a> {
    inflater: &'a mut NaiveInflater,
    /// The payload and the tail.
    data: Vec<u8>,
    /// The next bit.
    at: usize,
    out: Vec<u8>,
}

type Result<T> = std::result::Result<T, DeflateFault>;

impl NaiveInflater {
    /// Creates an inflater with a window of this size, context takeover and no limit.
    #[must_use]
    pub fn new(window: usize) -> NaiveInflater {
        NaiveInflater {
            window,
            takeover: true,
            limit: usize::MAX,
            history: Vec::new(),
        }
    }

    /// Discards the history before each message.
    #[must_use]
    pub fn without_takeover(mut self) -> NaiveInflater {
        self.takeover = false;
        self
    }

    /// Sets how many bytes a message may have.
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> NaiveInflater {
        self.limit = limit;
        self
    }

    /// Inflates the payload of a message. The results after a fault are meaningless.
    pub fn message(&mut self, payload: &[u8]) -> Inflated {
        let end = payload.len() * 8;
        let mut message = Message {
            inflater: self,
            data: [payload, &[0x00, 0x00, 0xFF, 0xFF]].concat(),
            at: 0,
            out: Vec::new(),
        };
        let fault = message.blocks(end).err();
        // The last bit that was read proves it.
        let at = (message.at.saturating_sub(1) / 8).min(payload.len());
        let bytes = message.out;
        if !self.takeover {
            self.history.clear();
        }
        let at = match fault {
            Some(DeflateFault::Unfinished) => payload.len(),
            _ => at,
        };
        Inflated {
            bytes,
            fault: fault.map(|fault| (fault, at)),
        }
    }
}

impl Message<'_> {
    /// RFC 1951 section 3.2.3.
    fn blocks(&mut self, end: usize) -> Result<()> {
        loop {
            // No block begins in what is left of the payload, or of the tail.
            let is_end = self.at <= end && self.at + 3 > end;
            if is_end || self.at + 3 > self.data.len() * 8 {
                return Ok(());
            }
            let is_final = self.bits(1)? == 1;
            match self.bits(2)? {
                0 => self.stored()?,
                1 => {
                    let lengths = |symbol| match symbol {
                        0..=143 => 8,
                        144..=255 => 9,
                        256..=279 => 7,
                        _ => 8,
                    };
                    let literals: Vec<usize> = (0..288).map(lengths).collect();
                    self.symbols(&code(&literals), &code(&[5; 32]))?;
                }
                2 => {
                    let (literals, distances) = self.dynamic()?;
                    self.symbols(&literals, &distances)?;
                }
                _ => return Err(DeflateFault::BlockType),
            }
            if is_final {
                self.at = self.at.next_multiple_of(8);
                self.inflater.history.clear();
            }
        }
    }

    /// Section 3.2.4.
    fn stored(&mut self) -> Result<()> {
        self.at = self.at.next_multiple_of(8);
        let len = self.bits(16)?;
        if self.bits(16)? != !len & 0xFFFF {
            return Err(DeflateFault::StoredLength);
        }
        self.check_len(len as usize)?;
        for _ in 0..len {
            let byte = self.bits(8)?;
            self.push(byte as u8);
        }
        Ok(())
    }

    /// Section 3.2.7.
    fn dynamic(&mut self) -> Result<(Code, Code)> {
        let wrong = Err(DeflateFault::CodeLengths);
        let literal_count = self.bits(5)? as usize + 257;
        if literal_count > 286 {
            return wrong;
        }
        let distance_count = self.bits(5)? as usize + 1;
        if distance_count > 30 {
            return wrong;
        }
        let mut lengths = [0; 19];
        let count = self.bits(4)? as usize + 4;
        let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        for &symbol in &order[..count] {
            lengths[symbol] = self.bits(3)? as usize;
            if space(&lengths) < 0 {
                return wrong;
            }
        }
        if space(&lengths) != 0 {
            return wrong;
        }
        let code_length_code = code(&lengths);
        let total = literal_count + distance_count;
        let mut lengths = Vec::new();
        while lengths.len() < total {
            let (len, times) = match self.symbol(&code_length_code)? {
                16 => match lengths.last() {
                    Some(&last) => (last, self.bits(2)? + 3),
                    None => return wrong,
                },
                17 => (0, self.bits(3)? + 3),
                18 => (0, self.bits(7)? + 11),
                len => (len, 1),
            };
            for _ in 0..times {
                lengths.push(len);
                let literals = &lengths[..lengths.len().min(literal_count)];
                let distances = &lengths[literals.len()..];
                let is_wrong = lengths.len() > total
                    || space(literals) < 0
                    || space(distances) < 0
                    || literals.get(256) == Some(&0)
                    || literals.len() == literal_count && !is_complete(literals)
                    || lengths.len() == total
                        && !is_complete(distances)
                        && distances.iter().any(|&len| len > 0);
                if is_wrong {
                    return wrong;
                }
            }
        }
        let (literals, distances) = lengths.split_at(literal_count);
        Ok((code(literals), code(distances)))
    }

    /// Section 3.2.5.
    fn symbols(&mut self, literals: &Code, distances: &Code) -> Result<()> {
        loop {
            let symbol = self.symbol(literals)?;
            if symbol < 256 {
                self.check_len(1)?;
                self.push(symbol as u8);
                continue;
            }
            if symbol == 256 {
                return Ok(());
            }
            let (base, extra) = match symbol {
                257..=264 => (symbol - 254, 0),
                265..=284 => {
                    let extra = (symbol - 261) / 4;
                    ((((symbol - 261) % 4 + 4) << extra) + 3, extra)
                }
                285 => (258, 0),
                _ => return Err(DeflateFault::Symbol),
            };
            self.check_len(base)?;
            let len = base + self.bits(extra)? as usize;
            self.check_len(len)?;
            let symbol = self.symbol(distances)?;
            let (base, extra) = match symbol {
                0..=3 => (symbol + 1, 0),
                4..=29 => {
                    let extra = symbol / 2 - 1;
                    (((symbol % 2 + 2) << extra) + 1, extra)
                }
                _ => return Err(DeflateFault::Symbol),
            };
            self.check_distance(base)?;
            let distance = base + self.bits(extra)? as usize;
            self.check_distance(distance)?;
            for _ in 0..len {
                let history = &self.inflater.history;
                let byte = history[history.len() - distance];
                self.push(byte);
            }
        }
    }

    fn check_len(&self, len: usize) -> Result<()> {
        match len > self.inflater.limit - self.out.len() {
            true => Err(DeflateFault::TooBig),
            false => Ok(()),
        }
    }

    fn check_distance(&self, distance: usize) -> Result<()> {
        match distance > self.inflater.history.len().min(self.inflater.window) {
            true => Err(DeflateFault::Distance),
            false => Ok(()),
        }
    }

    fn push(&mut self, byte: u8) {
        self.out.push(byte);
        self.inflater.history.push(byte);
    }

    /// Returns a number, its least significant bit first (section 3.1.1).
    fn bits(&mut self, count: usize) -> Result<u32> {
        let mut number = 0;
        for place in 0..count {
            let byte = self.data.get(self.at / 8).ok_or(DeflateFault::Unfinished)?;
            number |= u32::from(byte >> (self.at % 8) & 1) << place;
            self.at += 1;
        }
        Ok(number)
    }

    /// Returns a code, its most significant bit first (section 3.1.1).
    fn symbol(&mut self, code: &Code) -> Result<usize> {
        let mut bits = 0;
        for len in 1..=15 {
            bits = bits << 1 | self.bits(1)?;
            match code.get(&(len, bits)) {
                Some(Some(symbol)) => return Ok(*symbol),
                Some(None) => {}
                None => break,
            }
        }
        Err(DeflateFault::Symbol)
    }
}

/// Returns the codes that follow from their lengths (section 3.2.2).
fn code(lengths: &[usize]) -> Code {
    let mut codes = Code::new();
    let mut next = 0;
    for len in 1..=15 {
        next <<= 1;
        for symbol in (0..lengths.len()).filter(|&symbol| lengths[symbol] == len) {
            codes.insert((len, next), Some(symbol));
            for shorter in 1..len {
                codes.insert((shorter, next >> (len - shorter)), None);
            }
            next += 1;
        }
    }
    codes
}

/// Returns how many codes of 15 bits would still fit beside codes of these lengths.
fn space(lengths: &[usize]) -> i32 {
    let taken: i32 = lengths
        .iter()
        .filter(|&&len| len > 0)
        .map(|&len| 1 << (15 - len))
        .sum();
    (1 << 15) - taken
}

/// Returns `true` if each sequence of bits begins with a code, or the only code is of one bit.
fn is_complete(lengths: &[usize]) -> bool {
    let used: Vec<usize> = lengths.iter().copied().filter(|&len| len > 0).collect();
    space(lengths) == 0 || used == [1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7692_s7_2_3_the_examples() {
        let mut inflater = NaiveInflater::new(1 << 15);
        let hello = |payload: &[u8], inflater: &mut NaiveInflater| {
            let inflated = inflater.message(payload);
            assert_eq!((&inflated.bytes[..], inflated.fault), (&b"Hello"[..], None));
        };
        hello(&[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], &mut inflater);
        hello(&[0xF2, 0x00, 0x11, 0x00, 0x00], &mut inflater);
        hello(
            &[0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00],
            &mut inflater,
        );
        hello(&[0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00], &mut inflater);
        hello(
            &[
                0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00,
            ],
            &mut inflater,
        );
    }
}
