//! Two processes of the example rooms with one Redis, behind HAProxy, of which one is killed.

use bareframe_conformance::program::{Program, command};
use bareframe_conformance::proxies::free_ports;
use bareframe_conformance::{Failure, PATIENCE};
use bareframe_std::{Client as ClientRole, ClientStream, Connector, Error, Share, SystemKeys, WriteHalf};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fmt, fs, thread};

/// How many clients are in the room.
const CLIENTS: usize = 40;
/// In this time every client is back, and who was killed is not in the room any more.
const LIMIT: Duration = Duration::from_secs(3);
/// A client waits no longer than this before it connects anew for the first time.
const PAUSE: u64 = 500;
const CONFIGURATION: &str = include_str!("../../proxies/rooms.cfg");
const ROOM: &str = "the lobby";

type Writer = WriteHalf<<ClientStream as Share>::Shared, ClientRole<SystemKeys>>;
type Names = BTreeSet<String>;

/// What happens to a client.
enum Told {
    Members(Names),
    Entered(String),
    Left(String),
    Said(String),
    Lost,
}

/// A client, as it is known from what it was told.
struct Client {
    writer: Arc<Mutex<Option<Writer>>>,
    /// Whether it is in the room, and has been told who is there.
    is_in: bool,
    losses: usize,
    members: Names,
    heard: Vec<String>,
}

/// All clients.
struct Crowd {
    clients: Vec<Client>,
    told: Receiver<(usize, Told)>,
    teller: Sender<(usize, Told)>,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [rooms, directory] = &arguments[..] else {
        return Err("rooms ROOMS DIRECTORY".into());
    };
    fs::create_dir_all(directory)?;
    let [front, first, second, redis] = free_ports()?;
    let redis_url = format!("redis://127.0.0.1:{redis}/");
    let start_redis = || -> Result<Program, Failure> {
        let mut program = Program::start("redis-server", &mut redis_server(redis, directory))?;
        program.listens(redis)?;
        Ok(program)
    };
    let database = start_redis()?;
    let start = |port: u16| -> Result<Program, Failure> {
        let mut rooms = command(rooms);
        rooms.args([&format!("127.0.0.1:{port}"), "--redis", &redis_url]);
        let mut program = Program::start("rooms", &mut rooms)?;
        program.told("The rooms are at")?;
        Ok(program)
    };
    let (mut one, mut other) = (start(first)?, start(second)?);
    let mut proxy = start_proxy(directory, front, first, second)?;
    proxy.listens(front)?;

    let mut crowd = Crowd::new();
    for number in 0..CLIENTS {
        crowd.add(front, &format!("client {number}"), true);
    }
    // Whose process is killed, and who does not come back.
    let ghost = crowd.add(second, "ghost", false);
    let clients: Names = (0..CLIENTS).map(|number| format!("client {number}")).collect();
    let with_ghost: Names = clients.iter().cloned().chain(["ghost".to_owned()]).collect();
    crowd.until_all("see all", PATIENCE, |client| client.members == with_ghost)?;
    let enters = |program: &mut Program| {
        let lines = program.printed();
        lines.iter().filter(|line| line.contains(" enters ")).count()
    };
    let (here, there) = (enters(&mut one), enters(&mut other));
    if here < CLIENTS / 4 || there < CLIENTS / 4 {
        return Err(format!("{here} and {there} connections are not two halves").into());
    }
    println!("{here} and {there} clients are in one room, over two processes");
    for speaker in [0, 1, ghost] {
        crowd.say(speaker, &format!("before {speaker}"))?;
    }
    crowd.all_hear(&["before 0", "before 1", &format!("before {ghost}")])?;

    drop(database);
    crowd.until_all("see only those of their process", PATIENCE, |client| {
        (1..=CLIENTS / 2 + 1).contains(&client.members.len())
    })?;
    crowd.say(0, "without Redis")?;
    let _database = start_redis()?;
    let begin = Instant::now();
    crowd.until_all("see all again", PATIENCE, |client| client.members == with_ghost)?;
    println!(
        "Redis was away: the rooms were shared again after {} ms",
        begin.elapsed().as_millis()
    );
    for client in &mut crowd.clients {
        client.heard.clear();
    }
    crowd.say(1, "with Redis")?;
    crowd.all_hear(&["with Redis"])?;

    other.signal("KILL")?;
    let begin = Instant::now();
    crowd.clients.truncate(ghost);
    let lost = there - 1;
    crowd.until("all are back who lost their connection", LIMIT, |clients| {
        clients.iter().map(|client| client.losses.min(1)).sum::<usize>() == lost
            && clients.iter().all(|client| client.is_in)
    })?;
    let back = begin.elapsed().as_millis();
    crowd.until_all("see that who was killed has gone", LIMIT, |client| {
        client.members == clients
    })?;
    let gone = begin.elapsed();
    println!("one was killed: {lost} clients were back after {back} ms");
    println!("who did not come back had left after {} ms", gone.as_millis());
    if gone > LIMIT {
        return Err(format!("that is not within {} s", LIMIT.as_secs()).into());
    }
    let said: Vec<String> = (0..CLIENTS).map(|speaker| format!("after {speaker}")).collect();
    for (speaker, text) in said.iter().enumerate() {
        crowd.say(speaker, text)?;
    }
    crowd.all_hear(&said)?;

    drop(other);
    let _other = start(second)?;
    let late = crowd.add(second, "late", true);
    let all: Names = clients.iter().cloned().chain(["late".to_owned()]).collect();
    crowd.until_all("see who is at the new process", LIMIT, |client| {
        client.members == all
    })?;
    crowd.say(0, "to the new process")?;
    crowd.say(late, "from the new process")?;
    crowd.all_hear(&["to the new process", "from the new process"])?;

    for client in &mut crowd.clients {
        client.losses = 0;
    }
    one.signal("TERM")?;
    let begin = Instant::now();
    crowd.until("all are at the new process", LIMIT, |clients| {
        let is_back = |client: &Client| client.is_in && client.members == all;
        clients[..late].iter().all(|client| client.losses > 0) && clients.iter().all(is_back)
    })?;
    println!(
        "the other was asked to end: all were at the new one after {} ms",
        begin.elapsed().as_millis()
    );
    crowd.say(late, "after all")?;
    crowd.all_hear(&["after all"])?;
    let end = loop {
        if let Some(end) = one.line()?.strip_prefix("The chat has ended; ") {
            break end.to_owned();
        }
    };
    if !end.starts_with("0 members") {
        return Err(format!("the process that was asked to end says: {end}").into());
    }
    println!("all heard all that was said in between, and who is there was right each time");
    Ok(())
}

fn redis_server(port: u16, directory: &Path) -> std::process::Command {
    let mut redis = command(Path::new("redis-server"));
    redis.args([
        "--bind",
        "127.0.0.1",
        "--port",
        &port.to_string(),
        "--save",
        "",
        "--dir",
    ]);
    redis.arg(directory);
    redis
}

fn start_proxy(directory: &Path, front: u16, first: u16, second: u16) -> Result<Program, Failure> {
    let mut configuration = CONFIGURATION.to_owned();
    for (word, port) in [("FRONT", front), ("FIRST", first), ("SECOND", second)] {
        configuration = configuration.replace(&format!("@{word}@"), &port.to_string());
    }
    let file = directory.join("haproxy.cfg");
    fs::write(&file, configuration)?;
    let log = fs::File::create(directory.join("haproxy.log"))?;
    let mut haproxy = command(Path::new("/usr/sbin/haproxy"));
    haproxy.args(["-db", "-f"]).arg(file).stderr(log);
    Program::start("haproxy", &mut haproxy)
}

impl Crowd {
    fn new() -> Crowd {
        let (teller, told) = channel();
        Crowd {
            clients: Vec::new(),
            told,
            teller,
        }
    }

    /// Adds a client, which connects anew when its connection is lost, or does not.
    fn add(&mut self, port: u16, name: &str, returns: bool) -> usize {
        let number = self.clients.len();
        let writer = Arc::default();
        self.clients.push(Client {
            writer: Arc::clone(&writer),
            is_in: false,
            losses: 0,
            members: Names::new(),
            heard: Vec::new(),
        });
        let path = |name: &str| name.replace(' ', "%20");
        let url = format!("ws://127.0.0.1:{port}/rooms/{}/{}", path(ROOM), path(name));
        let teller = self.teller.clone();
        thread::spawn(move || {
            let mut failures = 0;
            loop {
                if stay(&url, &writer, number, &teller).is_ok() {
                    failures = 0;
                }
                *writer.lock().expect("no panic") = None;
                if teller.send((number, Told::Lost)).is_err() || !returns {
                    return;
                }
                let longest = PAUSE << failures.min(5);
                thread::sleep(Duration::from_millis(number as u64 * 7919 % longest));
                failures += 1;
            }
        });
        number
    }

    /// Has a client say something.
    fn say(&self, number: usize, text: &str) -> Result<(), Failure> {
        let writer = self.clients[number].writer.lock().expect("no panic");
        writer
            .as_ref()
            .ok_or("the speaker has no connection")?
            .send(text)?;
        Ok(())
    }

    /// Waits until each client has heard these texts, each once, and forgets them.
    fn all_hear<T: AsRef<str>>(&mut self, texts: &[T]) -> Result<(), Failure> {
        let mut texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        texts.sort_unstable();
        self.until_all("hear all", PATIENCE, |client| {
            let mut heard: Vec<&str> = client.heard.iter().map(String::as_str).collect();
            heard.sort_unstable();
            heard == texts
        })?;
        for client in &mut self.clients {
            client.heard.clear();
        }
        Ok(())
    }

    fn until_all(
        &mut self,
        what: &str,
        limit: Duration,
        holds: impl Fn(&Client) -> bool,
    ) -> Result<(), Failure> {
        self.until(&format!("all {what}"), limit, |clients| {
            clients.iter().all(&holds)
        })
    }

    /// Waits until something holds for the clients.
    fn until(
        &mut self,
        what: &str,
        limit: Duration,
        holds: impl Fn(&[Client]) -> bool,
    ) -> Result<(), Failure> {
        let end = Instant::now() + limit;
        while !holds(&self.clients) {
            let left = end.saturating_duration_since(Instant::now());
            let Ok((number, told)) = self.told.recv_timeout(left) else {
                let states: Vec<String> = self.clients.iter().map(Client::to_string).collect();
                let states = states.join("\n");
                return Err(format!("not within {} s: {what}\n{states}", limit.as_secs()).into());
            };
            if let Some(client) = self.clients.get_mut(number) {
                client.note(told);
            }
        }
        Ok(())
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Client {
            is_in,
            losses,
            members,
            heard,
            ..
        } = self;
        write!(
            f,
            "in: {is_in}, losses: {losses}, {} members, heard {heard:?}",
            members.len()
        )
    }
}

impl Client {
    fn note(&mut self, told: Told) {
        match told {
            Told::Members(members) => (self.is_in, self.members) = (true, members),
            Told::Entered(name) => drop(self.members.insert(name)),
            Told::Left(name) => drop(self.members.remove(&name)),
            Told::Said(text) => self.heard.push(text),
            Told::Lost => {
                self.is_in = false;
                self.losses += 1;
            }
        }
    }
}

/// Connects, and tells what happens until the connection ends. An error means that there was none.
fn stay(
    url: &str,
    writer: &Mutex<Option<Writer>>,
    number: usize,
    teller: &Sender<(usize, Told)>,
) -> Result<(), Error> {
    let socket = Connector::DEFAULT.connect(url)?;
    let (mut reader, sender) = socket.split();
    *writer.lock().expect("no panic") = Some(sender);
    while let Ok(Some(message)) = reader.read() {
        let event: serde_json::Value = serde_json::from_slice(message.payload()).expect("JSON");
        let field = |name: &str| event[name].as_str().expect("a field").to_owned();
        let told = match event["type"].as_str() {
            Some("members") => {
                let names = event["names"].as_array().expect("names").iter();
                Told::Members(
                    names
                        .filter_map(|name| name.as_str().map(str::to_owned))
                        .collect(),
                )
            }
            Some("entered") => Told::Entered(field("name")),
            Some("left") => Told::Left(field("name")),
            _ => Told::Said(field("text")),
        };
        if teller.send((number, told)).is_err() {
            break;
        }
    }
    let _ = reader.close(None, "");
    Ok(())
}
