//! Counts the instructions that receiving takes, frame by frame, and prints the median: one line a case.

#![no_std]
#![no_main]

use bareframe::{Config, Connection, Event, FrameHeader, Masker, MaskingKey, Opcode, Rsv, Server};
use cortex_m_semihosting::{debug, hprintln};
use measure::{instructions, start_clock, ticks};

const FRAMES: usize = 32;

/// When each frame's last byte was received, in ticks that count down.
struct Clock {
    at: [u32; FRAMES + 1],
    len: usize,
}

impl Clock {
    fn start() -> Clock {
        start_clock();
        Clock {
            at: [0; FRAMES + 1],
            len: 0,
        }
    }

    #[inline(always)]
    fn mark(&mut self) {
        let now = ticks();
        if let Some(at) = self.at.get_mut(self.len) {
            *at = now;
        }
        self.len += 1;
    }

    /// Returns the median of the instructions between two marks.
    fn median(&self) -> u32 {
        let mut between = [0; FRAMES];
        for (between, pair) in between.iter_mut().zip(self.at.windows(2)) {
            *between = instructions(pair[0], pair[1]);
        }
        between.sort_unstable();
        between[FRAMES / 2]
    }
}

/// Writes the frames back to back and returns their length in bytes.
fn frames(opcode: Opcode, payload_len: usize, out: &mut [u8]) -> usize {
    let mut len = 0;
    for frame in 0..FRAMES {
        let key = MaskingKey::new([0x37, 0xfa, 0x21, frame as u8]);
        let header = FrameHeader::new(true, Rsv::NONE, opcode, Some(key), payload_len as u64);
        let header = header.expect("a short frame").encode();
        out[len..][..header.len()].copy_from_slice(&header);
        len += header.len();
        let payload = &mut out[len..][..payload_len];
        payload.fill(b'a');
        Masker::new(key).apply(payload);
        len += payload_len;
    }
    len
}

/// Receives the bytes in pieces. A consumer reads each payload's length and first byte.
#[inline(never)]
fn receive(server: &mut Connection<Server>, bytes: &mut [u8], piece: usize, clock: &mut Clock) -> u32 {
    let mut sum = 0_u32;
    clock.mark();
    for mut input in bytes.chunks_mut(piece) {
        while let Ok(Some(event)) = server.receive(&mut input) {
            if let Event::Data(data) = event {
                let payload = data.payload();
                sum = sum.wrapping_add(payload.len() as u32);
                sum = sum.wrapping_add(payload.first().map_or(0, |&byte| byte.into()));
                if data.is_last() {
                    clock.mark();
                }
            }
        }
    }
    sum
}

/// What a mark costs by itself.
#[inline(never)]
fn marks(clock: &mut Clock) {
    for _ in 0..=FRAMES {
        clock.mark();
    }
}

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut BYTES: [u8; FRAMES * (1024 + FrameHeader::MAX_LEN)] =
        [0; FRAMES * (1024 + FrameHeader::MAX_LEN)];
    let mut clock = Clock::start();
    marks(&mut clock);
    let own = clock.median();
    for (kind, opcode) in [("binary", Opcode::Binary), ("text", Opcode::Text)] {
        for payload_len in [0, 16, 125, 1024] {
            for (name, piece) in [("whole", usize::MAX), ("pieces", 64)] {
                let len = frames(opcode, payload_len, BYTES);
                let mut server = Connection::server(Config::DEFAULT);
                let mut clock = Clock::start();
                let sum = receive(&mut server, &mut BYTES[..len], piece, &mut clock);
                board::opaque(sum);
                assert_eq!(clock.len, FRAMES + 1);
                hprintln!("{} {} {} {}", kind, name, payload_len, clock.median() - own);
            }
        }
    }
    debug::exit(debug::EXIT_SUCCESS);
    loop {}
}
