//! Messages with numbers, which arrive once and in order.

/// The number that comes next.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    next: u64,
}

impl Numbers {
    /// Returns the next message, of at least this length; what comes after its number is not the same in all of them.
    pub(crate) fn message(&mut self, len: usize) -> Vec<u8> {
        let number = self.next.to_le_bytes();
        self.next += 1;
        let filling = number[0];
        let mut message = number.to_vec();
        message.resize(len.max(number.len()), filling);
        message
    }

    /// Checks a message that has arrived.
    pub(crate) fn check(&mut self, message: &[u8]) -> Result<(), String> {
        let expected = self.next;
        let (number, rest) = message
            .split_first_chunk()
            .ok_or_else(|| format!("message {expected} has {} bytes", message.len()))?;
        let number = u64::from_le_bytes(*number);
        if number != expected {
            return Err(format!("message {number} came in place of {expected}"));
        }
        let filling = expected.to_le_bytes()[0];
        if let Some(at) = rest.iter().position(|byte| *byte != filling) {
            return Err(format!("byte {at} of message {number} is another"));
        }
        self.next += 1;
        Ok(())
    }

    /// Returns how many there were.
    pub(crate) const fn count(&self) -> u64 {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_lost_repeated_swapped_or_torn_is_found() {
        let mut sent = Numbers::default();
        let messages = [sent.message(100), sent.message(100), sent.message(100)];
        let check = |order: &[usize]| {
            let mut received = Numbers::default();
            order.iter().all(|at| received.check(&messages[*at]).is_ok())
        };
        assert!(check(&[0, 1, 2]));
        assert!(!check(&[0, 2]));
        assert!(!check(&[0, 0]));
        assert!(!check(&[1, 0, 2]));
        let mut torn = messages[0].clone();
        torn[50] ^= 1;
        assert!(Numbers::default().check(&torn).is_err());
        assert!(Numbers::default().check(&torn[..7]).is_err());
    }
}
