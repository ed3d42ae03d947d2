//! Counts the instructions that inflating and compressing take, at window bits 9 and with takeover, and prints the median of
//! the messages: one line a case. QEMU must run it as `measure`.

#![no_std]
#![no_main]

use bareframe_deflate::{Compact, DeflateStep, Deflater, Inflater, Step, WindowBits};
use core::fmt::{self, Write};
use core::hint::black_box;
use cortex_m_semihosting::{debug, hprintln};
use measure::{instructions, start_clock, ticks};

const MESSAGES: usize = 32;
/// The longest message.
const LONGEST: usize = 1024;

/// A message in memory.
struct Message {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        let len = text.len().min(room.len());
        room[..len].copy_from_slice(&text.as_bytes()[..len]);
        self.len += len;
        Ok(())
    }
}

impl Message {
    /// Writes readings of a sensor as JSON; no two messages are equal.
    fn fill(&mut self, len: usize, number: &mut u32) {
        self.len = 0;
        while self.len < len {
            *number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (at, value) = (*number >> 12, *number >> 22);
            let written = write!(
                self,
                "{{\"at\":{at},\"sensor\":\"hall\",\"celsius\":2{}.{:02}}},",
                value % 10,
                value / 11
            );
            assert!(written.is_ok());
        }
        self.len = len;
    }
}

/// Returns the median.
fn median(counts: &mut [u32; MESSAGES]) -> u32 {
    counts.sort_unstable();
    counts[MESSAGES / 2]
}

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut PAYLOADS: [u8; 24 * LONGEST] = [0; 24 * LONGEST];
    static mut MESSAGE: Message = Message {
        bytes: [0; LONGEST],
        len: 0,
    };
    static mut HISTORY: [u8; 1024] = [0; 1024];
    static mut HEADS: [u16; 128] = [0; 128];
    static mut WINDOW: [u8; 512] = [0; 512];
    start_clock();
    let mut counts = [0; MESSAGES];
    for count in &mut counts {
        let before = ticks();
        *count = instructions(before, ticks());
    }
    // What reading the clock takes.
    let own = median(&mut counts);
    let bits = WindowBits::new(9).expect("9 are window bits");
    for len in [64, 256, LONGEST] {
        let deflater = Deflater::greedy(bits, &mut HISTORY[..], &mut HEADS[..]);
        let mut deflater = deflater.expect("the memory is large enough");
        let (mut number, mut end) = (7, 0);
        let mut ends = [0; MESSAGES];
        for (place, count) in ends.iter_mut().zip(&mut counts) {
            MESSAGE.fill(len, &mut number);
            let mut input = &MESSAGE.bytes[..len];
            let before = ticks();
            let step = deflater.deflate(&mut input, &mut PAYLOADS[end..], true);
            *count = instructions(before, ticks());
            let DeflateStep::MessageEnd(len) = step else {
                panic!("there is room")
            };
            end += len;
            *place = end;
        }
        hprintln!("deflate {} {}", len, median(&mut counts) - own);

        let mut inflater = Inflater::<Compact>::new(bits);
        let (mut begin, mut inflated) = (0, 0);
        for (end, count) in ends.into_iter().zip(&mut counts) {
            let mut input = &PAYLOADS[begin..end];
            let before = ticks();
            while let Ok(Step::Output(range)) = inflater.inflate(WINDOW, &mut input, true) {
                inflated += black_box(&WINDOW[range]).len();
            }
            *count = instructions(before, ticks());
            begin = end;
        }
        assert_eq!(inflated, len * MESSAGES);
        hprintln!("inflate {} {}", len, median(&mut counts) - own);
    }
    debug::exit(debug::EXIT_SUCCESS);
    loop {}
}
