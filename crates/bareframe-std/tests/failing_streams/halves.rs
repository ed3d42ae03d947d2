//! The same calls on a connection in two halves.

use super::driver::{
    CLOSE_TIMEOUT, Failing, WRITE_TIMEOUT, by_frame, ended, frame, key, options, seen, told,
};
use bareframe_std::{CloseCode, ReadHalf, Role, WebSocket, WriteHalf};
use bareframe_testkit::{Endpoint, EndpointCall, FailingStream, Heard, Random, Said, Seen, Side, Told};
use std::time::Duration;

/// Both halves, until they are dropped.
struct Halves<R>(Option<(ReadHalf<Failing, R>, WriteHalf<Failing, R>)>);

pub(crate) fn open(side: Side, stream: FailingStream, random: &mut Random) -> Box<dyn Endpoint> {
    let (stream, options) = (Failing(stream), options(random));
    match side {
        Side::Client => Box::new(Halves(Some(
            WebSocket::client_with_keys(stream, &options, key).split(),
        ))),
        Side::Server => Box::new(Halves(Some(WebSocket::server(stream, &options).split()))),
    }
}

impl<R: Role> Halves<R> {
    fn reader(&mut self) -> &mut ReadHalf<Failing, R> {
        &mut self.0.as_mut().expect("no call is made after the drop").0
    }

    fn writer(&self) -> &WriteHalf<Failing, R> {
        &self.0.as_ref().expect("no call is made after the drop").1
    }
}

impl<R: Role> Endpoint for Halves<R> {
    fn read_message(&mut self) -> Heard {
        match self.reader().read() {
            Ok(Some(message)) => Heard::Seen(Seen::Data {
                kind: message.kind(),
                rsv: message.rsv(),
                payload: message.payload().to_vec(),
                first: true,
                last: true,
            }),
            Ok(None) => Heard::Clean,
            Err(error) => ended(Err(error)),
        }
    }

    fn read_event(&mut self) -> Heard {
        match self.reader().read_event() {
            Ok(Some(event)) => Heard::Seen(seen(&event)),
            Ok(None) => Heard::Clean,
            Err(error) => ended(Err(error)),
        }
    }

    fn send(&mut self, said: &Said) -> Told {
        told(match said {
            Said::Close(code, reason) => self.writer().send_close(*code, reason),
            said => self.writer().send(frame(said)),
        })
    }

    fn feed(&mut self, said: &Said) -> Told {
        told(self.writer().feed(frame(said)))
    }

    fn send_frame(&mut self, said: &Said) -> Told {
        by_frame(&mut frame(said), |frame| self.writer().send_frame(frame))
    }

    fn fail(&mut self, code: CloseCode) -> Option<Told> {
        self.reader().fail(code);
        Some(Told::Unknown)
    }

    fn flush(&mut self) -> Told {
        told(self.writer().flush())
    }

    fn close(&mut self) -> Heard {
        ended(self.reader().close(CloseCode::NORMAL_CLOSURE, "bye").map(drop))
    }

    fn close_reason(&self) -> Option<(Option<CloseCode>, String)> {
        let (reader, _) = self.0.as_ref()?;
        let reason = reader.close_reason()?;
        Some((reason.code(), reason.reason().to_owned()))
    }

    fn abandon(&mut self) {
        self.0 = None;
    }

    fn leaves_answers(&self) -> bool {
        true
    }

    fn limit(&self, call: EndpointCall) -> Option<Duration> {
        match call {
            EndpointCall::Read => None,
            EndpointCall::Send => Some(3 * WRITE_TIMEOUT),
            EndpointCall::Close => Some(CLOSE_TIMEOUT),
        }
    }
}
