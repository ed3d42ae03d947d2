//! Runs the engine on input cut into pieces, and checks what always holds for `receive`.

use bareframe::{Config, Connection, Event, MaskingKey, Role};
use bareframe_testkit::{Recorder, Side, Transcript, check, split};

pub(crate) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Returns what the engine saw of these pieces.
pub(crate) fn receive<R: Role>(connection: &mut Connection<R>, pieces: Vec<Vec<u8>>) -> Transcript {
    let mut recorder = Recorder::new();
    let mut taken = 0;
    for mut piece in pieces {
        let len = piece.len();
        let mut input = &mut piece[..];
        loop {
            let before = input.len();
            match connection.receive(&mut input) {
                Ok(Some(event)) => {
                    record(&mut recorder, event);
                    assert!(input.len() < before, "an event of no byte");
                }
                Ok(None) => {
                    assert!(input.is_empty(), "{} bytes were not taken", input.len());
                    break;
                }
                Err(error) => {
                    recorder.error(error, taken + len - input.len());
                    let left = input.len();
                    assert_eq!(connection.receive(&mut input), Err(error), "the error latches");
                    assert_eq!(input.len(), left, "a failed connection takes nothing");
                    return recorder.transcript().clone();
                }
            }
        }
        taken += len;
    }
    recorder.transcript().clone()
}

/// As [`receive`], from a connection of this side with this configuration.
pub(crate) fn receive_as(side: Side, config: Config, pieces: Vec<Vec<u8>>) -> Transcript {
    match side {
        Side::Server => receive(&mut Connection::server(config), pieces),
        Side::Client => receive(&mut Connection::client(config, || MaskingKey::new(KEY)), pieces),
    }
}

/// Compares the engine with the oracle for every way of cutting the input; returns what they saw.
#[track_caller]
pub(crate) fn every_way(side: Side, config: Config, input: &[u8]) -> Transcript {
    let verdict = check(side, config, input);
    split::for_each_way(input, 1, |pieces| {
        let lens: Vec<_> = pieces.iter().map(Vec::len).collect();
        let came = receive_as(side, config, pieces);
        if let Err(difference) = verdict.compare(&came) {
            panic!("{difference}\nfor {input:02x?} cut into {lens:?}");
        }
    });
    verdict.transcript
}

fn record(recorder: &mut Recorder, event: Event<'_>) {
    match event {
        Event::Data(data) => {
            assert!(data.is_last() || !data.payload().is_empty(), "an empty piece");
            if data.rsv().is_empty() && data.is_first() && data.is_last() {
                let is_text = data.kind() == bareframe::MessageKind::Text;
                assert_eq!(data.as_str().is_some(), is_text, "whole text is a str");
            }
            let (kind, rsv, first, last) = (data.kind(), data.rsv(), data.is_first(), data.is_last());
            recorder.data(kind, rsv, data.payload(), first, last);
        }
        Event::Ping(payload) => recorder.ping(&payload),
        Event::Pong(payload) => recorder.pong(&payload),
        Event::Close(close) => recorder.close(close.code(), close.reason()),
    }
}
