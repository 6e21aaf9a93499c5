//! Clocks of a known rate, which are slow to read: the HPET, the ACPI power management timer, and the PIT.

use crate::memory::{mapped_region::MappedRegion, virtual_memory::MapRegionError};
use core::fmt;
use tick_rate::WrappingCounter;
use x86_64::{
    PhysAddr, VirtAddr,
    instructions::port::{Port, PortReadOnly},
};

/// The reference clocks in the ACPI tables.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReferenceClocks {
    pub hpet: Option<PhysAddr>,
    /// I/O port of the power management timer.
    pub power_management_timer: Option<u16>,
}

/// A clock that another counter is compared with.
pub(super) enum Reference {
    /// The high precision event timer (IA-PC HPET specification 1.0a).
    Hpet(Hpet),
    /// The ACPI power management timer (ACPI specification, section "Power Management Timer") at this I/O port.
    PowerManagementTimer(u16),
    /// Channel 2 of the programmable interval timer, an 8254.
    Pit,
}

pub(super) struct Hpet {
    _registers: MappedRegion,
    start: VirtAddr,
    counter: WrappingCounter,
}

/// Femtoseconds per tick of the power management timer: 3.579545 MHz.
const POWER_MANAGEMENT_PERIOD_FS: u64 = 279_365_115;

/// Bits of its counter that are used. Some have 32.
const POWER_MANAGEMENT_BITS: u32 = 24;

/// Femtoseconds per tick of the PIT: 1.193182 MHz.
const PIT_PERIOD_FS: u64 = 838_095_345;

const PIT_BITS: u32 = 16;

/// The ports of the PIT, and the port of the gate and loudspeaker of channel 2.
mod pit_port {
    pub(super) const CHANNEL_2: u16 = 0x42;
    pub(super) const COMMAND: u16 = 0x43;
    /// Bit 0 lets channel 2 count, bit 1 connects the loudspeaker.
    pub(super) const GATE: u16 = 0x61;
}

/// Channel 2, both bytes, mode 0: counts down and wraps (8254 data sheet, "Control Word Format").
const PIT_COUNT_DOWN: u8 = 0b1011_0000;

/// Latches the count of channel 2 for reading.
const PIT_LATCH: u8 = 0b1000_0000;

/// The HPET's registers (IA-PC HPET specification, section 2.3).
mod hpet_register {
    /// General capabilities, lower half. Bits 0 to 7 are the revision, which is not 0.
    pub(super) const CAPABILITIES: u64 = 0;
    /// Femtoseconds per tick.
    pub(super) const PERIOD: u64 = 4;
    /// Bit 0 lets the counter run.
    pub(super) const CONFIGURATION: u64 = 0x10;
    /// Lower half of the counter. The upper half, if there is one, is not used.
    pub(super) const COUNTER: u64 = 0xf0;
}

const HPET_BYTES: u64 = 1024;

/// The longest period that the specification allows an HPET, in femtoseconds.
const HPET_MAX_PERIOD_FS: u32 = 100_000_000;

impl ReferenceClocks {
    /// The clocks of this machine, the most precise first. Each may stand still.
    pub(super) fn candidates(&self) -> impl Iterator<Item = Reference> {
        let refuse = |reason: &dyn fmt::Display| {
            log::warn!("The HPET cannot be used: {reason}. A firmware update may correct the HPET table");
            None
        };
        let hpet = self.hpet.and_then(|address| match Hpet::start(address) {
            Ok(Some(hpet)) => Some(Reference::Hpet(hpet)),
            Ok(None) => refuse(&format_args!("there is none at {address:#x}")),
            Err(error) => refuse(&error),
        });
        let power_management_timer = self.power_management_timer.map(Reference::PowerManagementTimer);
        hpet.into_iter()
            .chain(power_management_timer)
            .chain([Reference::start_pit()])
    }
}

impl Reference {
    fn start_pit() -> Self {
        let mut gate = Port::<u8>::new(pit_port::GATE);
        // SAFETY: The port is there on every PC, and reading it changes nothing.
        let before = unsafe { gate.read() };
        // SAFETY: Channel 2 drives only the loudspeaker, which the kernel does not use.
        unsafe { gate.write((before & !0b10) | 0b01) };
        // SAFETY: As before.
        unsafe { Port::new(pit_port::COMMAND).write(PIT_COUNT_DOWN) };
        for _ in 0..2 {
            // SAFETY: As before: the two bytes of the first count.
            unsafe { Port::new(pit_port::CHANNEL_2).write(u8::MAX) };
        }
        Self::Pit
    }

    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Hpet(_) => "HPET",
            Self::PowerManagementTimer(_) => "ACPI's power management timer",
            Self::Pit => "PIT",
        }
    }

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

    pub(super) fn read(&self) -> u64 {
        match self {
            Self::Hpet(hpet) => u64::from(hpet.read(hpet_register::COUNTER)),
            // SAFETY: The port is from a validated table; reading the timer has no side effect.
            Self::PowerManagementTimer(port) => u64::from(unsafe { PortReadOnly::<u32>::new(*port).read() }),
            Self::Pit => read_pit(),
        }
    }
}

fn read_pit() -> u64 {
    // SAFETY: The port is the PIT's on every PC; the command only latches the count.
    unsafe { Port::new(pit_port::COMMAND).write(PIT_LATCH) };
    let mut port = PortReadOnly::<u8>::new(pit_port::CHANNEL_2);
    // SAFETY: Reading the latched count, lower byte first, has no other effect.
    let low = unsafe { port.read() };
    // SAFETY: As before.
    let high = unsafe { port.read() };
    u64::from(u16::from_le_bytes([low, high]))
}

impl Hpet {
    /// Enables the counter. `None` if there is no HPET at `address`.
    fn start(address: PhysAddr) -> Result<Option<Self>, MapRegionError> {
        // SAFETY: A validated table says that the registers are there.
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
            // SAFETY: Only the enable bit changes, which lets the counter run.
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

    fn read(&self, offset: u64) -> u32 {
        // SAFETY: The registers lie there, aligned; reading one of these changes nothing.
        unsafe { (self.start + offset).as_ptr::<u32>().read_volatile() }
    }
}
