//! What two peers say to each other: the client drives, the server mirrors.
//!
//! The server knows the subprotocol `mirror` and sends each message back, but for three:
//!
//! - `say it in fragments`: it sends text in three fragments, cut within characters and with a Ping behind the first,
//!   and when the Pong has come, `answered in between`;
//! - `ping me`: it sends a Ping, and when the Pong has come, `you are there`;
//! - `close`: it closes with [`SERVER_CODE`] and [`SERVER_REASON`].
//!
//! The client opens three connections. On the first it says all there is to say and closes with [`CLIENT_CODE`] and
//! [`CLIENT_REASON`]; the second is closed by the server; the third it closes without a code. The peers in `peers/`
//! do the same in their own languages.

use crate::Failure;

/// The subprotocols that a client offers; the server knows the second.
pub const SUBPROTOCOLS: [&str; 2] = ["nonesuch", "mirror"];
/// How many things a client finds to be right.
pub const CLIENT_CHECKS: usize = 22;
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
const LENGTHS: [usize; 6] = [0, 125, 126, 65_535, 65_536, 1 << 20];

/// One end of a connection.
pub trait Talk {
    /// Sends text in one frame.
    ///
    /// # Errors
    ///
    /// What the implementation gives; so do the others.
    fn text(&mut self, text: &str) -> Result<(), Failure>;

    /// Sends octets in one frame.
    ///
    /// # Errors
    ///
    /// See [`Talk::text`].
    fn binary(&mut self, octets: &[u8]) -> Result<(), Failure>;

    /// Sends text or octets in fragments, with a Ping behind the first.
    ///
    /// # Errors
    ///
    /// See [`Talk::text`].
    fn fragments(&mut self, text: bool, pieces: &[&[u8]], between: &str) -> Result<(), Failure>;

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

    /// Waits for what the peer says; after its Close, until the connection has ended.
    ///
    /// # Errors
    ///
    /// See [`Talk::text`].
    fn hear(&mut self) -> Result<Said, Failure>;
}

/// What a peer said.
#[derive(PartialEq, Eq, Debug)]
pub enum Said {
    /// Text.
    Text(String),
    /// Octets.
    Binary(Vec<u8>),
    /// The answer to a Ping.
    Pong(Vec<u8>),
    /// The peer's Close, with the code 1005 if it had none.
    Closed(u16, String),
}

/// Does what a client does, and gives how many things were right.
///
/// # Errors
///
/// The first thing that was not, or an error of the implementation.
pub fn drive<T: Talk>(
    mut open: impl FnMut() -> Result<(T, Option<String>), Failure>,
) -> Result<usize, Failure> {
    let mut passed = 0;
    let (mut talk, subprotocol) = open()?;
    if subprotocol.as_deref() != Some(SUBPROTOCOLS[1]) {
        return Err(format!("the subprotocol is {subprotocol:?}").into());
    }
    passed += 1;
    for text in ["", "Hello", &format!("{GREEK}, 世界, 🌍")] {
        talk.text(text)?;
        expect(&mut talk, &mut passed, &Said::Text(text.to_owned()))?;
    }
    for len in LENGTHS {
        talk.binary(&pattern(len))?;
        expect(&mut talk, &mut passed, &Said::Binary(pattern(len)))?;
    }
    talk.fragments(true, &GREEK_PIECES, "between")?;
    expect(&mut talk, &mut passed, &Said::Pong(b"between".to_vec()))?;
    expect(&mut talk, &mut passed, &Said::Text(GREEK.to_owned()))?;
    let pieces = [125, 0, 65_536, 1].map(pattern);
    talk.fragments(false, &pieces.each_ref().map(Vec::as_slice), "")?;
    expect(&mut talk, &mut passed, &Said::Pong(Vec::new()))?;
    expect(&mut talk, &mut passed, &Said::Binary(pieces.concat()))?;
    for payload in ["are you there?", &"x".repeat(125)] {
        talk.ping(payload)?;
        expect(&mut talk, &mut passed, &Said::Pong(payload.as_bytes().to_vec()))?;
    }
    talk.text("say it in fragments")?;
    expect(&mut talk, &mut passed, &Said::Text(GREEK.to_owned()))?;
    expect(
        &mut talk,
        &mut passed,
        &Said::Text("answered in between".to_owned()),
    )?;
    talk.text("ping me")?;
    expect(&mut talk, &mut passed, &Said::Text("you are there".to_owned()))?;
    talk.close(Some(CLIENT_CODE), CLIENT_REASON)?;
    match talk.hear()? {
        Said::Closed(CLIENT_CODE, _) => passed += 1,
        other => return Err(unexpected(&other, &Said::Closed(CLIENT_CODE, String::new()))),
    }
    // The server may wait until the client's end of the stream is gone.
    drop(talk);

    let (mut talk, _) = open()?;
    talk.text("close")?;
    expect(
        &mut talk,
        &mut passed,
        &Said::Closed(SERVER_CODE, SERVER_REASON.to_owned()),
    )?;
    drop(talk);

    let (mut talk, _) = open()?;
    talk.close(None, "")?;
    expect(&mut talk, &mut passed, &Said::Closed(1005, String::new()))?;
    Ok(passed)
}

/// Does what a server does on one connection, and gives the code and the reason of the client's Close.
///
/// # Errors
///
/// What the implementation gives.
pub fn mirror(talk: &mut impl Talk) -> Result<(u16, String), Failure> {
    loop {
        match talk.hear()? {
            Said::Text(text) if text == "say it in fragments" => {
                talk.fragments(true, &GREEK_PIECES, "between")?
            }
            Said::Text(text) if text == "ping me" => talk.ping("are you there?")?,
            Said::Text(text) if text == "close" => talk.close(Some(SERVER_CODE), SERVER_REASON)?,
            Said::Text(text) => talk.text(&text)?,
            Said::Binary(octets) => talk.binary(&octets)?,
            Said::Pong(payload) if payload == b"between" => talk.text("answered in between")?,
            Said::Pong(payload) if payload == b"are you there?" => talk.text("you are there")?,
            Said::Pong(payload) => return Err(format!("a Pong that nobody asked for: {payload:?}").into()),
            Said::Closed(code, reason) => return Ok((code, reason)),
        }
    }
}

/// Octets that differ from their neighbours, and from those of other lengths.
fn pattern(len: usize) -> Vec<u8> {
    (0..len)
        .map(|i| i.wrapping_mul(7).wrapping_add(len).to_le_bytes()[0])
        .collect()
}

fn expect(talk: &mut impl Talk, passed: &mut usize, wanted: &Said) -> Result<(), Failure> {
    let said = talk.hear()?;
    if said != *wanted {
        return Err(unexpected(&said, wanted));
    }
    *passed += 1;
    Ok(())
}

fn unexpected(said: &Said, wanted: &Said) -> Failure {
    let [said, wanted] = [said, wanted].map(|what| format!("{what:?}").chars().take(200).collect::<String>());
    format!("the peer said {said} and not {wanted}").into()
}
