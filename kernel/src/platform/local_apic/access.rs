//! Access to the registers of a local APIC: in memory in xAPIC mode, as model-specific registers in x2APIC mode.

use crate::memory::{mapped_region::MappedRegion, virtual_memory::MapRegionError};
use core::{fmt, hint};
use raw_cpuid::CpuId;
use spin::Once;
use x86_64::{
    VirtAddr,
    registers::model_specific::{ApicBase, ApicBaseFlags, Msr},
};

/// Set by [`enable`] on the BSP, for all processors.
static ACCESS: Once<LocalApicAccess> = Once::new();

const REGISTERS_BYTES: u64 = 4096;

/// IA32_APIC_BASE bit 10: x2APIC mode (Intel SDM vol. 3, section 12.12.1).
const X2APIC_ENABLE: u64 = 1 << 10;

/// IA32_APIC_BASE bit 11: the local APIC is on.
const APIC_GLOBAL_ENABLE: u64 = 1 << 11;

const APIC_BASE_MSR: u32 = 0x1b;

/// The first register in x2APIC mode (Intel SDM vol. 3, table 12-6).
const X2APIC_FIRST_MSR: u32 = 0x800;

/// Number of polls of the delivery status before the next message is sent regardless.
const MAX_POLLS: u32 = 1_000_000;

/// How the registers of the local APICs are accessed.
#[derive(Debug)]
pub enum LocalApicAccess {
    /// As model-specific registers: x2APIC mode.
    RegisterBased,
    /// In memory, at an address where each processor reaches its own: xAPIC mode.
    Mmio(MappedRegion),
}

/// A register, by its offset in memory (Intel SDM vol. 3, table 12-1); in x2APIC mode its number is a sixteenth of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Register {
    /// Version, and the number of local interrupts.
    Version = 0x30,
    /// Lowest priority of an interrupt that is delivered.
    TaskPriority = 0x80,
    EndOfInterrupt = 0xb0,
    /// Enables the APIC, and holds the vector of spurious interrupts.
    SpuriousVector = 0xf0,
    /// The first of eight: a bit for each vector that is being handled.
    InService = 0x100,
    ErrorStatus = 0x280,
    LvtCorrectedMachineCheck = 0x2f0,
    /// Sends a message to processors; in xAPIC mode its lower half.
    InterruptCommand = 0x300,
    /// Its upper half, in xAPIC mode only.
    InterruptCommandHigh = 0x310,
    LvtTimer = 0x320,
    LvtThermal = 0x330,
    LvtPerformance = 0x340,
    LvtLint0 = 0x350,
    LvtLint1 = 0x360,
    LvtError = 0x370,
    /// A write starts the timer, which counts down from the value.
    TimerInitialCount = 0x380,
    TimerCurrentCount = 0x390,
    TimerDivide = 0x3e0,
}

/// Enables this processor's local APIC, in x2APIC mode where the processor has it, in whatever state firmware left it.
pub(super) fn enable() -> Result<(), MapRegionError> {
    let has_x2apic = CpuId::new().get_feature_info().is_some_and(|info| info.has_x2apic());
    let mut msr = Msr::new(APIC_BASE_MSR);
    // SAFETY: Every processor with a local APIC has the register, and reading it changes nothing.
    let before = unsafe { msr.read() };
    if before & APIC_GLOBAL_ENABLE == 0 {
        // x2APIC mode is entered only from xAPIC mode (Intel SDM vol. 3, figure 12-27).
        // SAFETY: The processor allows the step from disabled to xAPIC mode.
        unsafe { msr.write(before | APIC_GLOBAL_ENABLE) };
    }
    if has_x2apic {
        // SAFETY: The processor has x2APIC mode, and allows to enter it from either mode of an enabled APIC.
        unsafe { msr.write(before | APIC_GLOBAL_ENABLE | X2APIC_ENABLE) };
    }
    if ACCESS.is_completed() {
        return Ok(());
    }
    let access = if has_x2apic {
        LocalApicAccess::RegisterBased
    } else {
        let (base, _): (_, ApicBaseFlags) = ApicBase::read();
        // SAFETY: The processor says that its registers are there.
        let (region, _) = unsafe { MappedRegion::mmio(base.start_address(), REGISTERS_BYTES) }?;
        LocalApicAccess::Mmio(region)
    };
    log::info!("Local APICs: {access}");
    ACCESS.call_once(|| access);
    Ok(())
}

/// Returns how the registers are accessed; `None` before [`enable`].
pub fn access() -> Option<&'static LocalApicAccess> {
    ACCESS.get()
}

impl fmt::Display for LocalApicAccess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::RegisterBased => "x2APIC on",
            Self::Mmio(_) => "x2APIC absent, in xAPIC mode",
        })
    }
}

impl LocalApicAccess {
    #[inline]
    pub(super) fn read(&self, register: Register) -> u32 {
        self.read_nth(register, 0)
    }

    #[inline]
    pub(super) fn read_nth(&self, register: Register, index: u16) -> u32 {
        let offset = register as u16 + index * 0x10;
        match self {
            // SAFETY: In x2APIC mode these registers exist, and reading one changes nothing.
            Self::RegisterBased => low_half(unsafe { msr_of(offset).read() }),
            // SAFETY: The registers lie there, aligned to 16 bytes; reading one changes nothing.
            Self::Mmio(region) => unsafe { address_in(region, offset).as_ptr::<u32>().read_volatile() },
        }
    }

    /// Writes a register of this processor's local APIC.
    ///
    /// # Safety
    ///
    /// The register accepts the value, and the kernel handles the interrupts that follow.
    #[inline]
    pub(super) unsafe fn write(&self, register: Register, value: u32) {
        match self {
            // SAFETY: In x2APIC mode the register exists; the rest is the caller's promise.
            Self::RegisterBased => unsafe { msr_of(register as u16).write(u64::from(value)) },
            // SAFETY: The register lies there, aligned to 16 bytes; the rest is the caller's promise.
            Self::Mmio(region) => unsafe {
                address_in(region, register as u16)
                    .as_mut_ptr::<u32>()
                    .write_volatile(value);
            },
        }
    }

    /// Sends a message: writes the interrupt command register (Intel SDM vol. 3, sections 12.6.1 and 12.12.9).
    ///
    /// # Safety
    ///
    /// The register accepts the command, the destination handles the message, and interrupts are off.
    pub(super) unsafe fn write_command(&self, destination: u32, command: u32) {
        match self {
            // SAFETY: In x2APIC mode it is one register of 64 bits; the rest is the caller's promise.
            Self::RegisterBased => unsafe {
                msr_of(Register::InterruptCommand as u16).write(u64::from(destination) << 32 | u64::from(command));
            },
            Self::Mmio(_) => {
                self.wait_until_sent();
                // SAFETY: The register holds the destination; writing it sends nothing.
                unsafe { self.write(Register::InterruptCommandHigh, destination << 24) };
                // SAFETY: The caller's promise.
                unsafe { self.write(Register::InterruptCommand, command) };
            }
        }
    }

    /// Waits a bounded time until the last message has left.
    fn wait_until_sent(&self) {
        const DELIVERY_STATUS: u32 = 1 << 12;
        for _ in 0..MAX_POLLS {
            if self.read(Register::InterruptCommand) & DELIVERY_STATUS == 0 {
                return;
            }
            hint::spin_loop();
        }
    }
}

/// Lower half of a register. The upper half of the registers that are read is reserved.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "it is the lower half that is wanted")]
const fn low_half(value: u64) -> u32 {
    value as u32
}

#[inline]
const fn msr_of(offset: u16) -> Msr {
    Msr::new(X2APIC_FIRST_MSR + (offset as u32 >> 4))
}

#[inline]
fn address_in(region: &MappedRegion, offset: u16) -> VirtAddr {
    region.start() + u64::from(offset)
}
