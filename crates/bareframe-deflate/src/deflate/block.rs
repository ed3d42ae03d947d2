//! Block: symbols that are gathered and then written in the shortest way (RFC 1951 section 3.2.3).

use super::fixed::{distance_extra, distance_index, join, length_extra, length_index};
use super::huffman::{Code, assign, find_lengths};
use super::memory::MemoryTooSmall;
use super::output::Output;
use crate::symbols::{
    CODE_LENGTH_ORDER, DISTANCE_BASES, DISTANCES, END_OF_BLOCK, LENGTHS, LITERALS, MAX_CODE_LEN,
};

/// The symbols of a block, and how they are written.
#[derive(Clone, Debug)]
pub(crate) struct Block<T> {
    tokens: T,
    len: usize,
    /// How often each symbol occurs: the literals, and after them the distances.
    frequencies: [u16; LITERALS + DISTANCES],
    lengths: [u8; LITERALS + DISTANCES],
    codes: [Code; LITERALS + DISTANCES],
    header: Header,
    /// Which part is next: those of the header, the tokens, and the end.
    next: usize,
}

/// What precedes a block with dynamic codes (section 3.2.7).
#[derive(Clone, Debug)]
struct Header {
    /// The symbols of the code lengths, and from bit 8 on their extra bits.
    symbols: [u16; LITERALS + DISTANCES],
    len: usize,
    literal_count: usize,
    distance_count: usize,
    code_length_count: usize,
    lengths: [u8; 19],
    codes: [Code; 19],
    is_fixed: bool,
}

/// How a block is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    Stored,
    Codes,
}

impl<T: AsMut<[u32]>> Block<T> {
    pub(crate) fn new(mut tokens: T, least: usize) -> Result<Block<T>, MemoryTooSmall> {
        MemoryTooSmall::check("tokens", tokens.as_mut().len(), least)?;
        Ok(Block {
            tokens,
            len: 0,
            frequencies: [0; LITERALS + DISTANCES],
            lengths: [0; LITERALS + DISTANCES],
            codes: [0; LITERALS + DISTANCES],
            header: Header::FIXED,
            next: 0,
        })
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
        self.frequencies = [0; LITERALS + DISTANCES];
    }

    pub(crate) fn wipe(&mut self) {
        self.clear();
        self.tokens.as_mut().fill(0);
    }

    /// Returns how many symbols there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_full(&mut self) -> bool {
        // A frequency has to fit into 16 bits.
        self.len >= self.tokens.as_mut().len().min(32_768)
    }

    pub(crate) fn push_literal(&mut self, literal: u8) {
        self.push(literal.into());
        self.count(literal.into());
    }

    pub(crate) fn push_match(&mut self, len: u32, distance: u32) {
        self.push(len << 16 | distance.wrapping_sub(1));
        self.count((length_index(len) as usize).wrapping_add(257));
        self.count((distance_index(distance) as usize).wrapping_add(LITERALS));
    }

    fn push(&mut self, token: u32) {
        if let Some(place) = self.tokens.as_mut().get_mut(self.len) {
            *place = token;
            self.len = self.len.wrapping_add(1);
        }
    }

    fn count(&mut self, symbol: usize) {
        if let Some(count) = self.frequencies.get_mut(symbol) {
            *count = count.wrapping_add(1);
        }
    }

    /// Chooses the shortest form for what is `stored_len` bytes, if it can be stored.
    pub(crate) fn choose(&mut self, stored_len: Option<usize>) -> Form {
        self.count(END_OF_BLOCK.into());
        let (literals, distances) = self.lengths.split_at_mut(LITERALS);
        let (literal_frequencies, distance_frequencies) = self.frequencies.split_at(LITERALS);
        find_lengths(literal_frequencies, MAX_CODE_LEN, literals);
        find_lengths(distance_frequencies, MAX_CODE_LEN, distances);
        self.header.describe(&self.lengths);
        let dynamic = self.cost().wrapping_add(self.header.cost());
        let dynamic_lengths = core::mem::replace(&mut self.lengths, fixed_lengths());
        let fixed = self.cost();
        // Three lengths more may be needed to get to a byte.
        let stored = stored_len.map(|len| len.wrapping_mul(8).wrapping_add(39));
        self.next = 0;
        if stored.is_some_and(|stored| stored < dynamic.min(fixed)) {
            return Form::Stored;
        }
        self.header.is_fixed = fixed <= dynamic;
        if self.header.is_fixed {
            // Codes of symbols that are never written; they complete the fixed code.
            let mut all = [0; 288];
            let mut codes = [0; 288];
            all.fill(8);
            for (place, len) in all.iter_mut().zip(self.lengths).take(LITERALS) {
                *place = len;
            }
            assign(&all, &mut codes);
            let (literals, distances) = self.codes.split_at_mut(LITERALS);
            for (place, code) in literals.iter_mut().zip(codes) {
                *place = code;
            }
            assign(&[5; DISTANCES], distances);
        } else {
            self.lengths = dynamic_lengths;
            let (literals, distances) = self.codes.split_at_mut(LITERALS);
            let (literal_lengths, distance_lengths) = self.lengths.split_at(LITERALS);
            assign(literal_lengths, literals);
            assign(distance_lengths, distances);
        }
        Form::Codes
    }

    /// Returns how many bits all symbols take with the lengths at hand.
    fn cost(&self) -> usize {
        let mut bits = 0_usize;
        for (&count, &len) in self.frequencies.iter().zip(&self.lengths) {
            bits = bits.wrapping_add(usize::from(count).wrapping_mul(len.into()));
        }
        let lengths = self.frequencies.iter().skip(257).zip(&LENGTHS);
        let distances = self.frequencies.iter().skip(LITERALS).zip(&DISTANCE_BASES);
        for (&count, &(_, extra)) in lengths.chain(distances) {
            bits = bits.wrapping_add(usize::from(count).wrapping_mul(extra.into()));
        }
        bits.wrapping_add(3)
    }

    /// Writes on, as far as there is room; returns `true` if the block is written.
    pub(crate) fn write(&mut self, output: &mut Output<'_>) -> bool {
        let parts = self.header.parts();
        while self.next < parts {
            if !output.has_room(Output::MAX_PUT) {
                return false;
            }
            self.header.write(self.next, output);
            self.next = self.next.wrapping_add(1);
        }
        let tokens = self.tokens.as_mut().get(..self.len).unwrap_or_default();
        let (literals, distances) = self.codes.split_at(LITERALS);
        for &token in tokens.get(self.next.wrapping_sub(parts)..).unwrap_or_default() {
            if !output.has_room(Output::MAX_PUT) {
                return false;
            }
            self.next = self.next.wrapping_add(1);
            let len = token >> 16;
            if len == 0 {
                put(literals, token, output);
                continue;
            }
            let distance = (token & 0xFFFF).wrapping_add(1);
            let index = length_index(len);
            let first = join(code(literals, index.wrapping_add(257)), length_extra(index, len));
            let index = distance_index(distance);
            let second = join(code(distances, index), distance_extra(index, distance));
            let (bits, count) = join(first, second);
            output.put(bits, count);
        }
        if !output.has_room(Output::MAX_PUT) {
            return false;
        }
        put(literals, END_OF_BLOCK.into(), output);
        true
    }
}

#[inline(always)]
fn code(codes: &[Code], symbol: u32) -> (u64, u32) {
    let code = codes.get(symbol as usize).copied().unwrap_or_default();
    (u64::from(code & 0xFFFF), code >> 16)
}

#[inline(always)]
fn put(codes: &[Code], symbol: u32, output: &mut Output<'_>) {
    let (bits, count) = code(codes, symbol);
    output.put(bits, count);
}

/// Returns the lengths of the fixed codes (section 3.2.6).
fn fixed_lengths() -> [u8; LITERALS + DISTANCES] {
    core::array::from_fn(|symbol| match symbol {
        0..144 => 8,
        144..256 => 9,
        256..280 => 7,
        280..LITERALS => 8,
        _ => 5,
    })
}

impl Header {
    const FIXED: Header = Header {
        symbols: [0; LITERALS + DISTANCES],
        len: 0,
        literal_count: 0,
        distance_count: 0,
        code_length_count: 0,
        lengths: [0; 19],
        codes: [0; 19],
        is_fixed: true,
    };

    /// Finds the shortest description of lengths.
    fn describe(&mut self, lengths: &[u8; LITERALS + DISTANCES]) {
        let (literals, distances) = lengths.split_at(LITERALS);
        let used = |lengths: &[u8]| {
            let last = lengths.iter().rposition(|&len| len > 0);
            last.map_or(0, |last| last.wrapping_add(1))
        };
        self.literal_count = used(literals).max(257);
        self.distance_count = used(distances).max(1);
        self.len = 0;
        let mut frequencies = [0; 19];
        let literals = literals.iter().take(self.literal_count);
        let mut all = literals
            .chain(distances.iter().take(self.distance_count))
            .copied()
            .peekable();
        while let Some(len) = all.next() {
            let most = if len == 0 { 138 } else { 7 };
            let mut run = 1_u16;
            while run < most && all.next_if_eq(&len).is_some() {
                run = run.wrapping_add(1);
            }
            self.push_run(len, run, &mut frequencies);
        }
        find_lengths(&frequencies, 7, &mut self.lengths);
        assign(&self.lengths, &mut self.codes);
        let is_used = |&symbol: &u8| self.lengths.get(usize::from(symbol)).is_some_and(|&len| len > 0);
        let last = CODE_LENGTH_ORDER.iter().rposition(is_used).unwrap_or_default();
        self.code_length_count = last.wrapping_add(1).max(4);
    }

    /// Adds a length that occurs this many times in a row.
    fn push_run(&mut self, len: u8, run: u16, frequencies: &mut [u16; 19]) {
        let mut push = |symbol: u8, extra: u16| {
            if let Some(place) = self.symbols.get_mut(self.len) {
                *place = u16::from(symbol) | extra << 8;
                self.len = self.len.wrapping_add(1);
            }
            if let Some(count) = frequencies.get_mut(usize::from(symbol)) {
                *count = count.wrapping_add(1);
            }
        };
        match (len, run) {
            (0, 11..) => push(18, run.wrapping_sub(11)),
            (0, 3..) => push(17, run.wrapping_sub(3)),
            // The first says what is repeated.
            (1.., 4..) => {
                push(len, 0);
                push(16, run.wrapping_sub(4));
            }
            _ => (0..run).for_each(|_| push(len, 0)),
        }
    }

    /// Returns how many bits the description takes.
    fn cost(&self) -> usize {
        let mut bits = self.code_length_count.wrapping_mul(3).wrapping_add(14);
        for &symbol in self.symbols.iter().take(self.len) {
            let (_, count) = self.symbol(symbol);
            bits = bits.wrapping_add(count as usize);
        }
        bits
    }

    /// Returns the bits of a symbol with its extra bits.
    fn symbol(&self, symbol: u16) -> (u64, u32) {
        let extra = match symbol & 0xFF {
            16 => 2,
            17 => 3,
            18 => 7,
            _ => 0,
        };
        let code = code(&self.codes, u32::from(symbol & 0xFF));
        join(code, (u64::from(symbol >> 8), extra))
    }

    /// Returns how many parts there are.
    fn parts(&self) -> usize {
        match self.is_fixed {
            true => 1,
            false => self.code_length_count.wrapping_add(self.len).wrapping_add(1),
        }
    }

    fn write(&self, part: usize, output: &mut Output<'_>) {
        let Some(index) = part.checked_sub(1) else {
            let block_type = if self.is_fixed { 0b010 } else { 0b100 };
            output.put(block_type, 3);
            if !self.is_fixed {
                output.put(self.literal_count.wrapping_sub(257) as u64, 5);
                output.put(self.distance_count.wrapping_sub(1) as u64, 5);
                output.put(self.code_length_count.wrapping_sub(4) as u64, 4);
            }
            return;
        };
        if index < self.code_length_count {
            let symbol = CODE_LENGTH_ORDER.get(index).copied().unwrap_or_default();
            let len = self.lengths.get(usize::from(symbol)).copied().unwrap_or_default();
            output.put(len.into(), 3);
            return;
        }
        let symbol = self.symbols.get(index.wrapping_sub(self.code_length_count));
        let (bits, count) = self.symbol(symbol.copied().unwrap_or_default());
        output.put(bits, count);
    }
}
