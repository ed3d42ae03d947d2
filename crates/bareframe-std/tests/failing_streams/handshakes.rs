//! Opening handshakes over streams that fail on purpose, accepted or refused, and the first message after them.

use super::driver::{Failing, options};
use bareframe_std::handshake::{Choice, Status};
use bareframe_std::{
    Acceptor, Answering, Connector, Error, HandshakeError, Incoming, Role, ServerSocket, WebSocket,
};
use bareframe_testkit::{FailingStream, Random, Schedule, StreamView};
use std::time::Duration;

/// How many calls of the stream that move nothing are allowed for one call of the adapter.
const PATIENCE: u64 = 60;

/// How many turns are too many.
const TURNS: usize = 1_000;

const TIMEOUT: Duration = Duration::from_secs(20);

/// How far a server is.
enum Serving {
    Incoming(Box<Incoming<Failing>>),
    Answering(Box<Answering<Failing>>),
}

/// Does one handshake, and checks that it fails only because of its streams.
///
/// # Errors
///
/// Returns what is wrong.
pub(crate) fn shake_hands(seed: u64) -> Result<(), String> {
    let mut random = Random::new(seed);
    let mut schedule = || {
        let bytes: Vec<u8> = (0..random.below(60)).map(|_| random.below(256) as u8).collect();
        Schedule::from_bytes(&bytes)
    };
    let [of_client, of_server] = [schedule(), schedule()];
    let (client, server) = FailingStream::pair(of_client, of_server);
    let views = [client.view(), server.view()];
    for stream in [&client, &server] {
        stream.set_nonblocking(true);
        stream.view().set_room([7, 64, usize::MAX][random.below(3)]);
    }
    let options = options(&mut random);
    let is_refused = random.below(4) == 0;
    let mut is_explained = false;
    let connector = Connector::DEFAULT.with_options(options).with_timeout(TIMEOUT);
    let mut connecting = connector
        .begin_over(Failing(client), "ws://example.com/chat")
        .map_err(|error| error.to_string())?;
    let acceptor = Acceptor::DEFAULT.with_options(options).with_timeout(TIMEOUT);
    let mut accepting = acceptor.begin(Failing(server));
    let (mut serving, mut opened, mut accepted) = (None, None, None);
    for _ in 0..TURNS {
        if opened.is_none() {
            views[0].allow(PATIENCE);
            opened = done(connecting.finish());
        }
        if accepted.is_none() {
            views[1].allow(PATIENCE);
            accepted = match serving.take() {
                None => match done(accepting.read()) {
                    Some(Ok(incoming)) if is_refused => {
                        let answer = incoming.begin_answer(Status::FORBIDDEN, &[], b"not you");
                        serving = answer.ok().map(Box::new).map(Serving::Answering);
                        None
                    }
                    Some(Ok(incoming)) => {
                        serving = Some(Serving::Incoming(Box::new(incoming)));
                        None
                    }
                    Some(Err(error)) => Some(Err(error)),
                    None => None,
                },
                Some(Serving::Incoming(mut incoming)) => {
                    let accepted = done(incoming.accept(&Choice::DEFAULT));
                    if accepted.is_none() {
                        serving = Some(Serving::Incoming(incoming));
                    }
                    accepted.map(|accepted| accepted.map(Some))
                }
                Some(Serving::Answering(mut answering)) => {
                    let written = done(answering.write());
                    if written.is_none() {
                        serving = Some(Serving::Answering(answering));
                    }
                    written.map(|written| written.map(|()| None))
                }
            };
        }
        // The other end of what has failed sees that.
        let failures = [
            opened.as_ref().and_then(|opened| opened.as_ref().err()),
            accepted.as_ref().and_then(|accepted| accepted.as_ref().err()),
        ];
        if !is_explained && let Some(error) = failures.into_iter().flatten().next() {
            is_explained = is_allowed(error, &views, is_refused);
            if !is_explained {
                return Err(format!("{error}, and no stream has failed"));
            }
        }
        if let (Some(opened), Some(accepted)) = (&mut opened, &mut accepted) {
            return check(&views, is_explained, is_refused, opened, accepted);
        }
        // The rest of the 101 goes with any call.
        if let Some(Ok(Some(server))) = &mut accepted {
            views[1].allow(PATIENCE);
            let _ = server.flush();
        }
    }
    Err("the handshake does not end".to_owned())
}

/// Returns `true` if a handshake may fail so: because of its stream, which may also time out, or because it was refused.
fn is_allowed(error: &Error, views: &[StreamView; 2], is_refused: bool) -> bool {
    let has_failed = |view: &StreamView| view.has_refused_for_good() || view.read_fate().is_some();
    match error {
        Error::Handshake(HandshakeError::Timeout) => true,
        Error::Handshake(HandshakeError::Refused(_)) => is_refused,
        _ => views.iter().any(has_failed),
    }
}

/// Returns `None` if the call is to be repeated.
fn done<T>(result: Result<T, Error>) -> Option<Result<T, Error>> {
    match result {
        Err(error) if error.is_temporary() => None,
        result => Some(result),
    }
}

fn check<R: Role>(
    views: &[StreamView; 2],
    is_explained: bool,
    is_refused: bool,
    opened: &mut Result<WebSocket<Failing, R>, Error>,
    accepted: &mut Result<Option<ServerSocket<Failing>>, Error>,
) -> Result<(), String> {
    let has_failed = |view: &StreamView| view.has_refused_for_good() || view.read_fate().is_some();
    match (opened, accepted) {
        (Ok(_), _) if is_refused => Err("a refused client is connected".to_owned()),
        (Err(Error::Handshake(HandshakeError::Refused(refusal))), _) if is_refused => {
            let whole = (refusal.status(), refusal.content()) == (403, b"not you");
            match whole || views.iter().any(has_failed) {
                true => Ok(()),
                false => Err(format!("the refusal is {refusal:?}")),
            }
        }
        (Ok(client), Ok(Some(server))) => first_message(views, client, server),
        (Ok(_), Ok(None)) => Err("nobody has accepted".to_owned()),
        (Ok(_), Err(_)) | (Err(_), _) if is_explained => Ok(()),
        (Ok(_), Err(error)) | (Err(error), _) => Err(format!("{error}, and no stream has failed")),
    }
}

/// Checks that nothing between the head and the first frame is lost or torn.
fn first_message<R: Role>(
    views: &[StreamView; 2],
    client: &mut WebSocket<Failing, R>,
    server: &mut ServerSocket<Failing>,
) -> Result<(), String> {
    let mut sent = false;
    for _ in 0..TURNS {
        views.iter().for_each(|view| view.allow(PATIENCE));
        let result = match sent {
            true => server.flush(),
            false => server.send("Hello"),
        };
        sent |= matches!(result, Ok(()) | Err(Error::Unflushed(_)));
        let failed = result.is_err_and(|error| !error.is_temporary());
        match client.read() {
            Ok(Some(message)) if message.as_str() == Some("Hello") => return Ok(()),
            Err(error) if error.is_temporary() && !failed => {}
            _ if views
                .iter()
                .any(|view| view.has_refused_for_good() || view.read_fate().is_some()) =>
            {
                return Ok(());
            }
            other => return Err(format!("{other:?} in place of the first message")),
        }
    }
    Err("the first message does not arrive".to_owned())
}
