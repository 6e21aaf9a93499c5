//! Clocks that tick at a rate that is known, and are slow to read: the HPET, ACPI's power management timer, and the PIT.

use crate::memory::virtual_memory::{MapRegionError, MappedRegion};
use tick_rate::WrappingCounter;
use x86_64::{
    PhysAddr, VirtAddr,
    instructions::port::{Port, PortReadOnly},
};

/// What the firmware's tables say of such clocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReferenceClocks {
    /// Where the HPET's registers lie.
    pub hpet: Option<PhysAddr>,
    /// The I/O port of the power management timer.
    pub power_management_timer: Option<u16>,
}

/// A clock to compare others with.
pub(super) enum Reference {
    /// The high precision event timer (IA-PC HPET specification 1.0a): its registers, and how it counts.
    Hpet(Hpet),
    /// ACPI's timer (ACPI specification, section "Power Management Timer"): its I/O port.
    PowerManagementTimer(u16),
    /// Channel 2 of the programmable interval timer, an 8254.
    Pit,
}

/// The HPET's counter.
pub(super) struct Hpet {
    /// Where its registers are mapped, for as long as this exists.
    _registers: MappedRegion,
    /// Where they begin.
    start: VirtAddr,
    /// How it counts.
    counter: WrappingCounter,
}

/// Femtoseconds of a tick of the power management timer, which has 3.579545 MHz.
const POWER_MANAGEMENT_PERIOD_FS: u64 = 279_365_115;

/// Its counter has 24 bits, and sometimes 8 more, which are left alone.
const POWER_MANAGEMENT_BITS: u32 = 24;

/// Femtoseconds of a tick of the PIT, which has 1.193182 MHz.
const PIT_PERIOD_FS: u64 = 838_095_345;

/// Bits of its counters.
const PIT_BITS: u32 = 16;

/// The PIT's ports, and the one that lets channel 2 count and be heard.
mod pit_port {
    /// The count of channel 2.
    pub(super) const CHANNEL_2: u16 = 0x42;
    /// What the channels do.
    pub(super) const COMMAND: u16 = 0x43;
    /// Bit 0 lets channel 2 count, bit 1 the loudspeaker speak.
    pub(super) const GATE: u16 = 0x61;
}

/// Channel 2, both bytes, counting down once (8254 data sheet, "Control Word Format").
const PIT_COUNT_DOWN: u8 = 0b1011_0000;

/// Channel 2, keep the count for reading.
const PIT_LATCH: u8 = 0b1000_0000;

/// The HPET's registers (IA-PC HPET specification, section 2.3).
mod hpet_register {
    /// General capabilities, lower half: bits 0 to 7, the revision, are not 0.
    pub(super) const CAPABILITIES: u64 = 0;
    /// Femtoseconds of a tick.
    pub(super) const PERIOD: u64 = 4;
    /// Bit 0 lets the counter run.
    pub(super) const CONFIGURATION: u64 = 0x10;
    /// The counter's lower half. The upper one, if there is any, is left alone.
    pub(super) const COUNTER: u64 = 0xf0;
}

/// Bytes of the HPET's registers.
const HPET_BYTES: u64 = 1024;

/// The longest period that an HPET may have, in femtoseconds.
const HPET_MAX_PERIOD_FS: u32 = 100_000_000;

impl ReferenceClocks {
    /// The clocks that there may be, the best first. Whether one ticks is not known yet.
    pub(super) fn candidates(&self) -> impl Iterator<Item = Reference> {
        let hpet = self.hpet.and_then(|address| match Hpet::start(address) {
            Ok(Some(hpet)) => Some(Reference::Hpet(hpet)),
            Ok(None) => {
                log::warn!("The HPET cannot be used: there is none at {address:#x}");
                None
            }
            Err(error) => {
                log::warn!("The HPET cannot be used: {error}");
                None
            }
        });
        let power_management_timer = self.power_management_timer.map(Reference::PowerManagementTimer);
        hpet.into_iter()
            .chain(power_management_timer)
            .chain([Reference::start_pit()])
    }
}

impl Reference {
    /// Lets the PIT's channel 2 count.
    fn start_pit() -> Self {
        let mut gate = Port::<u8>::new(pit_port::GATE);
        // SAFETY: The port is there on every PC, and reading it changes nothing.
        let before = unsafe { gate.read() };
        // SAFETY: Channel 2 makes the loudspeaker's sound, which nobody uses.
        unsafe { gate.write((before & !0b10) | 0b01) };
        // SAFETY: As before.
        unsafe { Port::new(pit_port::COMMAND).write(PIT_COUNT_DOWN) };
        for _ in 0..2 {
            // SAFETY: As before: the two bytes of the first count.
            unsafe { Port::new(pit_port::CHANNEL_2).write(u8::MAX) };
        }
        Self::Pit
    }

    /// Its name.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Hpet(_) => "HPET",
            Self::PowerManagementTimer(_) => "ACPI's power management timer",
            Self::Pit => "PIT",
        }
    }

    /// How it counts.
    pub(super) fn counter(&self) -> WrappingCounter {
        const POWER_MANAGEMENT: WrappingCounter =
            WrappingCounter::counting_up(POWER_MANAGEMENT_BITS, POWER_MANAGEMENT_PERIOD_FS)
                .expect("a counter has bits and a period");
        const PIT: WrappingCounter =
            WrappingCounter::counting_down(PIT_BITS, PIT_PERIOD_FS).expect("a counter has bits and a period");
        match self {
            Self::Hpet(hpet) => hpet.counter,
            Self::PowerManagementTimer(_) => POWER_MANAGEMENT,
            Self::Pit => PIT,
        }
    }

    /// Where it is.
    pub(super) fn read(&self) -> u64 {
        match self {
            Self::Hpet(hpet) => u64::from(hpet.read(hpet_register::COUNTER)),
            // SAFETY: The port was named by a checked table; reading the timer changes nothing.
            Self::PowerManagementTimer(port) => u64::from(unsafe { PortReadOnly::<u32>::new(*port).read() }),
            Self::Pit => read_pit(),
        }
    }
}

/// The count of the PIT's channel 2.
fn read_pit() -> u64 {
    // SAFETY: The port is the PIT's on every PC; the command only keeps the count for reading.
    unsafe { Port::new(pit_port::COMMAND).write(PIT_LATCH) };
    let mut port = PortReadOnly::<u8>::new(pit_port::CHANNEL_2);
    // SAFETY: Reading the kept count, lower byte first, changes nothing else.
    let low = unsafe { port.read() };
    // SAFETY: As before.
    let high = unsafe { port.read() };
    u64::from(u16::from_le_bytes([low, high]))
}

impl Hpet {
    /// Lets the counter run. `None` if what is there is no HPET.
    fn start(address: PhysAddr) -> Result<Option<Self>, MapRegionError> {
        // SAFETY: A checked table says that the HPET's registers are there.
        let (registers, start) = unsafe { MappedRegion::mmio(address, HPET_BYTES) }?;
        let at = |offset: u64| {
            // SAFETY: The registers lie there, aligned; reading one of these changes nothing.
            unsafe { (start + offset).as_ptr::<u32>().read_volatile() }
        };
        let period_fs = at(hpet_register::PERIOD);
        let is_there = at(hpet_register::CAPABILITIES) & 0xff != 0 && period_fs <= HPET_MAX_PERIOD_FS;
        let counter = WrappingCounter::counting_up(u32::BITS, u64::from(period_fs)).filter(|_| is_there);
        let configuration = at(hpet_register::CONFIGURATION);
        Ok(counter.map(|counter| {
            // SAFETY: The counter runs on, with whatever else is set left as it is.
            unsafe {
                (start + hpet_register::CONFIGURATION)
                    .as_mut_ptr::<u32>()
                    .write_volatile(configuration | 1);
            }
            Self {
                _registers: registers,
                start,
                counter,
            }
        }))
    }

    /// Reads a register.
    fn read(&self, offset: u64) -> u32 {
        // SAFETY: The registers lie there, aligned; reading one of these changes nothing.
        unsafe { (self.start + offset).as_ptr::<u32>().read_volatile() }
    }
}
