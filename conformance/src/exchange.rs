//! The exchange of two peers: the client drives it, and the server sends back what it receives.
//!
//! The server knows the subprotocol `mirror` and sends each message back, with three exceptions:
//!
//! - `say it in fragments`: it sends text in three fragments, cut within characters and with a Ping after the first
//!   fragment, and when the Pong has come, the text `answered in between`;
//! - `ping me`: it sends a Ping, and when the Pong has come, the text `you are there`;
//! - `close`: it closes with [`SERVER_CODE`] and [`SERVER_REASON`].
//!
//! The client opens three connections. On the first it makes most of its checks and closes with [`CLIENT_CODE`] and
//! [`CLIENT_REASON`]; the second is closed by the server; the third it closes without a code, or with 1000 if its
//! interface requires one.
//!
//! A Pong after a Close is checked by itself: on one connection the client sends `close` and a Ping, so that the
//! server's Pong follows its Close ([`drive_late_pong`]), and on one `ping me` and its Close, so that its own Pong
//! follows ([`send_late_pong`]). The peers in `peers/` do the same in their own languages, as far as their
//! [`Abilities`] go.

use crate::Failure;

/// The subprotocols that a client offers; the server knows the second.
pub const SUBPROTOCOLS: [&str; 2] = ["nonesuch", "mirror"];
/// The number of connections that a client opens, one after the other.
pub const CONNECTIONS: usize = 3;
/// The code with which a client closes its first connection.
pub const CLIENT_CODE: u16 = 4000;
/// The reason that goes with it.
pub const CLIENT_REASON: &str = "bis bald, 世界";
/// The code with which a server closes the second connection.
pub const SERVER_CODE: u16 = 4001;
/// The reason that goes with it.
pub const SERVER_REASON: &str = "auf Wiedersehen, 世界";

const GREEK: &str = "κόσμε";
const GREEK_PIECES: [&[u8]; 3] = [b"\xce\xba\xcf", b"\x8c\xcf\x83", b"\xce\xbc\xce\xb5"];
/// Characters of one to four bytes, 24 bytes in all.
const LANGUAGES: &str = "κόσμε, 世界, 🌍";
/// The long text repeats [`LANGUAGES`] up to 300 KiB.
const REPETITIONS: usize = (300 << 10) / LANGUAGES.len();
const LENGTHS: [usize; 6] = [0, 125, 126, 65_535, 65_536, 1 << 20];

/// What the interface of an implementation offers beyond whole messages, answers to Pings, and a Close with a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Abilities {
    /// It sends a message in fragments.
    pub fragments: bool,
    /// It sends a Ping and reports the Pong.
    pub pings: bool,
    /// It closes without a code.
    pub close_without_code: bool,
    /// It answers a Close with the code that it received; otherwise with 1000.
    pub returns_code: bool,
    /// It reports the code with which the other end answers its Close.
    pub reports_answer: bool,
}

impl Abilities {
    /// Everything that the exchange contains.
    pub const ALL: Abilities = Abilities {
        fragments: true,
        pings: true,
        close_without_code: true,
        returns_code: true,
        reports_answer: true,
    };

    /// Returns the number of checks that a client with these abilities makes against this server.
    #[must_use]
    pub const fn checks_against(self, server: Abilities) -> usize {
        // The subprotocol, four texts, the lengths, and the server's Close.
        let mut checks = 1 + 4 + LENGTHS.len() + 1;
        checks += if self.reports_answer { 2 } else { 0 };
        checks += if self.fragments { 2 } else { 0 };
        checks += if self.pings { 3 } else { 0 };
        checks += if self.fragments && self.pings { 1 } else { 0 };
        checks += if server.fragments { 1 } else { 0 };
        checks += if server.pings { 1 } else { 0 };
        checks += if server.fragments && server.pings { 1 } else { 0 };
        checks
    }

    /// Returns how the three connections of a client with these abilities end for a server, sorted: each is the
    /// beginning of the code and the reason.
    #[must_use]
    pub fn ends(self, server: Abilities) -> Vec<String> {
        let mut ends = vec![
            format!("{CLIENT_CODE} {CLIENT_REASON}"),
            if self.close_without_code { "1005" } else { "1000" }.to_owned(),
        ];
        if server.reports_answer {
            // Whether the answer to a server's Close has a reason is the client's choice.
            ends.push(if self.returns_code { SERVER_CODE } else { 1000 }.to_string());
        }
        ends.sort();
        ends
    }
}

/// One end of a connection.
pub trait Talk {
    /// Sends text in one frame.
    ///
    /// # Errors
    ///
    /// Returns the implementation's error, as all methods do.
    fn text(&mut self, text: &str) -> Result<(), Failure>;

    /// Sends bytes in one frame.
    ///
    /// # Errors
    ///
    /// See [`Talk::text`].
    fn binary(&mut self, bytes: &[u8]) -> Result<(), Failure>;

    /// Sends text or bytes in fragments, with a Ping after the first if there is a payload for one.
    ///
    /// # Errors
    ///
    /// See [`Talk::text`].
    fn fragments(&mut self, text: bool, pieces: &[&[u8]], ping: Option<&str>) -> Result<(), Failure>;

    /// Sends a Ping.
    ///
    /// # Errors
    ///
    /// See [`Talk::text`].
    fn ping(&mut self, payload: &str) -> Result<(), Failure>;

    /// Sends a Close; without a code there is no reason either.
    ///
    /// # Errors
    ///
    /// See [`Talk::text`].
    fn close(&mut self, code: Option<u16>, reason: &str) -> Result<(), Failure>;

    /// Waits for the peer's next message; after its Close, until the connection has ended.
    ///
    /// # Errors
    ///
    /// See [`Talk::text`].
    fn hear(&mut self) -> Result<Said, Failure>;
}

/// What a peer sent.
#[derive(PartialEq, Eq, Debug)]
pub enum Said {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// The answer to a Ping.
    Pong(Vec<u8>),
    /// The peer's Close, with the code 1005 if it had none.
    Closed(u16, String),
}

/// Plays the client against a server with these abilities, and returns the number of checks that passed.
///
/// # Errors
///
/// The first check that failed, or an error of the implementation.
pub fn drive<T: Talk>(
    server: Abilities,
    mut open: impl FnMut() -> Result<(T, Option<String>), Failure>,
) -> Result<usize, Failure> {
    let (talk, subprotocol) = open()?;
    if subprotocol.as_deref() != Some(SUBPROTOCOLS[1]) {
        return Err(format!("the subprotocol is {subprotocol:?}").into());
    }
    let mut driver = Driver { talk, passed: 1 };
    driver.whole_messages()?;
    driver.fragments()?;
    for payload in ["", "are you there?", &"x".repeat(125)] {
        driver.talk.ping(payload)?;
        driver.expect(&Said::Pong(payload.as_bytes().to_vec()))?;
    }
    driver.requests(server)?;
    driver.talk.close(Some(CLIENT_CODE), CLIENT_REASON)?;
    driver.expect_answer(&[if server.returns_code { CLIENT_CODE } else { 1000 }])?;
    let passed = driver.passed;
    // The server may wait until the client's end of the stream is gone.
    drop(driver);

    let (talk, _) = open()?;
    let mut driver = Driver { talk, passed };
    driver.talk.text("close")?;
    driver.expect(&Said::Closed(SERVER_CODE, SERVER_REASON.to_owned()))?;
    let passed = driver.passed;
    drop(driver);

    let (talk, _) = open()?;
    let mut driver = Driver { talk, passed };
    driver.talk.close(None, "")?;
    // Some answer a Close without a code with 1000.
    driver.expect_answer(&[1005, 1000])?;
    Ok(driver.passed)
}

/// Requests a Pong after the server's Close, and returns the number of checks that passed.
///
/// # Errors
///
/// The check that failed, or an error of the implementation, which may refuse such a Pong.
pub fn drive_late_pong<T: Talk>(talk: T) -> Result<usize, Failure> {
    let mut driver = Driver { talk, passed: 0 };
    driver.talk.text("close")?;
    driver.talk.ping("late")?;
    driver.expect(&Said::Closed(SERVER_CODE, SERVER_REASON.to_owned()))?;
    Ok(driver.passed)
}

/// Sends a Pong after a Close to the server, and returns the number of checks that passed.
///
/// # Errors
///
/// The check that failed, or an error of the implementation.
pub fn send_late_pong<T: Talk>(talk: T) -> Result<usize, Failure> {
    let mut driver = Driver { talk, passed: 0 };
    driver.talk.text("ping me")?;
    driver.talk.close(Some(CLIENT_CODE), CLIENT_REASON)?;
    driver.expect_answer(&[CLIENT_CODE])?;
    Ok(driver.passed)
}

/// A client's connection, and the number of checks that have passed.
struct Driver<T> {
    talk: T,
    passed: usize,
}

impl<T: Talk> Driver<T> {
    fn whole_messages(&mut self) -> Result<(), Failure> {
        for text in ["", "Hello", LANGUAGES, &LANGUAGES.repeat(REPETITIONS)] {
            self.talk.text(text)?;
            self.expect(&Said::Text(text.to_owned()))?;
        }
        for len in LENGTHS {
            self.talk.binary(&pattern(len))?;
            self.expect(&Said::Binary(pattern(len)))?;
        }
        Ok(())
    }

    fn fragments(&mut self) -> Result<(), Failure> {
        self.talk.fragments(true, &GREEK_PIECES, Some("between"))?;
        self.expect(&Said::Pong(b"between".to_vec()))?;
        self.expect(&Said::Text(GREEK.to_owned()))?;
        let pieces = [125, 0, 65_536, 1].map(pattern);
        self.talk
            .fragments(false, &pieces.each_ref().map(Vec::as_slice), None)?;
        self.expect(&Said::Binary(pieces.concat()))
    }

    /// Requests what the server does on request.
    fn requests(&mut self, server: Abilities) -> Result<(), Failure> {
        if server.fragments {
            self.talk.text("say it in fragments")?;
            self.expect(&Said::Text(GREEK.to_owned()))?;
        }
        if server.fragments && server.pings {
            self.expect(&Said::Text("answered in between".to_owned()))?;
        }
        if server.pings {
            self.talk.text("ping me")?;
            self.expect(&Said::Text("you are there".to_owned()))?;
        }
        Ok(())
    }

    /// Expects an answer to a Close with one of these codes; the server may add a reason.
    fn expect_answer(&mut self, codes: &[u16]) -> Result<(), Failure> {
        match self.talk.hear()? {
            Said::Closed(answer, _) if codes.contains(&answer) => self.passed += 1,
            other => return Err(unexpected(&other, &Said::Closed(codes[0], String::new()))),
        }
        Ok(())
    }

    fn expect(&mut self, wanted: &Said) -> Result<(), Failure> {
        let said = self.talk.hear()?;
        if said != *wanted {
            return Err(unexpected(&said, wanted));
        }
        self.passed += 1;
        Ok(())
    }
}

/// Plays the server on one connection, and returns the code and the reason of the client's Close.
///
/// # Errors
///
/// Returns the implementation's error.
pub fn mirror(talk: &mut impl Talk) -> Result<(u16, String), Failure> {
    loop {
        match talk.hear()? {
            Said::Text(text) if text == "say it in fragments" => {
                talk.fragments(true, &GREEK_PIECES, Some("between"))?
            }
            Said::Text(text) if text == "ping me" => talk.ping("are you there?")?,
            Said::Text(text) if text == "close" => talk.close(Some(SERVER_CODE), SERVER_REASON)?,
            Said::Text(text) => talk.text(&text)?,
            Said::Binary(bytes) => talk.binary(&bytes)?,
            Said::Pong(payload) if payload == b"between" => talk.text("answered in between")?,
            Said::Pong(payload) if payload == b"are you there?" => talk.text("you are there")?,
            Said::Pong(payload) => return Err(format!("a Pong that nobody asked for: {payload:?}").into()),
            Said::Closed(code, reason) => return Ok((code, reason)),
        }
    }
}

/// Bytes that differ from their neighbours, and from those of other lengths.
fn pattern(len: usize) -> Vec<u8> {
    (0..len)
        .map(|i| i.wrapping_mul(7).wrapping_add(len).to_le_bytes()[0])
        .collect()
}

fn unexpected(said: &Said, wanted: &Said) -> Failure {
    let [said, wanted] = [said, wanted].map(|what| format!("{what:?}").chars().take(200).collect::<String>());
    format!("the peer said {said} and not {wanted}").into()
}
