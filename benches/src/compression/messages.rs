//! Messages to compress: those of a stock exchange, prose in four scripts, a binary protocol, and random bytes.

/// A kind of message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The trades of a stock exchange.
    Json,
    /// Words in four scripts.
    Prose,
    /// Fields with tags, as in protobuf.
    Binary,
    /// Random bytes, which do not compress.
    Random,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 4] = [Kind::Json, Kind::Prose, Kind::Binary, Kind::Random];

    /// Returns its name in a table.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Json => "json",
            Kind::Prose => "prose",
            Kind::Binary => "binary",
            Kind::Random => "random",
        }
    }

    /// Returns as many messages of one length; no two are equal.
    pub fn messages(self, count: usize, len: usize) -> Vec<Vec<u8>> {
        let mut random = fastrand::Rng::with_seed(7);
        (0..count).map(|_| self.message(len, &mut random)).collect()
    }

    fn message(self, len: usize, random: &mut fastrand::Rng) -> Vec<u8> {
        let mut message = Vec::with_capacity(len + 200);
        while message.len() < len {
            match self {
                Kind::Json => message.extend(trade(random).bytes()),
                Kind::Prose => message.extend(sentence(random).bytes()),
                Kind::Binary => record(random, &mut message),
                Kind::Random => message.push(random.u8(..)),
            }
        }
        message.truncate(len);
        message
    }
}

fn trade(random: &mut fastrand::Rng) -> String {
    format!(
        "{{\"e\":\"trade\",\"E\":{},\"s\":\"BTCUSDT\",\"t\":{},\"p\":\"{}.{:02}\",\"q\":\"0.{:05}\",\"m\":{}}},",
        1_700_000_000_000 + random.u64(..1 << 24),
        random.u64(..1 << 28),
        60_000 + random.u32(..999),
        random.u32(..100),
        random.u32(..99_999),
        random.bool()
    )
}

/// Returns some words of one language.
fn sentence(random: &mut fastrand::Rng) -> String {
    const WORDS: [&str; 4] = [
        "all human beings are born free and equal in dignity and rights they are endowed with reason and conscience",
        "все люди рождаются свободными и равными в своём достоинстве и правах они наделены разумом и совестью",
        "όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα",
        "人人 生而 自由 在 尊严 和 权利 上 一律 平等 他们 赋有 理性 和 良心",
    ];
    let words: Vec<&str> = WORDS[random.usize(..4)].split(' ').collect();
    let mut text: String = (0..random.usize(5..15))
        .map(|_| words[random.usize(..words.len())].to_owned() + " ")
        .collect();
    text.push('\n');
    text
}

/// Fields with tags, as protobuf has them.
fn record(random: &mut fastrand::Rng, message: &mut Vec<u8>) {
    message.extend([
        0x08,
        random.u8(..128) | 0x80,
        random.u8(..4),
        0x10,
        random.u8(..10),
        0x1A,
        6,
    ]);
    message.extend(b"sensor");
    message.push(0x21);
    message.extend((20.0 + f64::from(random.u8(..)) / 16.0).to_le_bytes());
    message.push(0x2D);
    message.extend(random.u32(..1 << 12).to_le_bytes());
}
