//! Matches in a window whose memory has room for more bytes than a match has: what a distance may reach is not overwritten.

mod support;

use bareframe_deflate::Fast;
use support::Setting;

/// Writes bits, the first of them the least significant.
#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn put(&mut self, bits: u32, count: u32) {
        self.0.extend((0..count).map(|bit| bits >> bit & 1 != 0));
    }

    /// Huffman codes begin with the most significant bit.
    fn code(&mut self, code: u32, len: u32) {
        self.put(code.reverse_bits() >> (32 - len), len);
    }

    fn literal(&mut self, byte: u8) {
        match byte {
            0..144 => self.code(0x30 + u32::from(byte), 8),
            _ => self.code(0x190 - 144 + u32::from(byte), 9),
        }
    }

    /// A match of 3 to 10 bytes at a distance of 385 to 512.
    fn far(&mut self, len: u32, distance: u32) {
        self.code(len - 2, 7);
        self.code(17, 5);
        self.put(distance - 385, 7);
    }

    /// The same at a distance of 33 to 48.
    fn near(&mut self, len: u32, distance: u32) {
        self.code(len - 2, 7);
        self.code(10, 5);
        self.put(distance - 33, 4);
    }

    fn bytes(self) -> Vec<u8> {
        let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, &bit| byte << 1 | u8::from(bit));
        self.0.chunks(8).map(byte).collect()
    }
}

#[test]
fn a_match_overwrites_nothing_that_a_distance_reaches() {
    let mut random = bareframe_testkit::Random::new(5);
    let messages: Vec<Vec<u8>> = (0..60)
        .map(|message| {
            let mut bits = Bits::default();
            bits.put(0b010, 3);
            if message == 0 {
                random.bytes(600).into_iter().for_each(|byte| bits.literal(byte));
            }
            for _ in 0..40 {
                let len = 3 + random.below(8) as u32;
                match random.below(3) {
                    0 => bits.near(len, 33 + random.below(16) as u32),
                    // The farthest bytes are those after the match before this one, one round ago.
                    1 => bits.far(len, 512 - random.below(40) as u32),
                    _ => bits.literal(random.below(256) as u8),
                }
            }
            bits.code(0, 7);
            bits.put(0, 3);
            bits.bytes()
        })
        .collect();
    let setting = Setting {
        bits: 9,
        ..Setting::MAX
    };
    let expected = setting.expected(&messages);
    assert!(expected.iter().all(|message| message.fault.is_none()));
    for more in (0..40).chain([300, 700]) {
        setting.check::<Fast>(&messages, &expected, more, |message| vec![message.to_vec()]);
        setting.check::<Fast>(&messages, &expected, more, |message| {
            message.chunks(7).map(<[u8]>::to_vec).collect()
        });
    }
}
