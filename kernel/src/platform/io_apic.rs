//! The I/O APICs route the interrupts of devices to processors and vectors.
//!
//! A GSI (global system interrupt) numbers the inputs of all I/O APICs consecutively. An input without a route is masked.
//! The lock of an I/O APIC guards its pair of select and window registers; no other lock is taken while it is held.

use crate::{
    cpu::cpu_local_data,
    memory::{mapped_region::MappedRegion, virtual_memory::MapRegionError},
    sync::IrqSpinLock,
};
use alloc::{boxed::Box, vec::Vec};
use spin::Once;
use thiserror::Error;
use x86_64::{PhysAddr, VirtAddr};

/// Set by [`init`] on the BSP.
static IO_APICS: Once<Box<[IrqSpinLock<IoApic>]>> = Once::new();

const REGISTERS_BYTES: u64 = 0x20;

/// Offset of the register that selects which register [`WINDOW`] accesses (82093AA data sheet, section 3).
const SELECT: u64 = 0x00;

/// Offset of the window to the selected register.
const WINDOW: u64 = 0x10;

/// Register: version, and in bits 16 to 23 the number of the last input.
const VERSION: u8 = 1;

/// Values of the version register where there is no device. No I/O APIC of a 64-bit machine has either.
const NOTHING_THERE: [u32; 2] = [0, u32::MAX];

/// Maximum number of I/O APICs. Large machines have some tens.
const MAX_IO_APICS: usize = 128;

/// Number of the first of two registers of input 0.
const FIRST_INPUT: u8 = 0x10;

/// In the lower register of an input: it is masked.
const MASKED: u32 = 1 << 16;

/// In the lower register of an input: active low.
const ACTIVE_LOW: u32 = 1 << 13;

/// In the lower register of an input: level-triggered.
const LEVEL_TRIGGERED: u32 = 1 << 15;

/// Largest local APIC id that an I/O APIC can send to. Without interrupt remapping the id has 8 bits, and all ones mean all
/// processors.
const MAX_LOCAL_APIC_ID: u32 = 254;

/// The location of an I/O APIC, from the MADT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IoApicPlace {
    pub address: PhysAddr,
    /// The GSI of its first input.
    pub first_gsi: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal {
    /// Active low, not active high.
    pub is_active_low: bool,
    /// Level-triggered, not edge-triggered.
    pub is_level_triggered: bool,
}

/// Why an I/O APIC is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IoApicError {
    #[error(transparent)]
    Unmapped(MapRegionError),
    #[error("no device answers there")]
    Absent,
}

/// Why an interrupt is not routed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RouteError {
    #[error("no I/O APIC has the interrupt {gsi}")]
    NoSuchGsi { gsi: u32 },
    #[error("there is no processor {cpu_id}")]
    NoSuchCpu { cpu_id: u32 },
    #[error("processor {cpu_id} has the APIC id {local_apic_id}, and an I/O APIC reaches {MAX_LOCAL_APIC_ID} at most")]
    OutOfReach { cpu_id: u32, local_apic_id: u32 },
    #[error("vector {vector:#04x} is that of an exception")]
    ReservedVector { vector: u8 },
}

struct IoApic {
    registers: VirtAddr,
    _region: MappedRegion,
    first_gsi: u32,
    inputs: u32,
}

/// Masks all inputs of the I/O APICs. Returns the number of inputs. Calls `refuse` for an I/O APIC that cannot be used, and
/// uses the others.
pub fn init(places: impl Iterator<Item = IoApicPlace>, refuse: impl Fn(IoApicPlace, IoApicError)) -> u32 {
    let mut io_apics = Vec::new();
    for place in places.take(MAX_IO_APICS) {
        match IoApic::new(place) {
            Ok(mut io_apic) => {
                (0..io_apic.inputs).for_each(|input| io_apic.write_input(input, MASKED, 0));
                io_apics.push(io_apic);
            }
            Err(error) => refuse(place, error),
        }
    }
    let inputs = io_apics.iter().map(|io_apic| io_apic.inputs).sum();
    IO_APICS.call_once(|| io_apics.into_iter().map(IrqSpinLock::new).collect());
    inputs
}

/// Routes a GSI to a processor and a vector.
pub fn route(gsi: u32, signal: Signal, cpu_id: u32, vector: u8) -> Result<(), RouteError> {
    if vector < 0x20 {
        return Err(RouteError::ReservedVector { vector });
    }
    let local_apic_id = cpu_local_data::local_apic_id_of(cpu_id).ok_or(RouteError::NoSuchCpu { cpu_id })?;
    if local_apic_id > MAX_LOCAL_APIC_ID {
        return Err(RouteError::OutOfReach { cpu_id, local_apic_id });
    }
    let polarity = if signal.is_active_low { ACTIVE_LOW } else { 0 };
    let trigger = if signal.is_level_triggered { LEVEL_TRIGGERED } else { 0 };
    with_input(gsi, |io_apic, input| {
        io_apic.write_input(input, u32::from(vector) | polarity | trigger, local_apic_id << 24);
    })
}

pub fn mask(gsi: u32) -> Result<(), RouteError> {
    with_input(gsi, |io_apic, input| io_apic.write_input(input, MASKED, 0))
}

/// Calls `use_input` with the I/O APIC of a GSI and the number of its input.
fn with_input(gsi: u32, use_input: impl FnOnce(&mut IoApic, u32)) -> Result<(), RouteError> {
    for io_apic in IO_APICS.get().into_iter().flatten() {
        let mut io_apic = io_apic.lock();
        if let Some(input) = gsi
            .checked_sub(io_apic.first_gsi)
            .filter(|input| *input < io_apic.inputs)
        {
            use_input(&mut io_apic, input);
            return Ok(());
        }
    }
    Err(RouteError::NoSuchGsi { gsi })
}

impl IoApic {
    fn new(place: IoApicPlace) -> Result<Self, IoApicError> {
        // SAFETY: The validated MADT says that the registers are there.
        let (region, registers) =
            unsafe { MappedRegion::mmio(place.address, REGISTERS_BYTES) }.map_err(IoApicError::Unmapped)?;
        let mut io_apic = Self {
            registers,
            _region: region,
            first_gsi: place.first_gsi,
            inputs: 0,
        };
        let version = io_apic.read(VERSION);
        if NOTHING_THERE.contains(&version) {
            return Err(IoApicError::Absent);
        }
        io_apic.inputs = (version >> 16 & 0xff) + 1;
        Ok(io_apic)
    }

    /// Writes both registers of an input; the one with the mask bit last.
    fn write_input(&mut self, input: u32, low: u32, high: u32) {
        // Registers are numbered by a byte, so an I/O APIC has at most 120 inputs.
        let Ok(register) = u8::try_from(u32::from(FIRST_INPUT) + 2 * input) else {
            return;
        };
        // Masked, because an interrupt must not be sent to half a destination.
        self.write(register, MASKED);
        self.write(register.saturating_add(1), high);
        self.write(register, low);
    }

    fn read(&mut self, register: u8) -> u32 {
        self.select(register);
        // SAFETY: The register is there, aligned; reading it changes nothing.
        unsafe { (self.registers + WINDOW).as_ptr::<u32>().read_volatile() }
    }

    fn write(&mut self, register: u8, value: u32) {
        self.select(register);
        // SAFETY: The register is there, aligned; interrupts go to vectors that have a handler, since all have.
        unsafe { (self.registers + WINDOW).as_mut_ptr::<u32>().write_volatile(value) };
    }

    fn select(&mut self, register: u8) {
        // SAFETY: The register is there, aligned; only the holder of this value uses the selection.
        unsafe {
            (self.registers + SELECT)
                .as_mut_ptr::<u32>()
                .write_volatile(u32::from(register));
        }
    }
}
