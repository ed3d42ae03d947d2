//! The LAN9118 Ethernet controller of the mps2 boards, polled.
//!
//! This is enough for the emulated one; a real one must be reset first, and its link takes time.

use core::ptr;
use smoltcp::phy::{self, Device, DeviceCapabilities, Medium};
use smoltcp::time::Instant;

const BASE: usize = 0x4020_0000;

/// Registers, in bytes from the base.
const RX_DATA_FIFO: usize = 0x00;
const TX_DATA_FIFO: usize = 0x20;
const RX_STATUS_FIFO: usize = 0x40;
const TX_STATUS_FIFO: usize = 0x48;
const ID_REV: usize = 0x50;
const IRQ_CFG: usize = 0x54;
const INT_STS: usize = 0x58;
const INT_EN: usize = 0x5C;
const TX_CFG: usize = 0x70;
const HW_CFG: usize = 0x74;
const RX_FIFO_INF: usize = 0x7C;
const TX_FIFO_INF: usize = 0x80;
const MAC_CSR_CMD: usize = 0xA4;
const MAC_CSR_DATA: usize = 0xA8;

/// Registers of the MAC, which are accessed through two of the others.
const MAC_CR: u32 = 1;
const ADDRH: u32 = 2;
const ADDRL: u32 = 3;

/// The longest Ethernet frame, in bytes, without its check sequence.
const FRAME: usize = 1514;
/// The check sequence after a received frame, in bytes.
const CHECK: usize = 4;
/// The commands before a frame to be sent, in bytes.
const COMMANDS: u32 = 8;

/// The controller, and memory for a frame in each direction.
pub(crate) struct Lan9118 {
    received: [u8; FRAME],
    sent: [u8; FRAME],
}

/// A frame that was received.
pub(crate) struct Received<'a>(&'a [u8]);

/// Room for a frame in the controller.
pub(crate) struct Room<'a>(&'a mut [u8]);

impl Lan9118 {
    /// Sets the controller up: it receives frames for this address, and raises its interrupt for them.
    ///
    /// # Panics
    ///
    /// If there is no such controller.
    pub(crate) fn new(address: [u8; 6]) -> Lan9118 {
        assert_eq!(read(ID_REV) >> 16, 0x0118, "no LAN9118 at {BASE:#x}");
        let [a, b, c, d, e, f] = address;
        write_mac(ADDRL, u32::from_le_bytes([a, b, c, d]));
        write_mac(ADDRH, u32::from_le_bytes([e, f, 0, 0]));
        // Of the memory for frames 2 KiB are for those to be sent: one at a time. The rest is for received ones.
        write(HW_CFG, 2 << 16 | 1 << 20);
        // The interrupt line is high while a frame is waiting.
        write(IRQ_CFG, 0x111);
        write(INT_EN, 1 << 3);
        // Full duplex; the sender and the receiver on.
        write_mac(MAC_CR, 1 << 20 | 1 << 3 | 1 << 2);
        write(TX_CFG, 1 << 1);
        Lan9118 {
            received: [0; FRAME],
            sent: [0; FRAME],
        }
    }

    /// Reads a frame from the controller, and returns its length, if one without errors has arrived.
    fn take(&mut self) -> Option<usize> {
        while read(RX_FIFO_INF) >> 16 & 0xFF != 0 {
            let status = read(RX_STATUS_FIFO);
            let with_check = (status >> 16 & 0x3FFF) as usize;
            let mut words = with_check.div_ceil(4);
            for chunk in self.received.chunks_mut(4) {
                if words == 0 {
                    break;
                }
                words -= 1;
                chunk.copy_from_slice(&read(RX_DATA_FIFO).to_le_bytes()[..chunk.len()]);
            }
            for _ in 0..words {
                read(RX_DATA_FIFO);
            }
            let len = with_check.saturating_sub(CHECK);
            let has_error = status >> 15 & 1 != 0;
            if !has_error && len <= FRAME {
                return Some(len);
            }
        }
        None
    }
}

impl Device for Lan9118 {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = Room<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Received<'_>, Room<'_>)> {
        if !has_room() {
            return None;
        }
        let len = self.take()?;
        Some((Received(&self.received[..len]), Room(&mut self.sent)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Room<'_>> {
        has_room().then_some(Room(&mut self.sent))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME;
        capabilities
    }
}

impl phy::RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.0)
    }
}

impl phy::TxToken for Room<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let frame = &mut self.0[..len];
        let result = f(frame);
        // The frame in one piece, its first and its last.
        write(TX_DATA_FIFO, 1 << 13 | 1 << 12 | len as u32);
        write(TX_DATA_FIFO, len as u32);
        for chunk in frame.chunks(4) {
            let mut word = [0; 4];
            word[..chunk.len()].copy_from_slice(chunk);
            write(TX_DATA_FIFO, u32::from_le_bytes(word));
        }
        result
    }
}

/// Lets the interrupt line go down until the next frame comes.
pub(crate) fn acknowledge() {
    write(INT_STS, 1 << 3);
}

/// Returns `true` if the longest frame can be sent, and removes the reports about frames that were sent.
fn has_room() -> bool {
    let information = read(TX_FIFO_INF);
    for _ in 0..information >> 16 & 0xFF {
        read(TX_STATUS_FIFO);
    }
    information & 0xFFFF >= COMMANDS + (FRAME as u32).next_multiple_of(4)
}

fn write_mac(register: u32, value: u32) {
    while read(MAC_CSR_CMD) >> 31 != 0 {}
    write(MAC_CSR_DATA, value);
    write(MAC_CSR_CMD, 1 << 31 | register);
    while read(MAC_CSR_CMD) >> 31 != 0 {}
}

fn read(register: usize) -> u32 {
    // SAFETY: the offsets above are of registers that can be read at any time.
    unsafe { ptr::read_volatile((BASE + register) as *const u32) }
}

fn write(register: usize, value: u32) {
    // SAFETY: the offsets above are of registers that can be written at any time; none makes the controller write to
    // memory.
    unsafe { ptr::write_volatile((BASE + register) as *mut u32, value) }
}
