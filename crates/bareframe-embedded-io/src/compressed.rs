//! Connections that may be compressed (RFC 7692), in memory of the caller's.

use crate::connect::Connecting;
use crate::error::{Error, HandshakeError};
use crate::websocket::WebSocket;
use crate::{Choice, Incoming};
use bareframe::handshake::Accept;
use bareframe::{Client, Config, Connection, MaskingKeys, Memory, Role, Rsv, Server, Session};
use bareframe_deflate::{EXTENSION, OwnDeflate, OwnMemory, Parameters, agree};
use embedded_io_async::{Read, Write};

/// The extension of a connection that is compressed if both sides agreed to it: `M` is the window to inflate in, `B` and `H` are the
/// buffer and the heads to deflate with.
pub type Compressed<M, B, H> = Option<OwnDeflate<M, B, H>>;

/// How long the list of extensions of a response may become with ours.
const LIST_LEN: usize = 256;

impl<S: Read + Write, N: AsRef<[u8]> + AsMut<[u8]>> Incoming<S, N> {
    /// Accepts the request as [`Incoming::accept`] does, and agrees to compression if the client offers what the policy of `memory`
    /// allows. `send` must hold the response, which is longer by at most 128 bytes than [`min_send`](crate::min_send) says.
    ///
    /// ```
    /// use bareframe_embedded_io::deflate::{OwnMemory, Policy, WindowBits};
    /// use bareframe_embedded_io::{Choice, Config, Error, Frame, Incoming};
    /// use embedded_io_async::{Read, Write};
    ///
    /// async fn serve<S: Read + Write>(stream: S) -> Result<(), Error<S::Error>> {
    ///     let nine = const { WindowBits::new(9).unwrap() };
    ///     let policy = Policy::DEFAULT.with_sending_window_bits(nine).with_receiving_window_bits(nine);
    ///     let memory = OwnMemory::new(policy, [0; 512], [0; 1024], [0; 128]).unwrap();
    ///     let accepted = Incoming::new(stream, [0; 1024])
    ///         .accept_compressed(memory, &Choice::DEFAULT, Config::DEFAULT, [0; 256], [0; 300]);
    ///     let mut socket = accepted.await?;
    ///     socket.send_text("to and fro, to and fro, to and fro").await?;
    ///     // What is a secret goes as it is.
    ///     socket.send_frame(&mut Frame::text("open sesame").without_extension()).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Incoming::accept`].
    pub async fn accept_compressed<I, O, M, B, H>(
        mut self,
        memory: OwnMemory<M, B, H>,
        choice: &Choice<'_>,
        config: Config,
        receive: I,
        mut send: O,
    ) -> Result<WebSocket<S, Server, I, O, Compressed<M, B, H>>, Error<S::Error>>
    where
        I: Memory,
        O: AsRef<[u8]> + AsMut<[u8]>,
        M: Memory + AsMut<[u8]>,
        B: AsMut<[u8]>,
        H: AsMut<[u16]>,
    {
        let mut list = [0; LIST_LEN];
        let (parameters, list) = match self.request().await?.upgrade() {
            Ok(Some(upgrade)) => {
                let accepted = memory.policy().acceptance().accept(upgrade.extensions());
                let list =
                    accepted.and_then(|parameters| joined(choice.extensions(), &parameters, &mut list));
                (accepted.filter(|_| list.is_some()), list)
            }
            _ => (None, None),
        };
        let choice = choice.with_extensions(list.unwrap_or(choice.extensions()));
        let response_len = self.agree(Accept::from_key, &choice, send.as_mut()).await?;
        let session = session(
            Connection::server,
            parameters,
            false,
            config,
            (memory, receive, send),
        );
        self.answer_with(session, response_len).await
    }
}

impl<S: Read + Write, K: MaskingKeys, N: AsRef<[u8]> + AsMut<[u8]>> Connecting<'_, S, K, N> {
    /// Creates the connection as [`Connecting::establish`] does, compressed if the server has agreed to what was offered: the offer's
    /// extensions have that of the policy of `memory`.
    ///
    /// ```
    /// use bareframe_embedded_io::deflate::{OwnMemory, Policy, WindowBits, encode_offers};
    /// use bareframe_embedded_io::{Config, Connecting, Error, MaskingKey, Offer};
    /// use embedded_io_async::{Read, Write};
    ///
    /// async fn hello<S: Read + Write>(stream: S, mut random: impl FnMut() -> u32) -> Result<(), Error<S::Error>> {
    ///     let nine = const { WindowBits::new(9).unwrap() };
    ///     let policy = Policy::DEFAULT.with_sending_window_bits(nine).with_receiving_window_bits(nine);
    ///     let mut extensions = [0; 130];
    ///     let extensions = encode_offers(&[policy.offer()], &mut extensions).unwrap();
    ///     let offer = Offer::new("192.0.2.1:9001", "/").with_extensions(extensions);
    ///     let keys = || MaskingKey::new(random().to_ne_bytes());
    ///     let connecting = Connecting::new(stream, &offer, keys, [0; 1024])?;
    ///     let memory = OwnMemory::new(policy, [0; 512], [0; 1024], [0; 128]).unwrap();
    ///     let mut socket = connecting.establish_compressed(memory, Config::DEFAULT, [0; 256], [0; 256]).await?;
    ///     socket.send_text("to and fro, to and fro, to and fro").await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Connecting::establish`]; [`HandshakeError::Deflate`] if the response does not fit the policy's offer.
    pub async fn establish_compressed<I, O, M, B, H>(
        mut self,
        memory: OwnMemory<M, B, H>,
        config: Config,
        receive: I,
        send: O,
    ) -> Result<WebSocket<S, Client<K>, I, O, Compressed<M, B, H>>, Error<S::Error>>
    where
        I: Memory,
        O: AsRef<[u8]> + AsMut<[u8]>,
        M: Memory + AsMut<[u8]>,
        B: AsMut<[u8]>,
        H: AsMut<[u16]>,
    {
        self.response().await?;
        let response = self.established()?;
        let parameters = agree(&[memory.policy().offer()], response.extensions());
        let parameters = parameters.map_err(HandshakeError::Deflate)?;
        self.begin_session(|keys| {
            let connection = |config| Connection::client(config, keys);
            session(connection, parameters, true, config, (memory, receive, send))
        })
    }
}

/// Creates the session of what was agreed on.
fn session<R, I, O, M, B, H>(
    connection: impl FnOnce(Config) -> Connection<R>,
    parameters: Option<Parameters>,
    is_client: bool,
    config: Config,
    (memory, receive, send): (OwnMemory<M, B, H>, I, O),
) -> Session<R, I, O, Compressed<M, B, H>>
where
    R: Role,
    I: Memory,
    O: AsRef<[u8]> + AsMut<[u8]>,
    M: Memory + AsMut<[u8]>,
    B: AsMut<[u8]>,
    H: AsMut<[u16]>,
{
    let agreed = parameters.map(|parameters| parameters.directions(is_client));
    let rsv = if agreed.is_some() { Rsv::RSV1 } else { Rsv::NONE };
    let (inbound, window, outbound) = memory.halves(agreed, config.limits().message());
    let connection = connection(config.with_rsv(config.rsv() | rsv));
    Session::with_extension(connection, receive, send, inbound, window, outbound)
}

/// Writes the list of other extensions and of what was agreed on; `None` if there is no room, or the others have it already.
fn joined<'l>(others: &str, parameters: &Parameters, list: &'l mut [u8]) -> Option<&'l str> {
    if others.contains(EXTENSION) {
        return None;
    }
    let separator = if others.is_empty() { "" } else { ", " };
    let at = others.len().saturating_add(separator.len());
    let (front, back) = list.split_at_mut_checked(at)?;
    for (to, from) in front.iter_mut().zip(others.bytes().chain(separator.bytes())) {
        *to = from;
    }
    let len = parameters.encode(back).ok()?.len();
    core::str::from_utf8(list.get(..at.saturating_add(len))?).ok()
}
