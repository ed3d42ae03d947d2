//! The reading loop: octets from the stream to the engine, events to the caller, answers back.

use crate::error::Error;
use crate::input::Input;
use crate::message::{Event, Piece};
use bareframe::{
    AssembleError, Assembled, Assembler, CloseCode, CloseReason, Message, MessageKind, ProtocolError, Rsv,
};

/// The engine and the way back to the peer, as the reading loop sees them: whole or in two halves.
pub(crate) trait Conversation {
    /// The engine's own.
    fn receive<'i>(
        &mut self,
        input: &mut &'i mut [u8],
    ) -> Result<Option<bareframe::Event<'i>>, ProtocolError>;

    /// The engine's own.
    fn fail(&mut self, code: CloseCode);

    /// Makes room for the answer to the next event, if it can be made.
    fn make_room(&mut self) -> Result<(), Error>;

    /// Queues what the engine owes.
    fn answer(&mut self);

    /// Writes what is queued, then reads once. False at a clean end.
    fn refill(&mut self, input: &mut Input) -> Result<bool, Error>;

    /// Writes what is queued, after an error that counts for more than one of the stream.
    fn give_up(&mut self);
}

/// What has arrived, and the message that is gathered of it.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) input: Input,
    assembler: Assembler<Vec<u8>>,
    /// The message that was lent last is longer than the read buffer; its memory is not kept for the next.
    give_back: bool,
    /// What the peer's Close said.
    pub(crate) close_reason: Option<CloseReason>,
}

/// Where a whole message lies.
enum Place {
    /// In the input.
    Input(Lent),
    Gathered,
}

/// An event without what it lends.
enum Seen {
    Data { lent: Lent, first: bool, last: bool },
    Control(Event<'static>),
}

/// A payload in the input, up to `end`.
struct Lent {
    kind: MessageKind,
    rsv: Rsv,
    len: usize,
    end: usize,
}

impl Reader {
    pub(crate) fn new(input: Input) -> Reader {
        Reader {
            input,
            assembler: Assembler::new(Vec::new()),
            give_back: false,
            close_reason: None,
        }
    }

    /// Tells whether something of the last read is not looked at yet.
    #[inline]
    pub(crate) fn has_more(&self) -> bool {
        !self.input.is_empty()
    }

    /// Receives until a message is whole; `None` at a clean end.
    #[inline]
    pub(crate) fn read(
        &mut self,
        conversation: &mut impl Conversation,
    ) -> Result<Option<Message<'_>>, Error> {
        Ok(self.read_noting_more(conversation)?.map(|(message, _)| message))
    }

    /// As [`Reader::read`], and what [`Reader::has_more`] would tell while the message is lent.
    pub(crate) fn read_noting_more(
        &mut self,
        conversation: &mut impl Conversation,
    ) -> Result<Option<(Message<'_>, bool)>, Error> {
        self.give_back();
        let assembler = &mut self.assembler;
        let place = receive(
            &mut self.input,
            &mut self.close_reason,
            conversation,
            |event, end| {
                let bareframe::Event::Data(data) = event else {
                    return Ok(None);
                };
                match assembler.push(data) {
                    Ok(Assembled::Whole(message)) => Ok(Some(Place::Input(Lent {
                        kind: message.kind(),
                        rsv: message.rsv(),
                        len: message.payload().len(),
                        end,
                    }))),
                    Ok(Assembled::Gathered) => Ok(Some(Place::Gathered)),
                    // The rest of a message that `read_event` began.
                    Ok(Assembled::More) | Err(AssembleError::OutOfOrder) => Ok(None),
                    Err(error) => Err(error.close_code()),
                }
            },
        )?;
        let has_more = self.has_more();
        let message = match place {
            Some(Place::Input(lent)) => Some(Message::new(
                lent.kind,
                lent.rsv,
                self.input.range_mut(lent.range()),
            )),
            Some(Place::Gathered) => {
                let message = self.assembler.message();
                let len = message.as_ref().map_or(0, |message| message.payload().len());
                self.give_back = len > self.input.capacity();
                message
            }
            None => None,
        };
        Ok(message.map(|message| (message, has_more)))
    }

    /// Receives the next event; `None` at a clean end.
    pub(crate) fn read_event(
        &mut self,
        conversation: &mut impl Conversation,
    ) -> Result<Option<Event<'_>>, Error> {
        Ok(self.read_event_noting_more(conversation)?.map(|(event, _)| event))
    }

    /// As [`Reader::read_event`], and what [`Reader::has_more`] would tell while the event is lent.
    pub(crate) fn read_event_noting_more(
        &mut self,
        conversation: &mut impl Conversation,
    ) -> Result<Option<(Event<'_>, bool)>, Error> {
        self.give_back();
        let seen = receive(
            &mut self.input,
            &mut self.close_reason,
            conversation,
            |event, end| {
                Ok(Some(match event {
                    bareframe::Event::Data(data) => Seen::Data {
                        lent: Lent {
                            kind: data.kind(),
                            rsv: data.rsv(),
                            len: data.payload().len(),
                            end,
                        },
                        first: data.is_first(),
                        last: data.is_last(),
                    },
                    bareframe::Event::Ping(payload) => Seen::Control(Event::Ping(payload)),
                    bareframe::Event::Pong(payload) => Seen::Control(Event::Pong(payload)),
                    bareframe::Event::Close(reason) => Seen::Control(Event::Close(reason)),
                }))
            },
        )?;
        let has_more = self.has_more();
        Ok(match seen {
            Some(Seen::Data { lent, first, last }) => {
                // What `read` had gathered of this message lacks this piece from now on.
                self.assembler = Assembler::new(Vec::new());
                let piece = Piece {
                    kind: lent.kind,
                    rsv: lent.rsv,
                    first,
                    last,
                    payload: self.input.range_mut(lent.range()),
                };
                Some((Event::Data(piece), has_more))
            }
            Some(Seen::Control(event)) => Some((event, has_more)),
            None => None,
        })
    }

    /// Gives the memory of a long message back when the message is done with.
    fn give_back(&mut self) {
        if std::mem::take(&mut self.give_back) {
            self.assembler = Assembler::new(Vec::new());
        }
    }

    /// Receives to a clean end, and drops what arrives.
    pub(crate) fn drop_all(&mut self, conversation: &mut impl Conversation) -> Result<(), Error> {
        receive(&mut self.input, &mut self.close_reason, conversation, |_, _| {
            Ok(None::<()>)
        })?;
        Ok(())
    }
}

impl Lent {
    fn range(&self) -> std::ops::Range<usize> {
        self.end - self.len..self.end
    }
}

/// Receives until `see` finds what it looks for; `None` at a clean end.
///
/// `see` gets each event, and where in the input its payload ends: what it finds may have to be lent after
/// another read, so that it keeps the range and not the borrow. If it gives a code the connection fails.
fn receive<T>(
    input: &mut Input,
    close_reason: &mut Option<CloseReason>,
    conversation: &mut impl Conversation,
    mut see: impl FnMut(bareframe::Event<'_>, usize) -> Result<Option<T>, CloseCode>,
) -> Result<Option<T>, Error> {
    loop {
        if input.is_empty() && !conversation.refill(input)? {
            return Ok(None);
        }
        conversation.make_room()?;
        let end = input.end();
        let mut rest = input.arrived_mut();
        let received = conversation.receive(&mut rest);
        let left = rest.len();
        let seen = match received {
            Ok(Some(event)) => {
                if let bareframe::Event::Close(reason) = &event {
                    *close_reason = Some(*reason);
                }
                see(event, end - left).map_err(|code| {
                    conversation.fail(code);
                    ProtocolError::Failed(code)
                })
            }
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        input.keep_last(left);
        conversation.answer();
        match seen {
            Ok(None) => {}
            Ok(found) => return Ok(found),
            Err(error) => {
                input.keep_last(0);
                conversation.give_up();
                return Err(Error::Protocol(error));
            }
        }
    }
}
