//! The halves of a session in two tasks: what the reading half leaves for the writing one.

mod stream;

use bareframe::{
    Assembler, Frame, Inbound, Next, Outbound, Pending, ProtocolError, ReceiveError, SendError, Server,
    SliceBuffer,
};
use bareframe_testkit as testkit;
use stream::{masked, server};

type Reader = Inbound<Server, [u8; 256]>;
type Writer = Outbound<Server, [u8; 256]>;

fn halves() -> (Reader, Writer) {
    server().split()
}

fn close(code: u16) -> Vec<u8> {
    masked(testkit::Frame::close(code, ""))
}

fn ping(payload: &str) -> Vec<u8> {
    masked(testkit::Frame::ping(payload))
}

fn read(inbound: &mut Reader, input: &[u8]) {
    assert_eq!(inbound.next_event(), Ok(Next::Read));
    inbound.space()[..input.len()].copy_from_slice(input);
    inbound.read(input.len());
}

#[test]
fn s5_5_3_pending_keeps_the_latest_pong_and_the_close() {
    let (mut inbound, mut outbound) = halves();
    let mut slot = Pending::NONE;
    for input in [ping("a"), ping("b"), close(1000)] {
        read(&mut inbound, &input);
        assert_eq!(inbound.next_event(), Ok(Next::Ready));
        assert!(inbound.event().is_some());
        slot.merge(inbound.take_pending());
    }
    slot.merge(Pending::PING);
    assert!(slot.is_close());
    assert_eq!(inbound.next_event(), Ok(Next::Closed));
    outbound.send_pending(&mut slot);
    assert!(slot.is_empty());
    assert_eq!(outbound.queued(), b"\x8a\x01b\x89\x00\x88\x02\x03\xe8");
    assert!(outbound.is_closed());
}

#[test]
fn s5_5_2_a_half_that_reads_messages_stops_at_each_ping_that_has_to_be_answered() {
    let (mut inbound, mut outbound) = halves();
    let mut assembler = Assembler::new(SliceBuffer::new(&mut []));
    read(&mut inbound, &[ping("a"), ping("b"), close(1000)].concat());
    for _ in 0..3 {
        assert!(!inbound.has_pending());
        assert_eq!(inbound.next_message(&mut assembler), Ok(Next::Write));
        assert!(inbound.has_pending());
        outbound.send_pending(&mut inbound.take_pending());
    }
    assert_eq!(inbound.next_message(&mut assembler), Ok(Next::Closed));
    assert_eq!(outbound.queued(), b"\x8a\x01a\x8a\x01b\x88\x02\x03\xe8");
}

#[test]
fn s7_1_7_the_close_of_an_error_is_in_the_slot_before_the_error_is_returned_and_goes_first() {
    let (mut inbound, mut outbound) = halves();
    read(&mut inbound, b"\x81\x01x");
    let error = ReceiveError::Protocol(ProtocolError::UnmaskedFrame);
    assert_eq!(inbound.next_event(), Err(error));
    let mut slot = inbound.take_pending();
    assert!(slot.is_close());
    assert_eq!(inbound.next_event(), Err(error));
    assert!(inbound.take_pending().is_empty(), "it is taken once");
    outbound.send_pending(&mut slot);
    assert_eq!(outbound.queued(), b"\x88\x02\x03\xea");
    assert_eq!(
        outbound.next_sent(&mut Frame::text("late")),
        Err(SendError::Closed)
    );
}

#[test]
fn s5_4_what_is_pending_waits_for_the_end_of_a_frame() {
    let (_, mut outbound) = halves();
    let payload = [0; 600];
    let mut frame = Frame::binary(&payload);
    assert_eq!(outbound.next_sent(&mut frame), Ok(Next::Write));
    let mut slot = Pending::PING;
    outbound.send_pending(&mut slot);
    assert!(!slot.is_empty());
    outbound.wrote(604, &mut frame);
    assert_eq!(outbound.next_sent(&mut frame), Ok(Next::Ready));
    outbound.send_pending(&mut slot);
    assert_eq!((slot, outbound.queued()), (Pending::NONE, &b"\x89\x00"[..]));
}

#[test]
fn a_reader_continues_while_the_writer_is_within_a_frame() {
    let (mut inbound, mut outbound) = halves();
    let payload = [0; 600];
    let mut frame = Frame::binary(&payload);
    assert_eq!(outbound.next_sent(&mut frame), Ok(Next::Write));
    let mut slot = Pending::NONE;
    for number in 0..3 {
        read(&mut inbound, &ping(&number.to_string()));
        assert_eq!(inbound.next_event(), Ok(Next::Ready));
        assert!(inbound.event().is_some());
        slot.merge(inbound.take_pending());
        outbound.send_pending(&mut slot);
    }
    outbound.wrote(604, &mut frame);
    outbound.send_pending(&mut slot);
    assert_eq!(outbound.queued(), b"\x8a\x012");
}

#[test]
fn s5_1_after_a_refusal_nothing_is_queued_and_what_was_pending_is_dropped() {
    let (_, mut outbound) = halves();
    assert_eq!(outbound.next_sent(&mut Frame::text("x")), Ok(Next::Ready));
    outbound.refused();
    let mut slot = Pending::PING;
    outbound.send_pending(&mut slot);
    assert!(slot.is_empty());
    assert_eq!(
        (outbound.next_flush(), outbound.queued()),
        (Next::Ready, &b""[..])
    );
    assert_eq!(outbound.next_sent(&mut Frame::ping(b"")), Err(SendError::Closed));
}

#[test]
fn two_ends_that_only_send_wait_for_each_other() {
    // Neither reads, and the streams are full: both are told to write, and no frame is lost.
    let payload = [7; 600];
    for _ in 0..2 {
        let (_, mut outbound) = halves();
        let mut frame = Frame::binary(&payload);
        for _ in 0..3 {
            assert_eq!(outbound.next_sent(&mut frame), Ok(Next::Write));
        }
        assert_eq!(frame.left(), 600);
    }
}
