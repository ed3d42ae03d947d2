//! Compact: nothing beside the codes themselves.

use super::bits::{BitBuffer, Source};
use super::lengths::Codes;
use super::ring::Ring;
use super::{Decode, Progress, Size};

/// Decodes bit by bit, in at most 1 KiB beside the window: for microcontrollers.
///
/// ```
/// use bareframe_deflate::{Compact, Inflater};
/// assert!(size_of::<Inflater<Compact>>() <= 1024);
/// ```
#[derive(Clone, Copy, Default, Debug)]
pub struct Compact(());

impl Size for Compact {}

impl Decode for Compact {
    fn build(&mut self, _: &Codes) {}

    fn run(&self, _: bool, _: &mut BitBuffer, _: &mut Source<'_>, _: &mut Ring<'_>) -> Progress {
        Progress::Stopped
    }
}
