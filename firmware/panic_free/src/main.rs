//! Calls every function of the engine with inputs that the compiler can't predict, and links only if no panic
//! path survives: the panic handler calls an undefined function.

#![no_std]
#![no_main]

#[cfg(feature = "handshake")]
mod handshake;
mod session;

use bareframe::{
    Assembled, Assembler, CloseCode, CloseReason, Config, Connection, ControlPayload, Data, EndOfStream,
    Event, FrameDecoder, FrameEvent, FrameHeader, Gather, Limits, Masker, MaskingKey, Message, MessageKind,
    Opcode, Outbox, Receiver, Role, Rsv, Rules, Sender, SliceBuffer, State, Utf8Validator,
};
use board::{opaque, read, write};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        #[link_name = "a panic path is left in the image"]
        fn left() -> !;
    }
    // SAFETY: it is never called: an image with a call of it does not link.
    unsafe { left() }
}

/// Uses a value of a few bytes, so that the compiler must compute it.
fn note<T>(value: T) {
    core::hint::black_box(value);
}

pub(crate) fn bytes(buffer: &mut [u8]) -> &mut [u8] {
    let len = read(buffer);
    buffer.get_mut(..len).unwrap_or(&mut [])
}

fn byte() -> u8 {
    opaque(0)
}

fn number() -> u64 {
    opaque(0)
}

fn kind() -> MessageKind {
    if opaque(false) {
        MessageKind::Text
    } else {
        MessageKind::Binary
    }
}

fn rsv() -> Rsv {
    Rsv::from_first_byte(byte()) | Rsv::RSV1
}

fn key() -> MaskingKey {
    MaskingKey::new(opaque([0; 4]))
}

fn config() -> Config {
    let limits = Limits::UNLIMITED
        .with_frame(number())
        .with_message(number())
        .with_fragments(opaque(0));
    Config::DEFAULT
        .with_limits(limits)
        .with_rsv(rsv())
        .with_auto_pong(opaque(false))
}

fn data(data: Data<'_>) {
    note((data.kind(), data.rsv(), data.is_first(), data.is_last()));
    write(data.payload());
    write(data.as_str().unwrap_or("").as_bytes());
    if opaque(false) {
        write(data.into_str().unwrap_or_default().as_bytes());
    } else {
        write(data.into_payload());
    }
}

fn message(message: Message<'_>) {
    note((message.kind(), message.rsv()));
    write(message.payload());
    write(message.as_str().unwrap_or("").as_bytes());
    write(message.into_str().unwrap_or_default().as_bytes());
}

fn event(event: Event<'_>) {
    match event {
        Event::Data(piece) => data(piece),
        Event::Ping(payload) | Event::Pong(payload) => control(&payload),
        Event::Close(reason) => close(&reason),
    }
}

fn control(payload: &ControlPayload) {
    write(payload);
    note(*payload == ControlPayload::EMPTY);
    if let Ok(reason) = payload.close_reason() {
        close(&reason);
    }
}

fn close(reason: &CloseReason) {
    if let Some(code) = reason.code() {
        note(code.number());
        write(code.name().as_bytes());
    }
    write(reason.reason().as_bytes());
    note(*reason == CloseReason::EMPTY);
}

fn connection<R: Role>(mut connection: Connection<R>, buffer: &mut [u8], out: &mut [u8]) {
    let mut outbox = Outbox::new([0; 150]);
    loop {
        let mut input = bytes(buffer);
        loop {
            let received = connection.receive(&mut input);
            let (done, failed) = (matches!(received, Ok(None) | Err(_)), received.is_err());
            match received {
                Ok(Some(given)) => event(given),
                Ok(None) => {}
                Err(error) => {
                    note(error.close_code());
                    write(error.section().as_bytes());
                }
            }
            while let Some(frame) = connection.poll_transmit() {
                note(outbox.control(&frame));
            }
            if done || failed {
                break;
            }
        }
        let payload = bytes(out);
        note(outbox.encode(|out| connection.encode(kind(), Rsv::NONE, payload, out)));
        if let Ok(mut frame) = connection.send(kind(), rsv(), opaque(false), number()) {
            note((frame.payload_len(), frame.is_masked(), outbox.begin(&frame)));
            write(frame.header());
            frame.apply(payload);
            note(frame.apply_copy(payload, buffer));
            note(outbox.push(&mut frame, payload));
        }
        if let Ok(frame) = connection.ping(payload) {
            write(&frame);
        }
        if let Ok(frame) = connection.pong(payload) {
            write(&frame);
        }
        write(outbox.pending());
        note((
            outbox.room(),
            outbox.payload_left(),
            outbox.is_at_boundary(),
            outbox.is_done(),
        ));
        note(outbox.advance(opaque(0)));
        note(connection.state() == State::Open);
        if opaque(false) {
            connection.fail(CloseCode::INTERNAL_ERROR);
        }
        if opaque(false) {
            note(connection.receive_eof() == EndOfStream::Clean);
        }
        if opaque(false) {
            let reason = core::str::from_utf8(payload).unwrap_or("");
            if let Ok(frame) = connection.close(CloseCode::new(opaque(0)), reason) {
                write(&frame);
            }
        }
        if opaque(false) {
            break;
        }
    }
    let (receiver, sender) = connection.split();
    halves(receiver, sender, buffer);
}

fn halves<R: Role>(mut receiver: Receiver<R>, mut sender: Sender<R>, buffer: &mut [u8]) {
    let mut assembler = Assembler::new(heapless::Vec::<u8, 40>::new());
    let mut memory = [0; 40];
    let mut in_slice = Assembler::new(SliceBuffer::new(&mut memory));
    while opaque(true) {
        let mut input = bytes(buffer);
        while let Ok(Some(given)) = receiver.receive(&mut input) {
            let Event::Data(piece) = given else { continue };
            if opaque(false) {
                assemble(&mut assembler, piece);
            } else {
                assemble(&mut in_slice, piece);
            }
        }
        while let Some(reply) = receiver.poll_reply() {
            note(reply.is_close());
            if let Some(frame) = sender.reply(reply) {
                write(&frame);
            }
        }
        if opaque(false) {
            receiver.fail(CloseCode::GOING_AWAY);
            note(receiver.receive_eof());
        }
        let input = bytes(buffer);
        if let Ok(frame) = sender.ping(input) {
            write(&frame);
        }
        if let Ok(frame) = sender.pong(input) {
            write(&frame);
        }
        if let Ok(frame) = sender.send(kind(), rsv(), opaque(false), number()) {
            write(frame.header());
        }
        let mut out = [0; 40];
        note(sender.encode(kind(), Rsv::NONE, input, &mut out));
        if opaque(false)
            && let Ok(frame) = sender.close(CloseCode::new(opaque(0)), "")
        {
            write(&frame);
        }
    }
}

fn assemble<B: Gather>(assembler: &mut Assembler<B>, piece: Data<'_>) {
    match assembler.push(piece) {
        Ok(Assembled::Whole(whole)) => message(whole),
        Ok(Assembled::Gathered) => {
            if let Some(whole) = assembler.message() {
                message(whole);
            }
        }
        Ok(Assembled::More) => {}
        Err(error) => note(error.close_code()),
    }
}

/// The layers below, by themselves.
fn parts(buffer: &mut [u8], out: &mut [u8]) {
    let rules = [
        Rules::FROM_CLIENT,
        Rules::FROM_SERVER,
        Rules::ANY
            .with_rsv(rsv())
            .with_max_payload(number())
            .with_message_open(opaque(false)),
    ];
    for rules in rules {
        let mut decoder = FrameDecoder::new(rules);
        let mut input = bytes(buffer);
        if let Ok(Some((header, len))) = FrameHeader::parse(input, rules) {
            frame_header(&header);
            note(len);
        }
        while let Ok(Some(found)) = decoder.decode(&mut input) {
            match found {
                FrameEvent::Header(header) => frame_header(&header),
                FrameEvent::Payload { payload, last } => {
                    write(payload);
                    note(last);
                }
            }
        }
        note((decoder.is_between_frames(), decoder.set_rules(rules)));
    }
    let opcode = Opcode::from_bits(byte()).unwrap_or(Opcode::Text);
    note((
        opcode.bits(),
        opcode.is_control(),
        rsv().bits(),
        rsv().contains(rsv()),
    ));
    if let Ok(header) = FrameHeader::new(opaque(false), rsv(), opcode, opaque(false).then(key), number()) {
        frame_header(&header);
    }
    let mut masker = Masker::new(key());
    let bytes = bytes(buffer);
    masker.apply(bytes);
    note(masker.apply_copy(bytes, out));
    write(&key().to_bytes());
    let mut text = Utf8Validator::new();
    note((text.push(bytes), text.finish()));
    if let Ok(payload) = ControlPayload::new(bytes) {
        control(&payload);
    }
    if let Some(code) = CloseCode::new(opaque(0)) {
        let reason = core::str::from_utf8(bytes).unwrap_or("");
        if let Some(reason) = CloseReason::new(code, reason) {
            close(&reason);
        }
    }
}

fn frame_header(header: &FrameHeader) {
    note((
        header.fin(),
        header.rsv().is_empty(),
        header.opcode(),
        header.masking_key(),
        header.payload_len(),
    ));
    write(&header.encode());
}

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut BUFFER: [u8; 200] = [0; 200];
    static mut OUT: [u8; 200] = [0; 200];
    loop {
        connection(Connection::server(config()), BUFFER, OUT);
        connection(Connection::client(config(), key), BUFFER, OUT);
        session::all(|| Connection::server(config()), BUFFER, OUT);
        session::all(
            || Connection::client(config(), key as fn() -> MaskingKey),
            BUFFER,
            OUT,
        );
        session::keepalive();
        parts(BUFFER, OUT);
        #[cfg(feature = "handshake")]
        handshake::all(BUFFER, OUT);
    }
}
