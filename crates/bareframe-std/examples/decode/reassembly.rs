//! The bytes of one direction of a TCP connection, in order, of segments that come in any order and more than once.

use std::collections::BTreeMap;

/// What has come of one direction.
#[derive(Default)]
pub(crate) struct Reassembly {
    /// The sequence number of the next byte, once one is known.
    next: Option<u32>,
    /// How many bytes were taken.
    taken: u64,
    /// Segments after bytes that have not come, by the number of bytes before them.
    waiting: BTreeMap<u64, Vec<u8>>,
    /// How many segments came again, or in part.
    pub(crate) retransmitted: u64,
    /// How many segments came before one that belongs in front of them.
    pub(crate) early: u64,
}

/// Bytes that are not in the capture.
pub(crate) struct Gap {
    /// How many bytes come before them.
    pub(crate) offset: u64,
    pub(crate) len: u64,
    /// How many bytes came after them.
    pub(crate) after: u64,
}

impl Reassembly {
    /// Notes the sequence number of a SYN. The first byte has the next one (RFC 9293 section 3.4).
    pub(crate) fn begin(&mut self, sequence: u32) {
        self.next.get_or_insert(sequence.wrapping_add(1));
    }

    /// Returns `true` if a SYN with this sequence number can't be one of this connection again.
    pub(crate) fn is_other(&self, sequence: u32) -> bool {
        let first = self.next.map(|next| next.wrapping_sub(self.taken as u32));
        first.is_some_and(|first| first != sequence.wrapping_add(1))
    }

    /// Adds a segment, and returns the bytes that are in order now. Without a SYN the first segment is the beginning.
    pub(crate) fn push(&mut self, sequence: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        if payload.is_empty() {
            return bytes;
        }
        let next = *self.next.get_or_insert(sequence);
        // Sequence numbers wrap around; what is less than half of them away is in front or behind.
        let distance = i64::from(sequence.wrapping_sub(next).cast_signed());
        let Some(ahead) = u64::try_from(distance).ok().filter(|ahead| *ahead > 0) else {
            let known = usize::try_from(-distance).unwrap_or(usize::MAX);
            self.retransmitted += u64::from(known > 0);
            self.take(payload.get(known..).unwrap_or(&[]), &mut bytes);
            self.take_waiting(&mut bytes);
            return bytes;
        };
        let waiting = self.waiting.entry(self.taken + ahead).or_default();
        match waiting.is_empty() {
            true => self.early += 1,
            false => self.retransmitted += 1,
        }
        if waiting.len() < payload.len() {
            *waiting = payload.to_vec();
        }
        bytes
    }

    /// Returns the first bytes that are missing, if others came after them.
    pub(crate) fn gap(&self) -> Option<Gap> {
        let (first, _) = self.waiting.first_key_value()?;
        Some(Gap {
            offset: self.taken,
            len: first - self.taken,
            after: self.waiting.values().map(|segment| segment.len() as u64).sum(),
        })
    }

    fn take(&mut self, new: &[u8], bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(new);
        self.taken += new.len() as u64;
        self.next = self.next.map(|next| next.wrapping_add(new.len() as u32));
    }

    fn take_waiting(&mut self, bytes: &mut Vec<u8>) {
        while let Some(entry) = self.waiting.first_entry()
            && let Some(known) = self.taken.checked_sub(*entry.key())
        {
            let segment = entry.remove();
            let known = usize::try_from(known).unwrap_or(usize::MAX);
            self.take(segment.get(known..).unwrap_or(&[]), bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Reassembly;

    /// Returns what is in order after these segments, each by its sequence number after the SYN's.
    fn joined(syn: u32, segments: &[(u32, &str)]) -> (String, Reassembly) {
        let mut reassembly = Reassembly::default();
        reassembly.begin(syn);
        let mut bytes = Vec::new();
        for (at, segment) in segments {
            bytes.extend(reassembly.push(syn.wrapping_add(1 + at), segment.as_bytes()));
        }
        (String::from_utf8(bytes).unwrap(), reassembly)
    }

    #[test]
    fn rfc9293_s3_10_segments_in_every_order_and_again() {
        let segments = [(0, "ab"), (2, "cde"), (5, "f"), (1, "bcd")];
        for syn in [0, u32::MAX - 1, u32::MAX - 4, 0x7fff_fffe] {
            for code in 0..256_usize {
                let order = [code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6 & 3];
                let chosen: Vec<(u32, &str)> =
                    order.iter().chain(&[0, 1, 2]).map(|at| segments[*at]).collect();
                let (text, reassembly) = joined(syn, &chosen);
                assert_eq!(text, "abcdef", "{order:?}");
                assert!(reassembly.gap().is_none() && reassembly.retransmitted > 0);
            }
        }
    }

    #[test]
    fn what_is_missing_is_known() {
        let (text, reassembly) = joined(7, &[(0, "ab"), (4, "ef"), (6, "g")]);
        let gap = reassembly.gap().unwrap();
        assert_eq!((&text[..], gap.offset, gap.len, gap.after), ("ab", 2, 2, 3));
        assert_eq!((reassembly.early, reassembly.retransmitted), (2, 0));
    }

    #[test]
    fn a_longer_retransmission_of_what_waits_counts() {
        assert_eq!(joined(7, &[(1, "b"), (1, "bc"), (1, "b"), (0, "a")]).0, "abc");
    }

    #[test]
    fn a_keepalive_of_tcp_is_no_byte() {
        assert_eq!(joined(7, &[(0, "ab"), (1, "x"), (2, "c")]).0, "abc");
    }

    #[test]
    fn a_syn_that_comes_again_is_of_the_same_connection() {
        let (_, reassembly) = joined(u32::MAX - 1, &[(0, "abc")]);
        assert!(!reassembly.is_other(u32::MAX - 1) && reassembly.is_other(9));
        assert!(!Reassembly::default().is_other(9));
    }
}
