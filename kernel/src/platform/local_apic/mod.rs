//! The local APIC of each processor: its interrupts, messages to other processors, and its timer.
//!
//! Why not the crate `x2apic`: it takes the mode from CPUID instead of IA32_APIC_BASE, never enables a disabled APIC, leaves
//! LINT0 and LINT1 unmasked at vector 0, starts a timer, and writes an xAPIC destination to the wrong bits. A wrapper that
//! corrects all this is longer than this driver.
//!
//! After [`init_this_cpu`] the mode is x2APIC exactly where the processor has it, and every local interrupt is masked except
//! errors, the NMI pin and, after [`set_timer`], the timer.

mod access;

pub use access::{LocalApicAccess, access};

use crate::{
    cpu::{cpu_local_data, interrupt_vector::InterruptVector},
    memory::virtual_memory::MapRegionError,
    sync::InterruptsOff,
};
use access::Register;

/// In a local interrupt: it is not delivered.
const MASKED: u32 = 1 << 16;

/// In [`Register::SpuriousVector`]: the APIC accepts interrupts.
const SOFTWARE_ENABLE: u32 = 1 << 8;

/// In [`Register::TimerDivide`]: one count is 16 ticks of the APIC's clock (Intel SDM vol. 3, figure 12-10).
const DIVIDE_BY_16: u32 = 0b0011;

/// Delivery mode of a non-maskable interrupt, in a local interrupt and in a message.
const DELIVER_NON_MASKABLE: u32 = 4 << 8;

/// In a message: level "assert", as in all messages but INIT level de-assert.
const LEVEL_ASSERT: u32 = 1 << 14;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    Interrupt(u8),
    NonMaskable,
}

/// A pin of the local APIC that carries NMIs (ACPI, MADT types 4 and 0xA).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NonMaskablePin {
    /// 0 for LINT0, 1 for LINT1.
    pub line: u8,
    /// Active low, not active high.
    pub is_active_low: bool,
    /// Level-triggered, not edge-triggered.
    pub is_level_triggered: bool,
}

/// Sets up this processor's local APIC, in whatever state firmware left it.
pub fn init_this_cpu(non_maskable_pins: impl Iterator<Item = NonMaskablePin>) -> Result<(), MapRegionError> {
    let _interrupts = InterruptsOff::new();
    access::enable()?;
    let Some(apic) = access() else { return Ok(()) };
    // The APIC must be on for its local interrupts to be written (Intel SDM vol. 3, section 12.4.7.2).
    let spurious = u32::from(u8::from(InterruptVector::LocalApicSpurious)) | SOFTWARE_ENABLE;
    // SAFETY: The vector has a handler, and every local interrupt is masked by the next lines before interrupts are on.
    unsafe { apic.write(Register::SpuriousVector, spurious) };
    mask_local_interrupts(apic);
    // SAFETY: Priority 0 lets all interrupts through; every vector has a handler.
    unsafe { apic.write(Register::TaskPriority, 0) };
    // SAFETY: A write before reading clears what happened before (Intel SDM vol. 3, section 12.5.3).
    unsafe { apic.write(Register::ErrorStatus, 0) };
    let error = u32::from(u8::from(InterruptVector::LocalApicError));
    // SAFETY: The vector has a handler.
    unsafe { apic.write(Register::LvtError, error) };
    // SAFETY: The timer is stopped.
    unsafe { apic.write(Register::TimerDivide, DIVIDE_BY_16) };
    non_maskable_pins.for_each(|pin| set_non_maskable(apic, pin));
    Ok(())
}

fn mask_local_interrupts(apic: &LocalApicAccess) {
    // Bits 16 to 23: the number of the last local interrupt. It tells which of the rare ones exist.
    let last = apic.read(Register::Version) >> 16 & 0xff;
    let rare = [
        (Register::LvtPerformance, 4),
        (Register::LvtThermal, 5),
        (Register::LvtCorrectedMachineCheck, 6),
    ];
    let rare = rare
        .into_iter()
        .filter(|(_, needed)| last >= *needed)
        .map(|(register, _)| register);
    let common = [
        Register::LvtTimer,
        Register::LvtLint0,
        Register::LvtLint1,
        Register::LvtError,
    ];
    for register in common.into_iter().chain(rare) {
        // SAFETY: The APIC has the register, and a masked interrupt is not delivered.
        unsafe { apic.write(register, MASKED) };
    }
    // SAFETY: A count of 0 stops a timer that firmware left running.
    unsafe { apic.write(Register::TimerInitialCount, 0) };
}

fn set_non_maskable(apic: &LocalApicAccess, pin: NonMaskablePin) {
    let register = match pin.line {
        0 => Register::LvtLint0,
        1 => Register::LvtLint1,
        _ => return,
    };
    let polarity = u32::from(pin.is_active_low) << 13;
    let trigger = u32::from(pin.is_level_triggered) << 15;
    // SAFETY: NMIs have a handler, on a stack of its own.
    unsafe { apic.write(register, DELIVER_NON_MASKABLE | polarity | trigger) };
}

/// Sends a message to a processor. Returns `false` if there is no such processor or no local APIC.
pub fn send(cpu_id: u32, message: Message) -> bool {
    let (Some(apic), Some(destination)) = (access(), cpu_local_data::local_apic_id_of(cpu_id)) else {
        return false;
    };
    let command = match message {
        Message::Interrupt(vector) => u32::from(vector),
        Message::NonMaskable => DELIVER_NON_MASKABLE,
    };
    let _interrupts = InterruptsOff::new();
    // SAFETY: A fixed interrupt or an NMI, to one processor: the kernel handles all of these, whatever the vector.
    unsafe { apic.write_command(destination, command | LEVEL_ASSERT) };
    true
}

#[inline]
pub fn end_of_interrupt() {
    if let Some(apic) = access() {
        // SAFETY: The register accepts zero. If no interrupt is in service, the write has no effect.
        unsafe { apic.write(Register::EndOfInterrupt, 0) };
    }
}

/// Whether the APIC waits for the end of this interrupt. It does not for a spurious one, nor for one that the instruction `int`
/// raised.
pub fn is_in_service(vector: u8) -> bool {
    access().is_some_and(|apic| {
        let word = apic.read_nth(Register::InService, u16::from(vector / 32));
        word & 1 << (vector % 32) != 0
    })
}

/// Returns and clears the errors since the last call (Intel SDM vol. 3, figure 12-9).
pub fn take_errors() -> u32 {
    access().map_or(0, |apic| {
        // SAFETY: The write makes the APIC update the register.
        unsafe { apic.write(Register::ErrorStatus, 0) };
        apic.read(Register::ErrorStatus)
    })
}

/// Programs one timer interrupt on this processor, after `counts` counts; 0 stops the timer.
#[inline]
pub fn set_timer(counts: u32) {
    if let Some(apic) = access() {
        let vector = u32::from(u8::from(InterruptVector::LocalApicTimer));
        // SAFETY: One-shot mode, at a vector that has a handler.
        unsafe { apic.write(Register::LvtTimer, vector) };
        // SAFETY: The handler expects the interrupt at any time.
        unsafe { apic.write(Register::TimerInitialCount, counts) };
    }
}

/// Starts the timer with its interrupt masked, to measure its rate.
pub(super) fn start_counting() {
    if let Some(apic) = access() {
        // SAFETY: A masked timer does not interrupt.
        unsafe { apic.write(Register::LvtTimer, MASKED) };
        // SAFETY: As before.
        unsafe { apic.write(Register::TimerInitialCount, u32::MAX) };
    }
}

/// Current count of the timer, which counts down.
pub(super) fn current_count() -> u64 {
    access().map_or(0, |apic| u64::from(apic.read(Register::TimerCurrentCount)))
}
