//! A message in one frame that stays in the memory while it arrives in pieces.
//!
//! ```text
//! memory: [ looked at | held | free ]
//!                            start = end
//! ```

use crate::assemble::{Assembler, Gather};
use crate::extension::{Extension, SealedWindow};
use crate::frame::FrameState;
use crate::memory::Memory;
use crate::message::ChunkFlags;
use crate::opcode::{MessageKind, Opcode};
use crate::receiver::{Data, ReceiverState};
use crate::role::Role;
use crate::session::error::ReceiveError;
use crate::session::inbound::{Found, Inbound, TakenBy};

/// The memory becomes at most this many times as long as what is held, so that it follows what has arrived and is rarely moved.
const GROWTH: usize = 8;

/// How long the memory becomes for a shorter message, and for how many bytes there is room after a longer one. A message that
/// is looked at when it is whole is no longer, since it would have left the nearest cache.
const AT_ONCE: usize = 16 << 10;
const AHEAD: usize = 2 << 10;

/// How much of a message is held.
pub(in crate::session::inbound) struct Held {
    /// This many bytes before `start`; 0 if none is held.
    len: usize,
    /// The longest message that is held.
    most: usize,
    /// The last look found the front of a binary message of which the rest fits into the memory.
    is_awaited: bool,
}

impl Held {
    pub(in crate::session::inbound) const NONE: Held = Held {
        len: 0,
        most: 0,
        is_awaited: false,
    };

    #[inline(always)]
    pub(in crate::session::inbound) const fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    pub(in crate::session::inbound) const fn forget(&mut self) {
        self.len = 0;
    }

    #[inline(always)]
    pub(in crate::session::inbound) const fn set_most(&mut self, most: usize) {
        self.most = most;
    }

    #[inline(always)]
    pub(in crate::session::inbound) const fn is_awaited(&self) -> bool {
        self.is_awaited
    }

    #[inline(always)]
    pub(in crate::session::inbound) const fn set_awaited(&mut self, is_awaited: bool) {
        self.is_awaited = is_awaited;
    }
}

impl<R: Role, I: Memory, X: Extension> Inbound<R, I, X> {
    /// Returns `true` if there is the front of a binary message in one frame which will be found whole at once, since all of it fits
    /// into the memory and no byte of its payload can be at fault.
    #[inline(always)]
    pub(in crate::session::inbound) fn awaits_rest(&mut self, capacity: usize) -> bool {
        self.held.is_awaited = false;
        let (start, end) = (self.cursor.start, self.cursor.end);
        let bytes = self.memory.bytes_mut();
        let memory_len = bytes.len();
        let Some(mut rest) = bytes.get_mut(start..end) else {
            return false;
        };
        let arrived = rest.len();
        let Some(header) = self.receiver.take_plain_header(&mut rest) else {
            return false;
        };
        let len = header.payload_len;
        let is_text = header.first.bits() & Opcode::Text.bits() != 0;
        if is_text || len <= rest.len() || len > capacity.min(self.held.most).min(AT_ONCE) {
            return false;
        }
        let frame_len = arrived.saturating_sub(rest.len()).saturating_add(len);
        if frame_len > memory_len || self.cursor.found != Found::Nothing || self.window.is_at_work() {
            return false;
        }
        if frame_len > memory_len.saturating_sub(start) {
            bytes.copy_within(start..end, 0);
            (self.cursor.start, self.cursor.end) = (0, arrived);
        }
        self.held.is_awaited = true;
        true
    }

    /// Holds the piece that was found. Returns `true` if the message is whole, and `None` if it has to be gathered.
    pub(in crate::session::inbound) fn hold<B: Gather>(
        &mut self,
        flags: ChunkFlags,
        assembler: &mut Assembler<B>,
    ) -> Result<Option<bool>, ReceiveError> {
        if flags.is_first() {
            if !self.may_hold(flags) {
                return Ok(None);
            }
            self.number = self.number.wrapping_add(1).max(1);
            self.gathered = 0;
            assembler.begin(self.number, flags.kind());
        } else if self.held.len == 0 {
            return Ok(None);
        } else if !assembler.is_gathering(self.number, 0) {
            return Err(self.skip(flags));
        }
        let len = self.held.len.saturating_add(self.cursor.found_len);
        if len > assembler.capacity() {
            return Err(self.refuse_message(len, assembler.capacity()));
        }
        if flags.is_last() {
            assembler.clear();
            self.held.len = 0;
            self.cursor.found_len = len;
            self.cursor.taken_by = TakenBy::Nobody;
            // The receiver has validated all of its text, piece by piece.
            self.cursor.found = match flags.kind() {
                MessageKind::Text => Found::Text,
                MessageKind::Binary => Found::Binary,
            };
            return Ok(Some(true));
        }
        self.held.len = len;
        self.cursor.found = self.found_next();
        self.cursor.taken_by = TakenBy::Message;
        if !self.make_room() {
            self.gather_held(flags, assembler)?;
        }
        Ok(Some(false))
    }

    /// Returns `true` if the piece is the first of a message that ends with its frame and is not too long.
    fn may_hold(&self, flags: ChunkFlags) -> bool {
        let ReceiverState::Open(FrameState::Payload { missing, first, .. }) = self.receiver.state() else {
            return false;
        };
        let len = usize::try_from(*missing)
            .ok()
            .and_then(|missing| missing.checked_add(self.cursor.found_len));
        matches!(self.cursor.found, Found::Data(_))
            && first.fin()
            && flags.rsv().is_empty()
            && len.is_some_and(|len| len <= self.held.most)
    }

    /// Provides room after what is held. Returns `false` if there is none.
    fn make_room(&mut self) -> bool {
        let ReceiverState::Open(FrameState::Payload { missing, .. }) = self.receiver.state() else {
            return false;
        };
        let (start, len) = (self.cursor.start, self.held.len);
        let needed = usize::try_from(*missing).map_or(usize::MAX, |missing| len.saturating_add(missing));
        let held = start.saturating_sub(len)..start;
        let bytes = self.memory.bytes_mut();
        let memory_len = bytes.len();
        if memory_len.saturating_sub(held.start) >= needed {
            return true;
        }
        if held.start > 0 && held.end <= memory_len && start == self.cursor.end {
            bytes.copy_within(held, 0);
            (self.cursor.start, self.cursor.end) = (len, len);
        }
        // While there is room for as much as has arrived, the memory is long enough for the next read.
        if memory_len < needed && memory_len.saturating_sub(len) < len {
            let most = needed
                .saturating_add(AHEAD)
                .max(AT_ONCE)
                .min(self.held.most.max(needed));
            return self.memory.lengthen(len.saturating_mul(GROWTH).min(most))
                || self.cursor.end < memory_len;
        }
        self.cursor.end < memory_len
    }

    /// Leaves what is held to the assembler, and what follows.
    fn gather_held<B: Gather>(
        &mut self,
        flags: ChunkFlags,
        assembler: &mut Assembler<B>,
    ) -> Result<(), ReceiveError> {
        let len = core::mem::take(&mut self.held.len);
        let held = self.cursor.start.saturating_sub(len)..self.cursor.start;
        let Some(bytes) = self.memory.bytes_mut().get_mut(held) else {
            return Err(self.skip(flags));
        };
        match assembler.push_part(self.number, Data::new(bytes, flags.without_first())) {
            Ok(_) => {
                self.gathered = len;
                Ok(())
            }
            Err(_) => Err(self.refuse_message(len, assembler.capacity())),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use crate::assemble::{Assembler, Gather, SliceBuffer};
    use crate::connection::Connection;
    use crate::error::BufferTooSmall;
    use crate::limits::Config;
    use crate::opcode::MessageKind;
    use crate::receiver::Event;
    use crate::session::{Next, ReceiveError, Session};
    use std::vec::Vec;

    /// Memory that takes nothing: what is lent was held.
    struct Nothing;

    impl Gather for Nothing {
        fn clear(&mut self) {}

        fn gather(&mut self, piece: &[u8]) -> Result<(), BufferTooSmall> {
            Err(BufferTooSmall {
                needed: piece.len(),
                available: 0,
            })
        }

        fn as_mut_slice(&mut self) -> &mut [u8] {
            &mut []
        }

        fn capacity(&self) -> usize {
            100
        }
    }

    /// Returns a client's frame with the key 0.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let len = u8::try_from(payload.len()).unwrap();
        assert!(len < 126);
        [&[first, 0x80 | len, 0, 0, 0, 0], payload].concat()
    }

    type Server<const N: usize> = Session<crate::role::Server, [u8; N], [u8; 131]>;

    fn server<const N: usize>() -> Server<N> {
        let mut session = Session::new(Connection::server(Config::DEFAULT), [0; N], [0; 131]);
        session.both().0.hold_up_to(100);
        session
    }

    /// Reads in pieces of this length until something is said other than to read.
    fn read<const N: usize, B: Gather>(
        session: &mut Server<N>,
        wire: &mut &[u8],
        piece: usize,
        assembler: &mut Assembler<B>,
    ) -> Result<Next, ReceiveError> {
        loop {
            let next = session.next_message(assembler);
            if next != Ok(Next::Read) || wire.is_empty() {
                return next;
            }
            let space = session.space();
            let len = piece.min(wire.len()).min(space.len());
            let (front, rest) = wire.split_at(len);
            space[..len].copy_from_slice(front);
            session.read(len);
            *wire = rest;
        }
    }

    #[test]
    fn s5_4_messages_in_one_frame_stay_in_the_memory_however_they_are_cut() {
        let messages = [
            "Mọi người sinh ra đều được tự do và bình đẳng".as_bytes(),
            &[b'x'; 100],
            b"",
            "ö".as_bytes(),
        ];
        let wire: Vec<u8> = messages.iter().flat_map(|message| frame(0x81, message)).collect();
        for piece in 1..wire.len() {
            let (mut session, mut wire) = (server::<128>(), &wire[..]);
            let mut assembler = Assembler::new(Nothing);
            for message in messages {
                assert_eq!(
                    read(&mut session, &mut wire, piece, &mut assembler),
                    Ok(Next::Ready)
                );
                let read = session.message(&mut assembler).unwrap();
                assert_eq!(
                    (read.kind(), read.payload()),
                    (MessageKind::Text, message),
                    "{piece}"
                );
                #[cfg(feature = "simd")]
                {
                    let before = crate::utf8::count::validated();
                    assert!(read.as_str().is_some());
                    assert_eq!(crate::utf8::count::validated(), before);
                }
            }
        }
    }

    #[test]
    fn a_message_that_outgrows_the_memory_is_gathered() {
        let wire = [frame(0x82, &[7; 90]), frame(0x82, &[8; 10])].concat();
        for piece in 1..wire.len() {
            let (mut session, mut wire) = (server::<64>(), &wire[..]);
            let mut memory = [0; 100];
            let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
            for expected in [&[7; 90][..], &[8; 10]] {
                assert_eq!(
                    read(&mut session, &mut wire, piece, &mut assembler),
                    Ok(Next::Ready)
                );
                let read = session.message(&mut assembler).unwrap();
                assert_eq!(read.payload(), expected, "{piece}");
            }
        }
    }

    #[test]
    fn s5_4_a_message_that_is_held_is_not_taken_as_events_and_that_is_said_once() {
        let wire = [frame(0x81, &[7; 90]), frame(0x82, &[8; 10])].concat();
        let mut assembler = Assembler::new(Nothing);
        let mut session = server::<256>();
        let (front, mut rest) = wire.split_at(50);
        assert_eq!(
            read(&mut session, &mut &*front, 50, &mut assembler),
            Ok(Next::Read)
        );
        session.space()[..rest.len()].copy_from_slice(rest);
        session.read(rest.len());
        rest = &[];
        assert_eq!(session.next_event(), Err(ReceiveError::MessageSkipped));
        assert_eq!(read(&mut session, &mut rest, 1, &mut assembler), Ok(Next::Ready));
        assert_eq!(session.message(&mut assembler).unwrap().payload(), [8; 10]);
    }
    #[test]
    fn a_binary_message_that_fits_the_memory_is_awaited_and_may_still_be_taken_as_events() {
        let wire = frame(0x82, &[7; 90]);
        let mut assembler = Assembler::new(Nothing);
        let mut session = server::<256>();
        let (front, rest) = (&wire[..50], &wire[50..95]);
        assert_eq!(
            read(&mut session, &mut &*front, 50, &mut assembler),
            Ok(Next::Read)
        );
        assert_eq!(session.unread(), front);
        assert!(!session.has_more(), "a read is needed");
        assert_eq!(session.next_event(), Ok(Next::Read));
        session.space()[..45].copy_from_slice(rest);
        session.read(45);
        assert_eq!(session.next_event(), Ok(Next::Ready));
        match session.event() {
            Some(Event::Data(piece)) => assert_eq!(piece.payload(), [7; 89]),
            event => panic!("{event:?}"),
        }
        assert_eq!(session.next_event(), Ok(Next::Read));
    }

    #[test]
    fn an_awaited_message_has_room_for_a_read_and_ends_with_the_stream() {
        let wire = frame(0x82, &[7; 90]);
        let mut assembler = Assembler::new(Nothing);
        let (mut long, mut short, mut shortest) = ([0; 256], [0; 51], [0; 50]);
        let connection = Connection::server(Config::DEFAULT);
        let mut session = Session::<_, &mut [u8], _>::new(connection, &mut long, [0; 131]);
        session.both().0.hold_up_to(100);
        session.space()[..50].copy_from_slice(&wire[..50]);
        session.read(50);
        assert_eq!(session.next_message(&mut assembler), Ok(Next::Read));
        assert!(session.both().0.exchange_memory(&mut shortest).is_err());
        assert!(session.both().0.exchange_memory(&mut short).is_ok());
        assert_eq!(session.space().len(), 1);
        session.read(0);
        assert!(!session.has_more());
        assert_eq!(
            session.next_message(&mut assembler),
            Err(ReceiveError::AbnormalClosure)
        );
    }

    #[test]
    fn s7_4_1_a_binary_message_over_the_capacity_is_refused_however_it_is_cut() {
        let wire = frame(0x82, &[7; 101]);
        for piece in 1..=wire.len() {
            let mut assembler = Assembler::new(Nothing);
            let mut session = server::<256>();
            session.both().0.hold_up_to(1000);
            // The Close leaves before the error is returned.
            let next = read(&mut session, &mut &wire[..], piece, &mut assembler);
            assert_eq!(next, Ok(Next::Write), "{piece}");
            assert!(session.queued().ends_with(&1009_u16.to_be_bytes()));
        }
    }
}
