//! A WebSocket echo server with embassy-net on a W5500-EVB-Pico: an RP2040 with Ethernet, which asks DHCP for its
//! address and serves `ws://ADDRESS/`.

#![no_std]
#![no_main]

use bareframe_embedded_io::{
    Assembler, Choice, Config, Error, Frame, Incoming, Limits, MIN_SEND, SliceBuffer, Unflushed,
};
use embassy_executor::Spawner;
use embassy_net::tcp::{self, TcpSocket};
use embassy_net::{Stack, StackResources};
use embassy_net_wiznet::chip::W5500;
use embassy_net_wiznet::{Device, Runner, State};
use embassy_rp::clocks::RoscRng;
use embassy_rp::gpio::{Input, Level, Output, Pull};
use embassy_rp::peripherals::{DMA_CH0, DMA_CH1, SPI0};
use embassy_rp::spi::{self, Spi};
use embassy_rp::{bind_interrupts, dma};
use embassy_time::{Delay, Duration};
use embedded_hal_bus::spi::ExclusiveDevice;
use panic_halt as _;
use portable_atomic as _;
use static_cell::StaticCell;

/// How many clients there may be at once.
const CONNECTIONS: usize = 4;
/// The longest message, in bytes.
const MESSAGE: usize = 2048;
const MAC_ADDRESS: [u8; 6] = [0x02, 0, 0, 0, 0, 1];

bind_interrupts!(struct Interrupts {
    DMA_IRQ_0 => dma::InterruptHandler<DMA_CH0>, dma::InterruptHandler<DMA_CH1>;
});

type Ethernet = Runner<
    'static,
    W5500,
    ExclusiveDevice<Spi<'static, SPI0, spi::Async>, Output<'static>, Delay>,
    Input<'static>,
    Output<'static>,
>;

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let board = embassy_rp::init(embassy_rp::config::Config::default());
    let mut config = spi::Config::default();
    config.frequency = 50_000_000;
    let bus = Spi::new(
        board.SPI0,
        board.PIN_18,
        board.PIN_19,
        board.PIN_16,
        board.DMA_CH0,
        board.DMA_CH1,
        Interrupts,
        config,
    );
    let select = Output::new(board.PIN_17, Level::High);
    let chip = ExclusiveDevice::new(bus, select, Delay).expect("the pin can always be set");
    let interrupt = Input::new(board.PIN_21, Pull::Up);
    let reset = Output::new(board.PIN_20, Level::High);

    static STATE: StaticCell<State<4, 4>> = StaticCell::new();
    let state = STATE.init(State::new());
    let (device, ethernet) = embassy_net_wiznet::new(MAC_ADDRESS, state, chip, interrupt, reset)
        .await
        .expect("the chip answers");
    spawner.spawn(drive(ethernet).expect("spawned once"));

    // One socket more than there are clients: the DHCP client's.
    static RESOURCES: StaticCell<StackResources<{ CONNECTIONS + 1 }>> = StaticCell::new();
    let seed = RoscRng.next_u64();
    let (stack, network) = embassy_net::new(
        device,
        embassy_net::Config::dhcpv4(Default::default()),
        RESOURCES.init(StackResources::new()),
        seed,
    );
    spawner.spawn(run(network).expect("spawned once"));
    stack.wait_config_up().await;
    for _ in 0..CONNECTIONS {
        spawner.spawn(serve(stack).expect("spawned as often as there may be clients"));
    }
}

#[embassy_executor::task]
async fn drive(ethernet: Ethernet) -> ! {
    ethernet.run().await
}

#[embassy_executor::task]
async fn run(mut network: embassy_net::Runner<'static, Device<'static>>) -> ! {
    network.run().await
}

/// Serves one client after the other.
#[embassy_executor::task(pool_size = CONNECTIONS)]
async fn serve(stack: Stack<'static>) -> ! {
    let (mut receive, mut send) = ([0; 1536], [0; 1536]);
    loop {
        let mut socket = TcpSocket::new(stack, &mut receive, &mut send);
        if socket.accept(80).await.is_err() {
            continue;
        }
        socket.set_timeout(Some(Duration::from_secs(60)));
        // A client at fault has received the reason, and one that is gone can't receive anything.
        let _ = echo(&mut socket).await;
        socket.close();
        let _ = socket.flush().await;
    }
}

async fn echo(socket: &mut TcpSocket<'_>) -> Result<(), Error<tcp::Error>> {
    let config = Config::DEFAULT.with_limits(
        Limits::DEFAULT
            .with_frame(MESSAGE as u64)
            .with_message(MESSAGE as u64),
    );
    // A wrong request, or one for something else, is answered.
    let incoming = Incoming::new(Unflushed(socket), [0; 1024]);
    let accepted = incoming.accept(&Choice::DEFAULT, config, [0; 512], [0; 2 * MIN_SEND]);
    let mut socket = accepted.await?;
    let mut memory = [0; MESSAGE];
    let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
    while let Some((message, mut writer)) = socket.read_with_writer(&mut assembler).await? {
        writer.send_frame(&mut Frame::from(&message)).await?;
    }
    Ok(())
}
