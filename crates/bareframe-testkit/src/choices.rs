//! A string of bytes read as choices.

/// Choices read from the front of a string of bytes; each is zero once they are used up.
///
/// A value that is built from few choices is small, and one that is built from zeros is simple. So a tool that shrinks
/// or mutates bytes (proptest, libFuzzer) shrinks or mutates such values without knowing their types.
///
/// ```
/// use bareframe_testkit::Choices;
/// let mut choices = Choices::new(&[7, 1]);
/// assert_eq!(choices.below(5), 2);
/// assert_eq!(choices.byte(), 1);
/// assert!(choices.are_used_up());
/// assert_eq!(choices.byte(), 0);
/// ```
#[derive(Clone, Debug)]
pub struct Choices<'a> {
    bytes: &'a [u8],
}

impl<'a> Choices<'a> {
    /// Reads choices from these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Choices<'a> {
        Choices { bytes }
    }

    /// Returns `true` if every further choice is zero.
    #[must_use]
    pub fn are_used_up(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Chooses a byte.
    pub fn byte(&mut self) -> u8 {
        match self.bytes.split_first() {
            Some((&byte, rest)) => {
                self.bytes = rest;
                byte
            }
            None => 0,
        }
    }

    /// Chooses a number below `end`, and never one above 255.
    ///
    /// # Panics
    ///
    /// If `end` is zero.
    pub fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }

    /// Chooses one of these.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn one_of<T: Copy>(&mut self, these: &[T]) -> T {
        these[self.below(these.len())]
    }

    /// Chooses yes once in `end` times, and no when the choices are used up.
    ///
    /// # Panics
    ///
    /// If `end` is less than two.
    pub fn once_in(&mut self, end: usize) -> bool {
        assert!(end > 1, "no choice");
        self.below(end) == end - 1
    }
}
