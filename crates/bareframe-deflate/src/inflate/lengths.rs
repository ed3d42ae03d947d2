//! Codes: the dynamic codes of a block, and the code lengths that describe them (RFC 1951 section 3.2.7).

use super::Decode;
use super::bits::{BitBuffer, Source, Stop, low_8, low_16};
use super::canonical::{Code, Decoded, Lengths};
use super::error::Fault;
use crate::symbols::{CODE_LENGTH_ORDER, DISTANCES, END_OF_BLOCK, LITERALS};

/// The dynamic codes of a block.
// What is long is at the end, so that an instruction of a microcontroller reaches the rest.
#[derive(Clone, Debug)]
#[repr(C)]
pub(crate) struct Codes {
    step: Step,
    /// How many literals have a code length, and how many symbols have one together.
    literal_count: u16,
    total: u16,
    /// How many code lengths were read.
    index: u16,
    /// At which of them something has to be looked at next: after the end of block, the literals, and all.
    check: u16,
    /// What is left of the space of the code that is being read, of which a code of 15 bits takes 1.
    space: u16,
    /// The distances; while code lengths are read, the code of these.
    pub(crate) distances: Code<DISTANCES>,
    lengths: Lengths,
    pub(crate) literals: Code<LITERALS>,
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
enum Step {
    LiteralCount,
    DistanceCount,
    CodeLengthCount,
    CodeLengthLengths {
        count: u16,
    },
    CodeLengths,
    /// The extra bits of symbol 16, 17 or 18.
    Repeat {
        symbol: u16,
    },
}

const SPACE: u16 = 1 << 15;

impl Codes {
    pub(crate) const EMPTY: Codes = Codes {
        step: Step::LiteralCount,
        literal_count: 0,
        total: 0,
        index: 0,
        check: 0,
        space: 0,
        distances: Code::EMPTY,
        lengths: Lengths::EMPTY,
        literals: Code::EMPTY,
    };

    /// Begins to read codes.
    pub(crate) fn begin(&mut self) {
        self.step = Step::LiteralCount;
    }

    /// Reads on, and returns `true` when the codes are there.
    pub(crate) fn read(
        &mut self,
        buffer: &mut BitBuffer,
        source: &mut Source<'_>,
        tables: &mut impl Decode,
    ) -> Result<bool, Stop> {
        match self.step {
            Step::LiteralCount => {
                let bits = buffer.take(5, source)?;
                self.literal_count = low_16(bits).wrapping_add(257);
                self.step = Step::DistanceCount;
                if usize::from(self.literal_count) > LITERALS {
                    return Err(Fault::InvalidCodeLengths.into());
                }
            }
            Step::DistanceCount => {
                let bits = buffer.take(5, source)?;
                let distance_count = low_16(bits).wrapping_add(1);
                self.total = self.literal_count.wrapping_add(distance_count);
                self.step = Step::CodeLengthCount;
                if usize::from(distance_count) > DISTANCES {
                    return Err(Fault::InvalidCodeLengths.into());
                }
            }
            Step::CodeLengthCount => {
                let bits = buffer.take(4, source)?;
                let count = low_16(bits).wrapping_add(4);
                self.distances.clear();
                self.begin_lengths();
                self.step = Step::CodeLengthLengths { count };
            }
            Step::CodeLengthLengths { count } => {
                self.read_code_length_code(count, buffer, source)?;
                tables.build_code_lengths(&self.distances);
            }
            Step::CodeLengths => return self.read_code_lengths(buffer, source, tables),
            Step::Repeat { symbol } => self.repeat(symbol, buffer, source)?,
        }
        Ok(false)
    }

    fn begin_lengths(&mut self) {
        self.lengths = Lengths::EMPTY;
        self.space = SPACE;
        self.index = 0;
    }

    fn read_code_length_code(
        &mut self,
        count: u16,
        buffer: &mut BitBuffer,
        source: &mut Source<'_>,
    ) -> Result<(), Stop> {
        while self.index < count {
            let len = low_8(buffer.take(3, source)?);
            let symbol = CODE_LENGTH_ORDER.get(usize::from(self.index)).copied();
            self.lengths.set(symbol.unwrap_or_default().into(), len);
            self.distances.count(len);
            self.index = self.index.wrapping_add(1);
            self.occupy(len)?;
        }
        if self.space > 0 {
            return Err(Fault::InvalidCodeLengths.into());
        }
        self.distances.assign(&self.lengths, 0..19);
        self.literals.clear();
        self.begin_lengths();
        self.check = END_OF_BLOCK.wrapping_add(1);
        self.step = Step::CodeLengths;
        Ok(())
    }

    fn read_code_lengths(
        &mut self,
        buffer: &mut BitBuffer,
        source: &mut Source<'_>,
        tables: &impl Decode,
    ) -> Result<bool, Stop> {
        while self.index < self.total {
            buffer.fill(source);
            match tables.code_length(&self.distances, buffer) {
                Decoded::NeedsBits => return Err(Stop::NeedsInput),
                Decoded::Unassigned(len) => {
                    buffer.consume(len.into());
                    return Err(Fault::InvalidCodeLengths.into());
                }
                Decoded::Symbol(symbol @ 0..16, len) => {
                    buffer.consume(len.into());
                    self.push(low_8(symbol.into()))?;
                }
                Decoded::Symbol(symbol, len) => {
                    buffer.consume(len.into());
                    if symbol == 16 && self.index == 0 {
                        return Err(Fault::InvalidCodeLengths.into());
                    }
                    self.step = Step::Repeat { symbol };
                    self.repeat(symbol, buffer, source)?;
                }
            }
        }
        Ok(true)
    }

    fn repeat(&mut self, symbol: u16, buffer: &mut BitBuffer, source: &mut Source<'_>) -> Result<(), Stop> {
        let (least, extra) = match symbol {
            16 => (3, 2),
            17 => (3, 3),
            _ => (11, 7),
        };
        let bits = buffer.take(extra, source)?;
        let times = low_16(bits).wrapping_add(least);
        match symbol {
            16 => {
                let len = self.lengths.of(self.index.wrapping_sub(1));
                for _ in 0..times {
                    self.push(len)?;
                }
            }
            _ => self.push_zeros(times)?,
        }
        self.step = Step::CodeLengths;
        Ok(())
    }

    /// Adds the code length 0 for this many symbols.
    fn push_zeros(&mut self, times: u16) -> Result<(), Fault> {
        let end = self.index.wrapping_add(times);
        if end < self.check {
            self.index = end;
            return Ok(());
        }
        for _ in 0..times {
            self.push(0)?;
        }
        Ok(())
    }

    /// Adds the code length of the next symbol.
    fn push(&mut self, len: u8) -> Result<(), Fault> {
        if self.index == self.total {
            return Err(Fault::InvalidCodeLengths);
        }
        self.lengths.set(self.index, len);
        if self.index < self.literal_count {
            self.literals.count(len);
        }
        self.index = self.index.wrapping_add(1);
        self.occupy(len)?;
        if self.index == self.check {
            return self.check(len);
        }
        Ok(())
    }

    /// Looks at the code that is after the last length of all, of the literals, or the end of block.
    #[cold]
    fn check(&mut self, len: u8) -> Result<(), Fault> {
        let is_at_end_of_block = self.index == END_OF_BLOCK.wrapping_add(1);
        self.check = self.literal_count;
        if is_at_end_of_block && len == 0 {
            return Err(Fault::InvalidCodeLengths);
        }
        if self.index == self.literal_count {
            self.check = self.total;
            if self.space > 0 && !self.literals.is_one_bit() {
                return Err(Fault::InvalidCodeLengths);
            }
            self.space = SPACE;
        }
        if self.index == self.total {
            self.finish()?;
        }
        Ok(())
    }

    /// Creates the codes of the lengths, which are all there.
    fn finish(&mut self) -> Result<(), Fault> {
        self.distances.clear();
        for symbol in self.literal_count..self.total {
            self.distances.count(self.lengths.of(symbol));
        }
        // A block without matches has no distances, and one with one distance has half a code.
        if self.space > 0 && self.space < SPACE && !self.distances.is_one_bit() {
            return Err(Fault::InvalidCodeLengths);
        }
        self.literals.assign(&self.lengths, 0..self.literal_count);
        self.distances
            .assign(&self.lengths, self.literal_count..self.total);
        Ok(())
    }

    /// Reserves the space of a code of this length.
    fn occupy(&mut self, len: u8) -> Result<(), Fault> {
        if len > 0 {
            let space = SPACE.wrapping_shr(len.into());
            self.space = self.space.checked_sub(space).ok_or(Fault::InvalidCodeLengths)?;
        }
        Ok(())
    }
}
