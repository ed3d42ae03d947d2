//! The reading loop, the only one: octets from the stream to the engine, events to the caller, answers back.
//!
//! Between two waits everything that has happened is in the connection, so that a future may be dropped at any of
//! them.

use crate::error::Error;
use crate::event::{Event, Piece};
use crate::input::Input;
use bareframe::{
    AssembleError, Assembled, Assembler, CloseCode, Gather, Message, MessageKind, ProtocolError, Rsv,
};
use core::ops::Range;

/// The engine and the way to the peer, as the reading loop sees them: whole or half.
pub(crate) trait Conversation {
    /// The stream's error.
    type Error;

    /// The engine's own.
    fn receive<'i>(
        &mut self,
        input: &mut &'i mut [u8],
    ) -> Result<Option<bareframe::Event<'i>>, ProtocolError>;

    /// The engine's own.
    fn fail(&mut self, code: CloseCode);

    /// Queues what the engine owes, as far as there is room.
    fn answer(&mut self);

    /// Makes room for the answer to the next event, if it can be made.
    async fn make_room(&mut self) -> Result<(), Error<Self::Error>>;

    /// Writes what is queued, then reads once. False at a clean end.
    async fn refill(&mut self, input: &mut Input<'_>) -> Result<bool, Error<Self::Error>>;

    /// Writes what is queued, after an error that counts for more than one of the stream.
    async fn give_up(&mut self);
}

/// A payload in the input.
struct Lent {
    kind: MessageKind,
    rsv: Rsv,
    range: Range<usize>,
}

/// Where a whole message lies.
enum Place {
    Input(Lent),
    Gathered,
}

/// An event without what it lends.
enum Seen {
    Data { lent: Lent, first: bool, last: bool },
    Control(Event<'static>),
}

/// Receives until a message is whole; `None` at a clean end.
pub(crate) async fn read<'m, C: Conversation, B: Gather>(
    input: &'m mut Input<'_>,
    conversation: &mut C,
    assembler: &'m mut Assembler<B>,
) -> Result<Option<Message<'m>>, Error<C::Error>> {
    let place = receive(input, conversation, |event, end| {
        let bareframe::Event::Data(data) = event else {
            return Ok(None);
        };
        match assembler.push(data) {
            Ok(Assembled::Whole(message)) => Ok(Some(Place::Input(Lent {
                kind: message.kind(),
                rsv: message.rsv(),
                range: end.saturating_sub(message.payload().len())..end,
            }))),
            Ok(Assembled::Gathered) => Ok(Some(Place::Gathered)),
            // The rest of a message that `read_event` began.
            Ok(Assembled::More) | Err(AssembleError::OutOfOrder) => Ok(None),
            Err(error) => Err(error.close_code()),
        }
    })
    .await?;
    Ok(match place {
        Some(Place::Input(lent)) => Some(Message::new(lent.kind, lent.rsv, input.range(lent.range))),
        Some(Place::Gathered) => assembler.message(),
        None => None,
    })
}

/// Receives the next event; `None` at a clean end.
pub(crate) async fn read_event<'m, C: Conversation>(
    input: &'m mut Input<'_>,
    conversation: &mut C,
) -> Result<Option<Event<'m>>, Error<C::Error>> {
    let seen = receive(input, conversation, |event, end| {
        Ok(Some(match event {
            bareframe::Event::Data(data) => Seen::Data {
                lent: Lent {
                    kind: data.kind(),
                    rsv: data.rsv(),
                    range: end.saturating_sub(data.payload().len())..end,
                },
                first: data.is_first(),
                last: data.is_last(),
            },
            bareframe::Event::Ping(payload) => Seen::Control(Event::Ping(payload)),
            bareframe::Event::Pong(payload) => Seen::Control(Event::Pong(payload)),
            bareframe::Event::Close(reason) => Seen::Control(Event::Close(reason)),
        }))
    })
    .await?;
    Ok(match seen {
        Some(Seen::Data { lent, first, last }) => Some(Event::Data(Piece {
            kind: lent.kind,
            rsv: lent.rsv,
            first,
            last,
            payload: input.range(lent.range),
        })),
        Some(Seen::Control(event)) => Some(event),
        None => None,
    })
}

/// Receives to a clean end, and drops what arrives.
pub(crate) async fn drop_all<C: Conversation>(
    input: &mut Input<'_>,
    conversation: &mut C,
) -> Result<(), Error<C::Error>> {
    receive(input, conversation, |_, _| Ok(None::<()>)).await?;
    Ok(())
}

/// Receives until `see` finds what it looks for; `None` at a clean end.
///
/// `see` gets each event, and where in the input its payload ends: what it finds may have to be lent after
/// another read, so that it keeps the range and not the borrow. If it gives a code the connection fails.
async fn receive<C: Conversation, T>(
    input: &mut Input<'_>,
    conversation: &mut C,
    mut see: impl FnMut(bareframe::Event<'_>, usize) -> Result<Option<T>, CloseCode>,
) -> Result<Option<T>, Error<C::Error>> {
    loop {
        conversation.make_room().await?;
        let end = input.end();
        let mut rest = input.arrived();
        let received = conversation.receive(&mut rest);
        let left = rest.len();
        let taken_all = matches!(received, Ok(None));
        let seen = match received {
            Ok(Some(event)) => see(event, end.saturating_sub(left)).map_err(|code| {
                conversation.fail(code);
                ProtocolError::Failed(code)
            }),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        input.keep_last(left);
        conversation.answer();
        match seen {
            Ok(None) if taken_all => {
                if !conversation.refill(input).await? {
                    return Ok(None);
                }
            }
            Ok(None) => {}
            Ok(found) => return Ok(found),
            Err(error) => {
                conversation.give_up().await;
                return Err(Error::Protocol(error));
            }
        }
    }
}
