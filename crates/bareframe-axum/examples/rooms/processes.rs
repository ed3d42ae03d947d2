//! Rooms over several processes, through Redis.
//!
//! A process subscribes to a channel for each room in which it has members, and publishes there what its members do. So that a process that
//! was killed, or a message that was lost, is noticed, each process also says who is in its rooms every [`BEAT`], and what a process said
//! that is silent for [`SILENCE`] is forgotten. Nothing is stored in Redis.

use crate::event::Event;
use crate::log;
use crate::rooms::Rooms;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, IntoConnectionInfo, Msg, Pipeline, ProtocolVersion, PushInfo, RedisResult};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How often a process says who is in its rooms.
const BEAT: Duration = Duration::from_millis(250);
/// The members of a process that publishes nothing for this long are not there any more.
const SILENCE: Duration = Duration::from_millis(1500);
/// How long a member waits to be heard by the other processes, before it is in a room of this process alone.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many commands may wait for Redis; what is said meanwhile is heard in this process only.
const QUEUE: usize = 4096;
/// How many commands are sent at once.
const BATCH: usize = 256;
/// A room's channel is its name after this.
const CHANNEL: &str = "bareframe-rooms:";

/// What the rooms have of the other processes.
pub(crate) struct Processes(mpsc::Sender<Command>);

/// What is to be done at Redis.
pub(crate) enum Command {
    /// Subscribe to a room.
    Open(String, oneshot::Sender<()>),
    /// Tell the processes that are in a room.
    Tell(String, Event),
    /// End, as nothing follows.
    Finish,
}

/// What is published.
#[derive(Serialize, Deserialize)]
struct Told {
    process: String,
    event: Event,
}

impl Processes {
    /// Returns it, and the commands that [`Link::run`] carries out.
    pub(crate) fn new() -> (Processes, mpsc::Receiver<Command>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Processes(sender), receiver)
    }

    /// Subscribes to a room, unless that is done; then this process hears what is said in others.
    pub(crate) async fn open(&self, room: &str) {
        let (sender, opened) = oneshot::channel();
        let _ = timeout(PATIENCE, async {
            let _ = self.0.send(Command::Open(room.to_owned(), sender)).await;
            opened.await
        })
        .await;
    }

    /// Tells the processes that are in a room. It never waits, so that the order is that of what happens.
    pub(crate) fn tell(&self, room: &str, event: Event) {
        // Who is in the rooms, the next beat says.
        let _ = self.0.try_send(Command::Tell(room.to_owned(), event));
    }

    /// Has the link end after what was told.
    pub(crate) async fn finish(&self) {
        let _ = self.0.send(Command::Finish).await;
    }
}

/// The connection to Redis.
pub(crate) struct Link {
    /// What this process is called by the others: a number that no other has.
    process: String,
    rooms: Arc<Rooms>,
    redis: ConnectionManager,
    subscribed: BTreeSet<String>,
    /// Whether Redis did what was asked last.
    is_well: bool,
}

impl Link {
    /// Connects to Redis. A connection that is lost is opened again, with all subscriptions.
    pub(crate) async fn connect(url: &str, rooms: &Arc<Rooms>) -> RedisResult<Link> {
        let process = format!("{:016x}", fastrand::u64(..));
        // Messages of channels and answers come over one connection in this version of the protocol.
        let info = url.into_connection_info()?;
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(info.set_redis_settings(settings))?;
        let (own, heard_by) = (process.clone(), Arc::clone(rooms));
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_automatic_resubscription()
            .set_push_sender(move |push| {
                hear(&own, &heard_by, push);
                Ok::<(), ()>(())
            });
        Ok(Link {
            process,
            rooms: Arc::clone(rooms),
            redis: ConnectionManager::new_with_config(client, config).await?,
            subscribed: BTreeSet::new(),
            is_well: true,
        })
    }

    /// Carries out commands until the last.
    pub(crate) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch = Vec::with_capacity(BATCH);
        let mut is_last = false;
        while !is_last {
            let done = tokio::select! {
                _ = commands.recv_many(&mut batch, BATCH) => {
                    is_last = batch.iter().any(|command| matches!(command, Command::Finish));
                    self.carry_out(batch.drain(..)).await
                }
                _ = beat.tick() => self.refresh().await,
            };
            if done.is_ok() != self.is_well {
                self.is_well = done.is_ok();
                match done {
                    Ok(()) => log(format_args!("Redis answers again: rooms are shared")),
                    Err(error) => log(format_args!(
                        "Redis does not answer, rooms are not shared: {error}"
                    )),
                }
            }
        }
    }

    async fn carry_out(&mut self, commands: impl Iterator<Item = Command>) -> RedisResult<()> {
        let (mut rooms, mut opened, mut published) = (BTreeSet::new(), Vec::new(), Pipeline::new());
        for command in commands {
            match command {
                Command::Open(room, sender) => {
                    rooms.insert(room);
                    opened.push(sender);
                }
                Command::Tell(room, event) => self.publish(&mut published, &room, event),
                Command::Finish => {}
            }
        }
        let subscribed = self.subscribe(rooms).await;
        // They wait no longer, whether it was done or not: the next beat tries again.
        for opened in opened {
            let _ = opened.send(());
        }
        subscribed?;
        self.send(published).await
    }

    /// Says who is in the rooms here, and has the subscriptions of those rooms and of no others.
    async fn refresh(&mut self) -> RedisResult<()> {
        let rooms: HashMap<String, Event> = self.rooms.refresh(SILENCE);
        self.subscribe(rooms.keys().cloned().collect()).await?;
        let closed = self.subscribed.iter().filter(|room| !rooms.contains_key(*room));
        let closed: Vec<String> = closed.cloned().collect();
        for room in closed {
            self.redis.unsubscribe(channel(&room)).await?;
            self.subscribed.remove(&room);
        }
        let mut published = Pipeline::new();
        for (room, event) in rooms {
            self.publish(&mut published, &room, event);
        }
        self.send(published).await
    }

    /// Subscribes to the rooms to which it has not.
    async fn subscribe(&mut self, mut rooms: BTreeSet<String>) -> RedisResult<()> {
        rooms.retain(|room| !self.subscribed.contains(room));
        if !rooms.is_empty() {
            let channels: Vec<String> = rooms.iter().map(|room| channel(room)).collect();
            self.redis.subscribe(channels).await?;
            self.subscribed.append(&mut rooms);
        }
        Ok(())
    }

    fn publish(&self, published: &mut Pipeline, room: &str, event: Event) {
        let process = self.process.clone();
        let told = serde_json::to_vec(&Told { process, event }).expect("strings are JSON");
        published.publish(channel(room), told).ignore();
    }

    async fn send(&mut self, published: Pipeline) -> RedisResult<()> {
        match published.is_empty() {
            true => Ok(()),
            false => published.exec_async(&mut self.redis).await,
        }
    }
}

fn channel(room: &str) -> String {
    format!("{CHANNEL}{room}")
}

/// Passes on what another process has published. It is called in order, by the task that reads from Redis.
fn hear(own: &str, rooms: &Rooms, push: PushInfo) -> Option<()> {
    let message = Msg::from_push_info(push)?;
    let room = message.get_channel_name().strip_prefix(CHANNEL)?;
    let Told { process, event } = serde_json::from_slice(message.get_payload_bytes()).ok()?;
    if process != own {
        rooms.hear(&process, room, event);
    }
    Some(())
}
