//! One echo server with permessage-deflate by soketto, which `compare` starts.

use futures_util::io::{BufReader, BufWriter};
use soketto::extension::deflate::Deflate;
use soketto::handshake::server::{Response, Server};
use soketto::{Data, Mode};
use std::error::Error;
use std::net::Ipv4Addr;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::compat::TokioAsyncReadCompatExt;

type Served = Result<(), Box<dyn Error + Send + Sync>>;

/// Prints its address and serves in one thread, with a task without a budget for each connection.
fn main() -> Served {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            // The load generator checks how a connection ends.
            tokio::task::spawn_local(tokio::task::unconstrained(
                async move { drop(echo(stream).await) },
            ));
        }
    })
}

/// The echo of its example for the Autobahn TestSuite, with the buffers of that.
async fn echo(stream: TcpStream) -> Served {
    let writer = BufWriter::with_capacity(16 << 10, stream.compat());
    let mut server = Server::new(BufReader::with_capacity(8 << 10, writer));
    server.add_extension(Box::new(Deflate::new(Mode::Server)));
    let key = server.receive_request().await?.key();
    server
        .send_response(&Response::Accept { key, protocol: None })
        .await?;
    let (mut sender, mut receiver) = server.into_builder().finish();
    let mut message = Vec::new();
    loop {
        message.clear();
        match receiver.receive_data(&mut message).await? {
            Data::Binary(_) => sender.send_binary_mut(&mut message).await?,
            Data::Text(_) => sender.send_text(std::str::from_utf8(&message)?).await?,
        }
        sender.flush().await?;
    }
}
