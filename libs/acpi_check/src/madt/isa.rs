//! An interrupt of the ISA bus: the input of an I/O APIC to which it is wired, its polarity and its trigger mode.

/// Number of interrupts of the ISA bus.
pub(super) const ISA_IRQ_COUNT: u8 = 16;

/// A global system interrupt: numbers the inputs of all I/O APICs consecutively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GlobalSystemInterrupt(pub u32);

/// Polarity and trigger mode in a table (ACPI specification, table "MPS INTI Flags"), not validated: two of the values
/// are reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineFlags(u16);

/// The active level of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    /// High.
    ActiveHigh,
    /// Low.
    ActiveLow,
}

/// The trigger mode of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Edge-triggered.
    Edge,
    /// Level-triggered.
    Level,
}

/// Validated polarity and trigger mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterruptLine {
    /// Active level.
    pub polarity: Polarity,
    /// Trigger mode.
    pub trigger: Trigger,
}

/// The input of an ISA interrupt, with polarity and trigger mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IsaRoute {
    /// The input of an I/O APIC.
    pub interrupt: GlobalSystemInterrupt,
    /// Polarity and trigger mode.
    pub line: InterruptLine,
}

impl InterruptLine {
    /// The default of the ISA bus.
    pub const ISA: Self = Self {
        polarity: Polarity::ActiveHigh,
        trigger: Trigger::Edge,
    };
}

impl LineFlags {
    /// Wraps the flags of a table.
    #[must_use]
    pub const fn new(flags: u16) -> Self {
        Self(flags)
    }

    /// The flags.
    #[must_use]
    pub const fn as_u16(self) -> u16 {
        self.0
    }

    /// Validates the flags for a line of the ISA bus. `None` for a reserved value.
    #[must_use]
    pub const fn on_isa(self) -> Option<InterruptLine> {
        let polarity = match self.0 & 0b11 {
            0b00 => InterruptLine::ISA.polarity,
            0b01 => Polarity::ActiveHigh,
            0b11 => Polarity::ActiveLow,
            _ => return None,
        };
        let trigger = match self.0 >> 2 & 0b11 {
            0b00 => InterruptLine::ISA.trigger,
            0b01 => Trigger::Edge,
            0b11 => Trigger::Level,
            _ => return None,
        };
        Some(InterruptLine { polarity, trigger })
    }
}
