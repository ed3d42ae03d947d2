//! A chat in rooms, with two threads for each member. A message is sent to all members of the room.
//!
//! ```text
//! cargo run --release -p bareframe-std --example chat -- 127.0.0.1:9001
//! ```
//!
//! The path is the room, and the cookie `name` is the member's name. With an origin, only pages of that site are
//! accepted (RFC 6455 section 10.2). The end of the standard input ends the chat: every member gets a Close with 1001.

#[path = "../compression/mod.rs"]
mod compression;
mod said;
#[cfg(test)]
mod tests;

use bareframe_std::handshake::{Choice, Request, Status};
use bareframe_std::{Aborter, Acceptor, CloseCode, Config, Error, Limits, Options};
use clap::Parser;
use said::{Form, Message};
use std::collections::HashMap;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};

/// A chat in rooms: the path is the room, and the cookie `name` is the member's name.
#[derive(Parser)]
struct Arguments {
    /// Where to listen
    #[arg(default_value = "127.0.0.1:9001")]
    address: String,
    /// The site whose pages may open connections; without it, those of any site
    #[arg(long)]
    origin: Option<String>,
}

const OPTIONS: Options = compression::by_message(Options::DEFAULT)
    .with_config(Config::DEFAULT.with_limits(Limits::DEFAULT.with_message(4 << 10)))
    // A Ping finds out whether the peer is still there.
    .with_keepalive(Duration::from_secs(30), Duration::from_secs(10))
    .with_write_timeout(Duration::from_secs(10));
const ACCEPTOR: Acceptor = Acceptor::DEFAULT.with_options(OPTIONS);

struct Chat {
    /// The site whose pages may open connections, or any.
    origin: Option<String>,
    /// A member that sends nothing for this long is disconnected.
    idle: Duration,
    rooms: Mutex<Rooms>,
}

#[derive(Default)]
struct Rooms {
    /// The members, by room and a number that is used once.
    members: HashMap<(String, u64), Member>,
    next: u64,
    /// No more members are accepted.
    has_ended: bool,
}

struct Member {
    queue: SyncSender<Said>,
    aborter: Aborter,
    spoke: Instant,
}

/// What a member's second thread sends.
enum Said {
    Message(Arc<Message>),
    Close(CloseCode, &'static str),
}

fn main() -> io::Result<()> {
    let Arguments { address, origin } = Arguments::parse();
    let listener = TcpListener::bind(address)?;
    println!("The rooms are at ws://{}/ROOM.", listener.local_addr()?);
    let chat = Chat::begin(listener, origin, Duration::from_secs(30 * 60));
    io::copy(&mut io::stdin(), &mut io::sink())?;
    match chat.end(Duration::from_secs(5)) {
        0 => {}
        left => println!("{left} members did not leave in time."),
    }
    Ok(())
}

impl Chat {
    /// Accepts members, in threads of its own.
    fn begin(listener: TcpListener, origin: Option<String>, idle: Duration) -> Arc<Chat> {
        let rooms = Mutex::default();
        let chat = Arc::new(Chat { origin, idle, rooms });
        let (doorman, clock) = (Arc::clone(&chat), Arc::clone(&chat));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let chat = Arc::clone(&doorman);
                match stream {
                    // It does not matter how a member's connection ended.
                    Ok(stream) => drop(thread::spawn(move || chat.serve(stream))),
                    // The system is out of sockets; it may have more in a moment.
                    Err(_) => thread::sleep(Duration::from_millis(100)),
                }
            }
        });
        thread::spawn(move || {
            while !clock.lock().has_ended {
                clock.send_idle_away();
                thread::sleep(clock.idle / 10);
            }
        });
        chat
    }

    /// Serves a member until its connection ends.
    fn serve(&self, stream: TcpStream) -> Result<(), Error> {
        let mut incoming = ACCEPTOR.read(stream)?;
        let request = incoming.request();
        let (room, name) = (request.path().to_owned(), name(&request));
        let origin = request.header("Origin").and_then(|origin| origin.value_str());
        if self.origin.as_deref().is_some_and(|site| origin != Some(site)) {
            return incoming.answer(
                Status::FORBIDDEN,
                &[],
                b"This chat is for pages of another site.\n",
            );
        }
        let Some(name) = name else {
            return incoming.answer(Status::FORBIDDEN, &[], b"The cookie \"name\" is missing.\n");
        };
        let socket = incoming.accept(&Choice::DEFAULT)?;
        let form = Form::of(&socket);
        let (mut reader, writer) = socket.split();
        // How many messages may wait for a member that reads slowly, before it is disconnected.
        let (queue, said) = sync_channel(64);
        let member = Member {
            queue,
            aborter: writer.aborter()?,
            spoke: Instant::now(),
        };
        let key = self.enter(room, member);
        let writing = thread::spawn(move || {
            said.iter().try_for_each(|said| match said {
                Said::Message(message) => writer.send(message.frame(form)),
                Said::Close(code, reason) => writer.send_close(code, reason),
            })
        });
        let ended = loop {
            match reader.read() {
                Ok(Some(message)) => self.say(
                    &key,
                    &format!("{name}: {}", message.as_str().unwrap_or("(binary)")),
                ),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        // Without its queue the other thread ends.
        self.lock().members.remove(&key);
        // How it ended is known already.
        let _ = (reader.close(None, ""), writing.join());
        ended
    }

    fn enter(&self, room: String, member: Member) -> (String, u64) {
        let mut rooms = self.lock();
        if rooms.has_ended {
            let _ = member
                .queue
                .try_send(Said::Close(CloseCode::GOING_AWAY, "the chat has ended"));
        }
        rooms.next += 1;
        let key = (room, rooms.next);
        rooms.members.insert(key.clone(), member);
        key
    }

    /// Sends a message to all in the speaker's room.
    fn say(&self, speaker: &(String, u64), text: &str) {
        let message = Arc::new(Message::new(text));
        let mut rooms = self.lock();
        for ((room, number), member) in &mut rooms.members {
            if *number == speaker.1 {
                member.spoke = Instant::now();
            }
            if *room == speaker.0
                && member
                    .queue
                    .try_send(Said::Message(Arc::clone(&message)))
                    .is_err()
            {
                // Its queue is full: it does not read. Both of its threads end.
                member.aborter.abort();
            }
        }
    }

    fn send_idle_away(&self) {
        for member in self.lock().members.values() {
            if member.spoke.elapsed() > self.idle {
                let _ = member
                    .queue
                    .try_send(Said::Close(CloseCode::GOING_AWAY, "you said nothing"));
            }
        }
    }

    /// Closes every connection, waits for at most `timeout`, and returns how many were left and aborted.
    fn end(&self, timeout: Duration) -> usize {
        self.lock().has_ended = true;
        for member in self.lock().members.values() {
            let _ = member
                .queue
                .try_send(Said::Close(CloseCode::GOING_AWAY, "the chat has ended"));
        }
        let end = Instant::now() + timeout;
        while !self.lock().members.is_empty() && Instant::now() < end {
            thread::sleep(Duration::from_millis(10));
        }
        let rooms = self.lock();
        rooms.members.values().for_each(|member| member.aborter.abort());
        rooms.members.len()
    }

    fn lock(&self) -> MutexGuard<'_, Rooms> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the value of the cookie `name`, if it has one to three dozen letters and digits.
fn name(request: &Request<'_>) -> Option<String> {
    let cookies = request.header("Cookie")?.value_str()?;
    let name = cookies
        .split(';')
        .find_map(|cookie| cookie.trim().strip_prefix("name="))?;
    let is_name = (1..=36).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_name.then(|| name.to_owned())
}
