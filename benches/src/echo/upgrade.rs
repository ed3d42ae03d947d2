//! An opening handshake.

use sockudo_ws::handshake::{build_response, generate_accept_key, parse_request};
use std::error::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The opening handshake for servers that do not include one.
///
/// # Errors
///
/// Returns the system's error, or if the request is none.
pub async fn upgrade(stream: &mut TcpStream) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut head = Vec::new();
    loop {
        if stream.read_buf(&mut head).await? == 0 {
            return Err("no whole request".into());
        }
        if let Some((request, _)) = parse_request(&head)? {
            let response = build_response(&generate_accept_key(request.key), None, None);
            return Ok(stream.write_all(&response).await?);
        }
    }
}
