//! Two connections that talk to each other over a link that cuts and delays.
//!
//! What one sends the other receives, in order; however the closing handshake is begun, it ends; and an end of the
//! stream in the midst of it is noticed.

use bareframe::{
    CloseCode, Config, Connection, ControlFrame, EndOfStream, Event, MaskingKey, MessageKind, Outbox, Role,
    Rsv, State,
};
use bareframe_testkit::{Choices, Link, Random, Recorder, Side};

/// The most turns in which the two ends say something new.
const MAX_TURNS: usize = 60;

/// The most turns that two ends may need for the bytes in flight and the closing handshake.
const PATIENCE: usize = 100_000;

const TEXT: &str = "plain, é語😀, and again plain";

/// One end, what it said and what it heard.
struct End<R> {
    connection: Connection<R>,
    side: Side,
    /// What a transport has not taken yet.
    outbox: Outbox<Vec<u8>>,
    /// The message of which a frame without FIN was sent, with its reserved bits.
    open: Option<(MessageKind, Rsv)>,
    /// How much of a text message that is open was sent.
    text_sent: usize,
    pinged: Vec<u8>,
    close_heard: Option<Option<CloseCode>>,
    said: Recorder,
    heard: Recorder,
    has_shut: bool,
}

/// Runs a conversation of two ends that these choices describe, over a link that follows from `seed`.
///
/// # Panics
///
/// If they do not understand each other.
pub(crate) fn run(choices: &[u8], seed: u64) {
    let mut choices = Choices::new(choices);
    let config = Config::DEFAULT.with_rsv(choices.one_of(&[Rsv::NONE, Rsv::RSV1, Rsv::ALL]));
    let mut random = Random::new(seed);
    let mut keys = Random::new(!seed);
    let client = Connection::client(config, move || MaskingKey::new(keys.key()));
    let mut client = End::new(client, Side::Client);
    let mut server = End::new(Connection::server(config), Side::Server);
    let mut link = Link::new();
    for _ in 0..MAX_TURNS {
        if choices.are_used_up() {
            break;
        }
        client.speak(&mut choices, config);
        server.speak(&mut choices, config);
        client.turn(&mut link, &mut random);
        server.turn(&mut link, &mut random);
    }
    if choices.once_in(4) {
        cut_off(client, server, &mut link, &mut random);
    } else {
        close(client, server, &mut link, &mut random);
    }
}

/// The client closes, as soon as there is room for that, and both continue until both have received a Close.
fn close<C: Role, S: Role>(mut client: End<C>, mut server: End<S>, link: &mut Link, random: &mut Random) {
    let mut asked = false;
    for _ in 0..PATIENCE {
        if !asked && client.outbox.room() >= ControlFrame::MAX_LEN {
            client.close(None, "");
            asked = true;
        }
        if client.is_closed() && server.is_closed() {
            break;
        }
        client.turn(link, random);
        server.turn(link, random);
    }
    assert!(
        client.is_closed() && server.is_closed(),
        "the closing handshake does not end"
    );
    assert_eq!(client.heard.transcript(), server.said.transcript());
    assert_eq!(server.heard.transcript(), client.said.transcript());
    assert_eq!(client.connection.receive_eof(), EndOfStream::Clean);
    assert_eq!(server.connection.receive_eof(), EndOfStream::Clean);
}

/// The link breaks: each end receives what is still in flight, and then that there is no more.
fn cut_off<C: Role, S: Role>(mut client: End<C>, mut server: End<S>, link: &mut Link, random: &mut Random) {
    link.shut(Side::Client);
    link.shut(Side::Server);
    (client.has_shut, server.has_shut) = (true, true);
    while !(link.is_ended(Side::Client) && link.is_ended(Side::Server)) {
        client.turn(link, random);
        server.turn(link, random);
    }
    client.end();
    server.end();
}

impl<R: Role> End<R> {
    fn new(connection: Connection<R>, side: Side) -> End<R> {
        End {
            connection,
            side,
            outbox: Outbox::new(vec![0; 4096]),
            open: None,
            text_sent: 0,
            pinged: Vec::new(),
            close_heard: None,
            said: Recorder::new(),
            heard: Recorder::new(),
            has_shut: false,
        }
    }

    fn may_speak(&self) -> bool {
        matches!(self.connection.state(), State::Open | State::CloseReceived)
    }

    fn is_closed(&self) -> bool {
        self.connection.state() == State::Closed && self.outbox.is_done()
    }

    /// Says one thing, or nothing.
    fn speak(&mut self, choices: &mut Choices<'_>, config: Config) {
        if !self.may_speak() || self.outbox.room() < 1024 {
            return;
        }
        match choices.below(10) {
            0 | 1 if self.open.is_none() => self.message(choices),
            0..=4 => self.fragment(choices, config),
            5 => {
                let payload = vec![choices.byte(); choices.one_of(&[0, 1, 4, 125])];
                let frame = self.connection.ping(&payload).unwrap();
                self.said.ping(&payload);
                self.outbox.control(&frame).unwrap();
            }
            6 => {
                let payload = vec![choices.byte(); choices.one_of(&[0, 1, 4, 125])];
                let frame = self.connection.pong(&payload).unwrap();
                self.said.pong(&payload);
                self.outbox.control(&frame).unwrap();
            }
            7 if choices.once_in(8) => {
                let code = CloseCode::new(choices.one_of(&[1000, 1001, 3000, 4999]));
                self.close(code, "naïve");
            }
            _ => {}
        }
    }

    fn message(&mut self, choices: &mut Choices<'_>) {
        let (kind, payload) = match choices.once_in(2) {
            true => (MessageKind::Text, TEXT.as_bytes().to_vec()),
            false => (
                MessageKind::Binary,
                vec![choices.byte(); choices.one_of(&[0, 1, 125, 126, 300])],
            ),
        };
        self.outbox
            .encode(|out| self.connection.encode(kind, Rsv::NONE, &payload, out))
            .unwrap();
        self.said.fragment(kind, Rsv::NONE, &payload, true);
    }

    /// Sends a message's next frame, of any length: text is cut wherever that is.
    fn fragment(&mut self, choices: &mut Choices<'_>, config: Config) {
        let kind = match self.open {
            Some((kind, _)) => kind,
            None => choices.one_of(&[MessageKind::Text, MessageKind::Binary]),
        };
        let fin = choices.once_in(3);
        let payload: Vec<u8> = match kind {
            MessageKind::Text => {
                let rest = &TEXT.as_bytes()[self.text_sent..];
                let len = if fin {
                    rest.len()
                } else {
                    choices.below(rest.len() + 1)
                };
                rest[..len].to_vec()
            }
            MessageKind::Binary => vec![choices.byte(); choices.one_of(&[0, 1, 7, 126, 400])],
        };
        // A bit would mean that the text is not UTF-8; here only binary messages carry one.
        let rsv = match (kind, self.open) {
            (MessageKind::Binary, None) if choices.once_in(2) => config.rsv(),
            _ => Rsv::NONE,
        };
        let mut frame = self
            .connection
            .send(kind, rsv, fin, payload.len() as u64)
            .unwrap();
        self.outbox.begin(&frame).unwrap();
        let mut rest = &payload[..];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(1 + choices.below(rest.len()));
            assert_eq!(self.outbox.push(&mut frame, piece), piece.len());
            rest = after;
        }
        let (_, rsv) = self.open.unwrap_or((kind, rsv));
        self.said.fragment(kind, rsv, &payload, fin);
        self.open = (!fin).then_some((kind, rsv));
        self.text_sent = if fin || kind == MessageKind::Binary {
            0
        } else {
            self.text_sent + payload.len()
        };
    }

    fn close(&mut self, code: Option<CloseCode>, reason: &str) {
        if self.may_speak() {
            let frame = self.connection.close(code, reason).unwrap();
            self.said.close(code, reason);
            self.outbox.control(&frame).unwrap();
        }
    }

    /// Writes some of what is pending, and receives some of what is in flight.
    fn turn(&mut self, link: &mut Link, random: &mut Random) {
        if !self.has_shut {
            let pending = self.outbox.pending();
            let written = random.below(pending.len() + 1).max(pending.len().min(1));
            link.send(self.side, &pending[..written]);
            self.outbox.advance(written);
        }
        let mut arrived = link.deliver(self.side, random);
        let mut input = &mut arrived[..];
        while let Some(event) = self.connection.receive(&mut input).unwrap() {
            self.hear(event);
            self.answer();
        }
        assert!(input.is_empty());
        self.answer();
    }

    fn hear(&mut self, event: Event<'_>) {
        match event {
            Event::Data(data) => {
                let (kind, rsv, first, last) = (data.kind(), data.rsv(), data.is_first(), data.is_last());
                self.heard.data(kind, rsv, data.payload(), first, last);
            }
            Event::Ping(payload) => {
                self.pinged = payload.to_vec();
                self.heard.ping(&payload);
            }
            Event::Pong(payload) => self.heard.pong(&payload),
            Event::Close(close) => {
                self.close_heard = Some(close.code());
                self.heard.close(close.code(), close.reason());
            }
        }
    }

    /// Sends what is pending, if there is room for it.
    fn answer(&mut self) {
        let mut close_said = !self.may_speak();
        while self.outbox.room() >= ControlFrame::MAX_LEN
            && let Some(frame) = self.connection.poll_transmit()
        {
            match (frame[0] & 0xF, self.close_heard) {
                // The other end delivers nothing after our Close.
                (0xA, None) if close_said => {}
                (0xA, _) => self.said.pong(&self.pinged),
                (0x8, Some(code)) => self.said.close(code, ""),
                (opcode, close_heard) => panic!("opcode {opcode}, {close_heard:?}"),
            }
            close_said |= !self.may_speak();
            self.outbox.control(&frame).unwrap();
        }
    }

    /// The stream has ended.
    fn end(mut self) {
        let before = self.connection.state();
        let closure = self.connection.receive_eof();
        assert_eq!(closure == EndOfStream::Clean, before == State::Closed);
        let due = match before {
            State::Open | State::CloseSent => State::Failed,
            other => other,
        };
        assert_eq!(self.connection.state(), due);
    }
}
