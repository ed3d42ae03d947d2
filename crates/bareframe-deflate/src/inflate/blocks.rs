//! Blocks: decodes the blocks of DEFLATE (RFC 1951 section 3.2.3), symbol by symbol, from any cut to any other.

use super::Decode;
use super::bits::{BitBuffer, Source, Stop, low_16};
use super::canonical::{Decoded, fixed_distance, fixed_literal};
use super::error::Fault;
use super::lengths::Codes;
use super::ring::Ring;
use crate::symbols::{END_OF_BLOCK, FIRST_LENGTH, distance, length};

/// Where in a block the decoder is.
// What is used most is in front, where an instruction of a microcontroller reaches it.
#[derive(Clone, Debug)]
#[repr(C)]
pub(crate) struct Blocks<T> {
    pub(crate) buffer: BitBuffer,
    state: State,
    /// The block at hand is the last of its stream.
    is_final: bool,
    /// The block at hand has the fixed codes.
    is_fixed: bool,
    codes: Codes,
    tables: T,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Header,
    StoredLength,
    StoredComplement { len: u16 },
    Stored { left: u16 },
    Codes,
    Symbol,
    LengthExtra { base: u16, extra: u8 },
    Distance { len: u16 },
    DistanceExtra { len: u16, base: u16, extra: u8 },
    Match { len: u16, distance: u16 },
}

impl<T: Decode> Blocks<T> {
    pub(crate) fn new(tables: T) -> Blocks<T> {
        Blocks {
            buffer: BitBuffer::EMPTY,
            codes: Codes::EMPTY,
            tables,
            state: State::Header,
            is_final: false,
            is_fixed: false,
        }
    }

    /// Begins a new stream.
    pub(crate) fn reset(&mut self) {
        self.buffer.clear();
        self.state = State::Header;
        self.is_final = false;
    }

    /// Returns `true` if no block is begun.
    pub(crate) fn is_between_blocks(&self) -> bool {
        matches!(self.state, State::Header)
    }

    /// Returns `true` if what was decoded ends as a sync flush does whose last four bytes were removed.
    pub(crate) fn is_at_tail(&self) -> bool {
        matches!(self.state, State::StoredLength) && self.buffer.count() == 0
    }

    /// Decodes as far as input and room last.
    // As a function of its own it has a register for `self`, whatever its caller does.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(crate) fn run(&mut self, source: &mut Source<'_>, ring: &mut Ring<'_>) -> Stop {
        loop {
            if let Err(stop) = self.step(source, ring) {
                return stop;
            }
        }
    }

    fn step(&mut self, source: &mut Source<'_>, ring: &mut Ring<'_>) -> Result<(), Stop> {
        match self.state {
            State::Header => {
                let bits = self.buffer.take(3, source)?;
                self.is_final = bits & 1 != 0;
                self.is_fixed = bits >> 1 == 1;
                self.state = match bits >> 1 {
                    0 => {
                        self.buffer.align();
                        State::StoredLength
                    }
                    1 => State::Symbol,
                    2 => {
                        self.codes.begin();
                        State::Codes
                    }
                    _ => return Err(Fault::InvalidBlockType.into()),
                };
            }
            State::StoredLength => {
                let bits = self.buffer.take(16, source)?;
                let len = low_16(bits);
                self.state = State::StoredComplement { len };
            }
            State::StoredComplement { len } => {
                let bits = self.buffer.take(16, source)?;
                if bits & 0xFFFF != usize::from(!len) {
                    return Err(Fault::InvalidStoredLength.into());
                }
                check_length(len, ring)?;
                self.buffer.unread(source);
                self.state = State::Stored { left: len };
            }
            State::Stored { left: 0 } => self.end_block(ring),
            State::Stored { left } => {
                let rest = source.rest();
                let taken = ring.extend(rest.get(..left.into()).unwrap_or(rest));
                source.advance(taken);
                self.state = State::Stored {
                    left: left.wrapping_sub(low_16(taken)),
                };
                if taken == 0 {
                    return Err(if rest.is_empty() {
                        Stop::NeedsInput
                    } else {
                        Stop::NeedsRoom
                    });
                }
            }
            State::Codes => {
                if self.codes.read(&mut self.buffer, source, &mut self.tables)? {
                    self.tables.build(&self.codes);
                    self.state = State::Symbol;
                }
            }
            _ => return self.step_in_symbols(source, ring),
        }
        Ok(())
    }

    fn step_in_symbols(&mut self, source: &mut Source<'_>, ring: &mut Ring<'_>) -> Result<(), Stop> {
        match self.state {
            State::Symbol => {
                self.tables.run(self.is_fixed, &mut self.buffer, source, ring);
                self.buffer.fill(source);
                let decoded = match self.is_fixed {
                    true => fixed_literal(&self.buffer),
                    false => self.codes.literals.decode(&self.buffer),
                };
                let Decoded::Symbol(symbol, code_len) = decoded else {
                    return self.no_symbol(decoded);
                };
                if symbol < END_OF_BLOCK {
                    // It stays in the buffer until there is room for it.
                    if ring.room() == 0 {
                        return Err(Stop::NeedsRoom);
                    }
                    self.buffer.consume(code_len.into());
                    check_length(1, ring)?;
                    ring.push((symbol & 0xFF) as u8);
                    return Ok(());
                }
                self.buffer.consume(code_len.into());
                if symbol == END_OF_BLOCK {
                    self.end_block(ring);
                    return Ok(());
                }
                let length = length(symbol.wrapping_sub(FIRST_LENGTH));
                let (base, extra) = length.ok_or(Fault::InvalidSymbol)?;
                check_length(base, ring)?;
                self.state = State::LengthExtra { base, extra };
            }
            State::LengthExtra { base, extra } => {
                let bits = self.buffer.take(extra.into(), source)?;
                let len = base.wrapping_add(low_16(bits));
                check_length(len, ring)?;
                self.state = State::Distance { len };
            }
            State::Distance { len } => {
                self.buffer.fill(source);
                let decoded = match self.is_fixed {
                    true => fixed_distance(&self.buffer),
                    false => self.codes.distances.decode(&self.buffer),
                };
                let Decoded::Symbol(symbol, code_len) = decoded else {
                    return self.no_symbol(decoded);
                };
                self.buffer.consume(code_len.into());
                let (base, extra) = distance(symbol).ok_or(Fault::InvalidSymbol)?;
                check_distance(base, ring)?;
                self.state = State::DistanceExtra { len, base, extra };
            }
            State::DistanceExtra { len, base, extra } => {
                let bits = self.buffer.take(extra.into(), source)?;
                let distance = base.wrapping_add(low_16(bits));
                check_distance(distance, ring)?;
                self.state = State::Match { len, distance };
            }
            State::Match { len, distance } => {
                let written = ring.repeat(distance.into(), len.into());
                let left = len.wrapping_sub(low_16(written));
                if left > 0 {
                    self.state = State::Match { len: left, distance };
                    return Err(Stop::NeedsRoom);
                }
                self.state = State::Symbol;
            }
            _ => {}
        }
        Ok(())
    }

    /// Stops for more bits, or fails where bits are no code.
    fn no_symbol(&mut self, decoded: Decoded) -> Result<(), Stop> {
        match decoded {
            Decoded::Unassigned(len) => {
                self.buffer.consume(len.into());
                Err(Fault::InvalidSymbol.into())
            }
            _ => Err(Stop::NeedsInput),
        }
    }

    /// Continues to the next block, which begins a stream of its own after a final one (RFC 7692 section 7.2.3.4).
    pub(crate) fn end_block(&mut self, ring: &mut Ring<'_>) {
        self.state = State::Header;
        if self.is_final {
            self.is_final = false;
            self.buffer.align();
            ring.history = 0;
        }
    }
}

fn check_length(len: u16, ring: &Ring<'_>) -> Result<(), Fault> {
    if usize::from(len) > ring.left {
        return Err(Fault::TooBig);
    }
    Ok(())
}

fn check_distance(distance: u16, ring: &Ring<'_>) -> Result<(), Fault> {
    if usize::from(distance) > ring.history {
        return Err(Fault::InvalidDistance);
    }
    Ok(())
}
