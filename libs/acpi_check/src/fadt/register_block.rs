//! The blocks of fixed registers. Each has an old field with an I/O port, and a newer one with a generic address.

use super::Fadt;
use super::FadtError;
use crate::generic_address::IoPort;
use crate::generic_address::{AddressSpace, GENERIC_ADDRESS_BYTES, GenericAddress};

/// The fields with the address of a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RegisterBlock {
    /// The old field, by ACPI's name.
    pub(crate) name: &'static str,
    /// Offset of the old field.
    pub(crate) port: usize,
    /// Offset of the newer field.
    pub(crate) address: usize,
    /// Offset of the block's length.
    pub(crate) length: usize,
    /// The least length.
    pub(crate) needed_bytes: u16,
}

/// Status and enable bits of power management events, in two parts.
const PM1A_EVENT: RegisterBlock = RegisterBlock::new("PM1a_EVT_BLK", 56, 148, 88, 4);
/// The second part.
const PM1B_EVENT: RegisterBlock = RegisterBlock::new("PM1b_EVT_BLK", 60, 160, 88, 4);
/// Control of power management, in two parts.
pub(super) const PM1A_CONTROL: RegisterBlock = RegisterBlock::new("PM1a_CNT_BLK", 64, 172, 89, 2);
/// The second part.
pub(super) const PM1B_CONTROL: RegisterBlock = RegisterBlock::new("PM1b_CNT_BLK", 68, 184, 89, 2);
/// More control.
const PM2_CONTROL: RegisterBlock = RegisterBlock::new("PM2_CNT_BLK", 72, 196, 90, 1);
/// The timer.
pub(super) const PM_TIMER: RegisterBlock = RegisterBlock::new("PM_TMR_BLK", 76, 208, 91, 4);
/// General-purpose events.
const GPE0: RegisterBlock = RegisterBlock::new("GPE0_BLK", 80, 220, 92, 2);
/// More of them.
const GPE1: RegisterBlock = RegisterBlock::new("GPE1_BLK", 84, 232, 93, 2);

/// The blocks that the crate `acpi` maps when it is told to look after power.
pub(crate) const PM1_BLOCKS: [RegisterBlock; 4] = [PM1A_EVENT, PM1B_EVENT, PM1A_CONTROL, PM1B_CONTROL];
/// The blocks whose address it only hands on.
pub(crate) const FALLBACK_BLOCKS: [RegisterBlock; 4] = [PM2_CONTROL, PM_TIMER, GPE0, GPE1];

impl RegisterBlock {
    /// A block whose fields lie there.
    const fn new(name: &'static str, port: usize, address: usize, length: usize, needed_bytes: u16) -> Self {
        Self {
            name,
            port,
            address,
            length,
            needed_bytes,
        }
    }

    /// The block's first port, `None` if there is no such block. The newer field is preferred, unless only the old one
    /// says something that can be.
    pub(crate) fn first_port(&self, fadt: &Fadt) -> Result<Option<IoPort>, FadtError> {
        let newer = fadt.generic_address(self.address);
        let old = GenericAddress {
            space: AddressSpace::IO_PORTS,
            address: fadt.address_32(self.port),
            ..newer
        };
        let mut outcome = Ok(None);
        for place in [newer, old].into_iter().filter(|place| !place.address.is_null()) {
            match self.check(place) {
                Ok(port) => return Ok(Some(port)),
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        outcome
    }

    /// What the old field says, if the newer one says nothing.
    pub(crate) fn port_of_old_field_alone(&self, fadt: &Fadt) -> Option<u32> {
        let port = fadt.u32(self.port);
        (port != 0 && fadt.generic_address(self.address).address.is_null()).then_some(port)
    }

    /// What the newer field says of a block that begins at this port.
    pub(crate) fn address_of_port(&self, fadt: &Fadt, port: u32) -> [u8; GENERIC_ADDRESS_BYTES] {
        GenericAddress::block_of_ports(port, fadt.u8(self.length).saturating_mul(8))
    }

    /// The first port, if the block can lie there.
    fn check(&self, place: GenericAddress) -> Result<IoPort, FadtError> {
        if place.space != AddressSpace::IO_PORTS {
            return Err(FadtError::NotPorts {
                field: self.name,
                space: place.space,
            });
        }
        IoPort::of_block(place.address.as_u64(), self.needed_bytes).ok_or(FadtError::Ports {
            field: self.name,
            address: place.address,
        })
    }
}
