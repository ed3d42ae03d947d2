//! Text beyond ASCII of every length, and text so long that it is unmasked and validated block by block: at every place near the ends
//! of blocks.

use bareframe::{Config, Connection, Event, ProtocolError};
use bareframe_testkit::{Frame, Side};

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

const BLOCK: usize = 8192;

/// Returns this many bytes, in characters of one to four bytes.
fn text(len: usize) -> Vec<u8> {
    let text: String = "aé語😀".chars().cycle().take(len).collect();
    let end = (0..=len).rev().find(|&end| text.is_char_boundary(end)).unwrap();
    let mut bytes = text.as_bytes()[..end].to_vec();
    bytes.resize(len, b'.');
    bytes
}

/// Returns what arrives of a frame, given in pieces, and how many bytes were taken if it is refused.
fn received(side: Side, frame: &Frame, piece: usize) -> Result<Vec<u8>, (ProtocolError, usize)> {
    let mut bytes = frame.clone().masked_for(side, KEY).to_bytes();
    let mut client = Connection::client(Config::DEFAULT, || unreachable!());
    let mut server = Connection::server(Config::DEFAULT);
    let (mut payload, mut before) = (Vec::new(), 0);
    for bytes in bytes.chunks_mut(piece) {
        let len = bytes.len();
        let mut input = bytes;
        loop {
            let event = match side {
                Side::Client => client.receive(&mut input),
                Side::Server => server.receive(&mut input),
            };
            match event {
                Ok(Some(Event::Data(data))) => payload.extend(data.payload()),
                Ok(Some(event)) => panic!("{event:?}"),
                Ok(None) => break,
                Err(error) => return Err((error, before + len - input.len())),
            }
        }
        before += len;
    }
    Ok(payload)
}

#[track_caller]
fn check(text: &[u8], fault: Option<usize>) {
    for side in [Side::Server, Side::Client] {
        let frame = Frame::text(text);
        let len = frame.clone().masked_for(side, KEY).to_bytes().len();
        let header_len = len - text.len();
        for piece in [len, BLOCK + 1, 3 * BLOCK / 2, 2 * BLOCK + 100] {
            let expected = match fault {
                None => Ok(text.to_vec()),
                Some(at) => Err((ProtocolError::InvalidUtf8, header_len + at)),
            };
            assert_eq!(
                received(side, &frame, piece),
                expected,
                "{fault:?} of {}",
                text.len()
            );
        }
    }
}

#[test]
fn s8_1_long_text_is_received_whole() {
    for len in [BLOCK, 2 * BLOCK, 3 * BLOCK]
        .into_iter()
        .flat_map(|len| len - 5..=len + 5)
    {
        check(&text(len), None);
        check(&vec![b'a'; len], None);
    }
}

#[test]
fn s8_1_a_fault_of_long_text_is_found_at_its_byte() {
    let good = text(3 * BLOCK + 7);
    let near_ends = [4, BLOCK, 2 * BLOCK, 3 * BLOCK]
        .into_iter()
        .flat_map(|end| end - 4..end + 5);
    for at in near_ends.chain([good.len() - 1]) {
        let mut bad = good.clone();
        bad[at] = 0xFF;
        check(&bad, Some(at));
        let mut ascii = vec![b'a'; good.len()];
        ascii[at] = 0x80;
        check(&ascii, Some(at));
    }
}

#[test]
fn s8_1_long_text_must_not_end_within_a_character() {
    for len in (BLOCK - 3..BLOCK + 3).chain(2 * BLOCK - 3..2 * BLOCK + 3) {
        for unfinished in ["é", "語", "😀"] {
            let mut cut = vec![b'a'; len];
            cut.extend(&unfinished.as_bytes()[..unfinished.len() - 1]);
            check(&cut, Some(cut.len() - 1));
        }
    }
}

#[test]
fn s8_1_one_byte_above_ascii_wherever_it_stands() {
    for (len, at) in (1..=160).flat_map(|len| (0..len).map(move |at| (len, at))) {
        for side in [Side::Server, Side::Client] {
            let mut text = vec![b'a'; len];
            text[at] = 0x80;
            let frame = Frame::text(&*text);
            let header_len = frame.clone().masked_for(side, KEY).to_bytes().len() - len;
            let refused = Err((ProtocolError::InvalidUtf8, header_len + at));
            assert_eq!(received(side, &frame, usize::MAX), refused, "{at} of {len}");
            text.splice(at..=at, "é".bytes());
            assert_eq!(received(side, &Frame::text(&*text), usize::MAX), Ok(text));
        }
    }
}

#[test]
fn s8_1_every_length_that_is_unmasked_while_it_is_validated() {
    for len in 1..1100 {
        let mut text = text(len);
        check(&text, None);
        let at = len * 31 % 1103 % len;
        text[at] = 0xFF;
        check(&text, Some(at));
    }
}
