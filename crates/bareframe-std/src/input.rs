//! The octets of the last read that were not looked at yet.
//!
//! ```text
//! octets: [ taken by the engine | arrived | free ]
//!         0                   start     end
//! ```

use std::fmt;
use std::io::{self, Read};

/// After this many reads in a row that a quarter of the buffer would have held, it is the least again.
const SMALL_READS: u8 = 32;

pub(crate) struct Input {
    octets: Box<[u8]>,
    start: usize,
    end: usize,
    /// The lengths that the buffer has at least and at most.
    least: usize,
    most: usize,
    /// The last read filled the buffer.
    filled: bool,
    small_reads: u8,
}

impl Input {
    /// Makes an empty buffer of `least` octets, but at least one. While reads fill it, it doubles up to
    /// `most`.
    pub(crate) fn new(least: usize, most: usize) -> Input {
        let least = least.max(1);
        Input {
            octets: vec![0; least].into(),
            start: 0,
            end: 0,
            least,
            most,
            filled: false,
            small_reads: 0,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(crate) fn arrived(&self) -> &[u8] {
        &self.octets[self.start..self.end]
    }

    pub(crate) fn arrived_mut(&mut self) -> &mut [u8] {
        &mut self.octets[self.start..self.end]
    }

    /// How many octets the buffer holds at the moment.
    pub(crate) fn capacity(&self) -> usize {
        self.octets.len()
    }

    /// Where what has arrived ends.
    pub(crate) fn end(&self) -> usize {
        self.end
    }

    /// Octets that lie where [`Input::end`] has shown, until the next read.
    pub(crate) fn range_mut(&mut self, range: std::ops::Range<usize>) -> &mut [u8] {
        &mut self.octets[range]
    }

    /// All but the last `left` of the octets that have arrived were taken.
    pub(crate) fn keep_last(&mut self, left: usize) {
        self.start = self.end - left;
    }

    /// Puts octets behind those that have arrived, and makes room for them if there is too little.
    pub(crate) fn extend(&mut self, more: &[u8]) {
        let arrived = self.end - self.start;
        if self.octets.len() - arrived < more.len() {
            let mut octets = vec![0; arrived + more.len()];
            octets[..arrived].copy_from_slice(self.arrived());
            self.octets = octets.into();
        } else {
            self.octets.copy_within(self.start..self.end, 0);
        }
        (self.start, self.end) = (0, arrived);
        self.octets[arrived..][..more.len()].copy_from_slice(more);
        self.end += more.len();
    }

    /// Reads once, behind what has arrived; if nothing of that is left, into the whole buffer. 0 is the end
    /// of the stream, or that there is no room.
    pub(crate) fn fill(&mut self, stream: &mut impl Read) -> io::Result<usize> {
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
            self.adapt();
        }
        loop {
            match stream.read(&mut self.octets[self.end..]) {
                Ok(len) => {
                    self.end += len;
                    self.filled = self.end == self.octets.len();
                    let is_small = len <= self.octets.len() / 4;
                    self.small_reads = if is_small {
                        self.small_reads.saturating_add(1)
                    } else {
                        0
                    };
                    return Ok(len);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // TLS says so that its end was cut off, which the engine judges as any other end.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                Err(error) => return Err(error),
            }
        }
    }

    /// Gives an empty buffer the length that suits the last reads: what has arrived decides, not what was
    /// declared.
    fn adapt(&mut self) {
        let len = self.octets.len();
        let suitable = if self.filled && len < self.most {
            len.saturating_mul(2).min(self.most)
        } else if self.small_reads >= SMALL_READS && len > self.least {
            self.least
        } else {
            return;
        };
        self.octets = vec![0; suitable].into();
        (self.filled, self.small_reads) = (false, 0);
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Input({} of {} octets)",
            self.end - self.start,
            self.octets.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the buffer's length is after each read of so many octets.
    fn lengths_after(input: &mut Input, reads: &[usize]) -> Vec<usize> {
        let lengths = reads.iter().map(|len| {
            input.fill(&mut &vec![0; *len][..]).unwrap();
            input.keep_last(0);
            input.octets.len()
        });
        lengths.collect()
    }

    #[test]
    fn the_buffer_doubles_while_reads_fill_it_and_is_given_back_when_they_no_longer_do() {
        let mut input = Input::new(16, 100);
        assert_eq!(
            lengths_after(&mut input, &[15, 16, 15, 99, 99, 99]),
            [16, 16, 32, 32, 64, 100]
        );
        assert_eq!(lengths_after(&mut input, &[26; 100]), [100; 100]);
        assert_eq!(lengths_after(&mut input, &[25; 32]), [100; 32]);
        assert_eq!(lengths_after(&mut input, &[16, 99, 99]), [16, 32, 64]);

        let mut fixed = Input::new(16, 0);
        assert_eq!(lengths_after(&mut fixed, &[99; 3]), [16; 3]);
    }

    #[test]
    fn what_was_left_over_stays_in_front() {
        let mut input = Input::new(4, 4);
        input.extend(b"ab");
        input.keep_last(1);
        input.extend(b"cde");
        assert_eq!(input.arrived(), b"bcde");
        input.extend(b"f");
        assert_eq!(input.arrived(), b"bcdef");
    }
}
