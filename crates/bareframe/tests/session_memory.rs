//! The memory and the queue of a session: how long they are, and how they are exchanged.

use bareframe::{Assembler, Config, Connection, Frame, Next, Session, SliceBuffer};

#[test]
fn the_memory_is_borrowed_or_owned() {
    let mut memory = [0; 64];
    let connection = Connection::server(Config::DEFAULT);
    let mut session = Session::new(connection, &mut memory, [0; 131]);
    session.space()[..7].copy_from_slice(b"\x81\x81\0\0\0\0a");
    session.read(7);
    assert_eq!(session.next_event(), Ok(Next::Ready));
    assert!(session.event().is_some());
}

#[test]
fn memory_is_not_exchanged_while_something_in_it_was_found() {
    let (mut one, mut other) = ([0; 8], [0; 64]);
    let connection = Connection::server(Config::DEFAULT);
    let (mut inbound, _) = Session::new(connection, &mut one[..], [0; 131]).split();
    assert_eq!(inbound.memory_len(), 8);
    inbound.space()[..7].copy_from_slice(b"\x81\x81\0\0\0\0a");
    inbound.read(7);
    let mut gathered = [0; 8];
    let mut assembler = Assembler::new(SliceBuffer::new(&mut gathered));
    assert_eq!(inbound.next_message(&mut assembler), Ok(Next::Ready));
    assert!(inbound.exchange_memory(&mut other[..]).is_err());
    assert!(inbound.message(&mut assembler).is_some());
    let mut again = [0; 16];
    assert!(inbound.exchange_memory(&mut again[..]).is_ok());
    assert_eq!(inbound.memory_len(), 16);
    assert_eq!(inbound.held(), (0, 0));
    assert!(!inbound.lengthen_memory(100), "a slice can't grow");
}

#[test]
fn a_queue_is_exchanged_for_one_that_holds_what_is_queued() {
    let (mut long, mut short, mut longer) = ([0; 131], [0; 6], [0; 200]);
    let connection = Connection::server(Config::DEFAULT);
    let (_, mut outbound) = Session::new(connection, [0; 64], &mut long[..]).split();
    assert_eq!((outbound.queue_len(), outbound.room()), (131, 131));
    assert_eq!(outbound.next_sent(&mut Frame::text("Hello")), Ok(Next::Ready));
    assert_eq!(outbound.room(), 124);
    assert!(outbound.exchange_queue(&mut short[..]).is_err());
    assert_eq!(
        outbound.exchange_queue(&mut longer[..]).map(|old| old.len()),
        Ok(131)
    );
    assert_eq!((outbound.queue_len(), outbound.room()), (200, 193));
    assert_eq!(outbound.queued(), b"\x81\x05Hello");
}
