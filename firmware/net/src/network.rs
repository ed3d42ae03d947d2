//! The TCP/IP stack, and the loop that runs it and the tasks in turn.

use crate::lan9118::Lan9118;
use crate::stream::TcpStream;
use crate::{clock, sleep};
use core::cell::RefCell;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use smoltcp::iface::{
    Config, Context as InterfaceContext, Interface, PollResult, SocketHandle, SocketSet, SocketStorage,
};
use smoltcp::socket::tcp;
use smoltcp::time::Duration;
use smoltcp::wire::{EthernetAddress, IpCidr, Ipv4Address};

/// An address for local use.
const ADDRESS: [u8; 6] = [0x02, 0, 0, 0, 0, 0x15];
/// The addresses of QEMU's user networking: the board, and its gateway to the host.
const IP: Ipv4Address = Ipv4Address::new(10, 0, 2, 15);
const GATEWAY: Ipv4Address = Ipv4Address::new(10, 0, 2, 2);

/// How long a peer may delay an acknowledgement, and how often a silent peer is asked for one.
const SILENCE: Duration = Duration::from_secs(60);
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// The board's connection to the world.
pub struct Network<'m> {
    stack: RefCell<Stack<'m>>,
}

pub(crate) struct Stack<'m> {
    device: Lan9118,
    interface: Interface,
    sockets: SocketSet<'m>,
}

impl<'m> Network<'m> {
    /// Sets up the hardware and the stack, with storage for this many sockets.
    ///
    /// # Panics
    ///
    /// If it is called twice, or not on this board.
    pub fn new(storage: &'m mut [SocketStorage<'m>]) -> Network<'m> {
        let peripherals = cortex_m::Peripherals::take().expect("the network is set up once");
        clock::start();
        sleep::start(peripherals.SYST);
        let mut device = Lan9118::new(ADDRESS);
        // A product sets the seed of ports and sequence numbers too, from its source of random numbers.
        let config = Config::new(EthernetAddress(ADDRESS).into());
        let mut interface = Interface::new(config, &mut device, clock::now());
        interface.update_ip_addrs(|addresses| {
            let pushed = addresses.push(IpCidr::new(IP.into(), 24));
            pushed.expect("there is room for an address");
        });
        let routed = interface.routes_mut().add_default_ipv4_route(GATEWAY);
        routed.expect("there is room for a route");
        let stack = Stack {
            device,
            interface,
            sockets: SocketSet::new(storage),
        };
        Network {
            stack: RefCell::new(stack),
        }
    }

    /// Creates a socket, with memory for what is received and for what is sent.
    ///
    /// # Panics
    ///
    /// If there is storage for no more.
    pub fn socket(&self, receive: &'m mut [u8], send: &'m mut [u8]) -> TcpStream<'_, 'm> {
        let mut socket = tcp::Socket::new(tcp::SocketBuffer::new(receive), tcp::SocketBuffer::new(send));
        // A frame is written as a whole, and should not wait for the acknowledgement of the one before.
        socket.set_nagle_enabled(false);
        socket.set_ack_delay(None);
        socket.set_timeout(Some(SILENCE));
        socket.set_keep_alive(Some(KEEP_ALIVE));
        TcpStream::new(&self.stack, self.stack.borrow_mut().sockets.add(socket))
    }

    /// Runs a future until it is done, the stack with it.
    ///
    /// All events come from the stack or the clock, so that no waker is needed: the future is polled whenever there may
    /// be an event.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            if self.stack.borrow_mut().poll() == PollResult::None {
                sleep::sleep();
            }
        }
    }
}

impl<'m> Stack<'m> {
    /// Returns a socket, and the context that it needs to connect.
    pub(crate) fn socket(&mut self, handle: SocketHandle) -> (&mut tcp::Socket<'m>, &mut InterfaceContext) {
        (self.sockets.get_mut(handle), self.interface.context())
    }

    fn poll(&mut self) -> PollResult {
        self.interface
            .poll(clock::now(), &mut self.device, &mut self.sockets)
    }
}
