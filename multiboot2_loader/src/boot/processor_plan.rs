//! Plans which processors the kernel gets, and the mode of their local APICs.

use acpi_check::{LocalNmi, Processor};
use arrayvec::ArrayVec;
use multiboot2_loader_core::acpi::madt::{LOCAL_NMI_LIMIT, Madt, PROCESSOR_LIMIT};
use multiboot2_loader_core::address::{Extent, PAGE_SIZE_BYTES, PhysAddr, VirtAddr};
use multiboot2_loader_core::limine_requests::MpRequest;
use multiboot2_loader_core::pool::{Pool, PoolFull};
use multiboot2_loader_core::responses::MpInfos;

use super::room::{Room, RoomForOthers};
use crate::console;
use crate::cpu::features::Features;
use crate::cpu::memory_types::MemoryTypes;
use crate::direct_map;
use crate::entry::Handover;
use crate::error::BootError;
use crate::hand_off::{Destination, LastStep};
use crate::interrupts::local_apic::{self, LocalApic, LocalApicError, Mode};
use crate::processors;
use crate::processors::application_processor::Instructions;
use crate::processors::trampoline::Trampoline;

/// In xAPIC mode this id means "all", and it is the highest one.
const XAPIC_BROADCAST_ID: u32 = 255;
/// Placeholder for an unknown ACPI id.
const UNKNOWN_PROCESSOR_ID: u32 = u32::MAX;

/// The processors.
#[derive(Debug)]
pub(super) struct ProcessorPlan {
    /// Local APIC of the BSP and its id, if there is one.
    local_apic: Option<(LocalApic, u32)>,
    /// The mode of all local APICs.
    mode: Mode,
    /// Interrupt lines that carry NMIs.
    local_nmis: ArrayVec<LocalNmi, LOCAL_NMI_LIMIT>,
    /// All processors, including the BSP. Empty if there is no response about processors.
    listed: ArrayVec<Processor, PROCESSOR_LIMIT>,
}

/// The result of the plan.
#[derive(Debug)]
pub(super) struct StartedProcessors {
    /// Whether the local APICs are in x2APIC mode.
    pub(super) x2apic: bool,
    /// Local APIC id of the BSP.
    pub(super) bsp_local_apic_id: u32,
    /// Info structs of the running processors.
    pub(super) infos: ArrayVec<VirtAddr, PROCESSOR_LIMIT>,
}

impl ProcessorPlan {
    /// Creates a plan without APs, and sets up the local APIC of the BSP.
    pub(super) fn make(
        features: &Features,
        madt: Option<&Madt>,
        request: Option<MpRequest>,
    ) -> Result<Self, BootError> {
        let mut plan = Self {
            local_apic: None,
            mode: Mode::XApic,
            local_nmis: madt.map(|madt| madt.local_nmis.clone()).unwrap_or_default(),
            listed: ArrayVec::new(),
        };
        match switch_on(features, request) {
            Ok((mode, local_apic)) => {
                plan.mode = mode;
                plan.local_apic = Some((local_apic, local_apic.id()));
            }
            Err(error @ LocalApicError::X2ApicLocked) => return Err(error.into()),
            Err(error) => console::warn(format_args!("{error}")),
        }
        if let (Some((local_apic, id)), madt) = (&plan.local_apic, madt) {
            let processors = madt.map(|madt| madt.processors.as_slice()).unwrap_or_default();
            let own = processors.iter().find(|processor| processor.local_apic_id == *id);
            let processor_id = own.map_or(UNKNOWN_PROCESSOR_ID, |own| own.processor_id);
            local_apic.normalise(&plan.local_nmis, processor_id);
        }
        Ok(plan)
    }

    /// Returns all APs.
    pub(super) fn others(&self) -> impl Iterator<Item = (usize, &Processor)> {
        let own_id = self.local_apic.as_ref().map(|(_, id)| *id);
        let listed = self.listed.iter().enumerate();
        listed.filter(move |(_, processor)| Some(processor.local_apic_id) != own_id)
    }

    /// Starts all APs. Returns `None` if there is no response about processors.
    pub(super) fn start(
        &self,
        pool: &mut Pool<'_>,
        room: &Room,
        page_tables: PhysAddr,
        handover: &Handover,
        features: &Features,
    ) -> Result<Option<StartedProcessors>, BootError> {
        let Some((local_apic, own_id)) = self.local_apic else {
            return Ok(None);
        };
        if self.listed.is_empty() {
            return Ok(None);
        }
        let infos = MpInfos::put(pool, &self.listed)?;
        let parked = match &room.others {
            None => ArrayVec::new(),
            Some(room) => {
                let (expected, stack_tops) = self.put_last_steps(pool, &infos, room, page_tables)?;
                let instructions = Instructions {
                    handover: *handover,
                    memory_types: MemoryTypes::read(features),
                    local_apic_mode: self.mode,
                    local_nmis: self.local_nmis.clone(),
                    expected,
                };
                // SAFETY: The page was just allocated from the memory map for this purpose.
                let bytes = unsafe { direct_map::slice_mut(Extent::new(room.trampoline, PAGE_SIZE_BYTES)) }?;
                let trampoline = Trampoline::install(room.trampoline, bytes, handover, features);
                processors::start(&local_apic, trampoline, stack_tops, instructions)
            }
        };
        let did_not_start = |index| {
            self.others()
                .zip(&parked)
                .any(|((other, _), parked)| other == index && !parked)
        };
        let running = (0..self.listed.len()).filter(|index| !did_not_start(*index));
        Ok(Some(StartedProcessors {
            x2apic: self.mode == Mode::X2Apic,
            bsp_local_apic_id: own_id,
            infos: running.map(|index| infos.address_of(index)).collect(),
        }))
    }

    /// Writes the last steps of all APs, and the list of their stacks.
    fn put_last_steps(
        &self,
        pool: &mut Pool<'_>,
        infos: &MpInfos,
        room: &RoomForOthers,
        page_tables: PhysAddr,
    ) -> Result<(ArrayVec<(Processor, LastStep), PROCESSOR_LIMIT>, VirtAddr), PoolFull> {
        let mut expected = ArrayVec::new();
        let mut stack_tops = ArrayVec::<u64, PROCESSOR_LIMIT>::new();
        for (number, (index, processor)) in self.others().enumerate() {
            let mp_info = infos.address_of(index);
            let stack_top = room.stack_top(number);
            let destination = Destination::AsTheKernelSays { mp_info };
            let last_step = LastStep::put(pool, page_tables, stack_top, destination)?;
            expected.push((*processor, last_step));
            stack_tops.push(stack_top.as_u64());
        }
        Ok((expected, pool.put_words(stack_tops.into_iter())?))
    }

    /// Lists the processors that can be reached in the selected mode.
    pub(super) fn list(&mut self, madt: &Madt) {
        let Some((_, own_id)) = self.local_apic else { return };
        let is_reachable =
            |processor: &&Processor| self.mode == Mode::X2Apic || processor.local_apic_id < XAPIC_BROADCAST_ID;
        self.listed = madt.processors.iter().filter(is_reachable).copied().collect();
        let left_out = madt.processors.len() - self.listed.len() + madt.processors_left_out;
        if left_out > 0 {
            console::warn(format_args!("{left_out} processors are left out"));
        }
        if !self.listed.iter().any(|processor| processor.local_apic_id == own_id) {
            console::warn(format_args!(
                "ACPI's MADT does not list the processor that runs this (local APIC id {own_id})"
            ));
            self.listed.clear();
        }
    }
}

/// Enables the local APIC in the mode that the kernel requests and the processor has. Without a request the mode is unchanged.
fn switch_on(features: &Features, request: Option<MpRequest>) -> Result<(Mode, LocalApic), LocalApicError> {
    let mode = match request {
        Some(MpRequest { wants_x2apic: true }) if features.has_x2apic => Mode::X2Apic,
        Some(_) => Mode::XApic,
        None => local_apic::current_mode(features)?,
    };
    Ok((mode, LocalApic::switch_on(features, mode)?))
}
