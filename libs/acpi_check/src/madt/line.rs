//! How a device signals on an interrupt line (ACPI specification, table "MPS INTI Flags").

/// A line's polarity and trigger mode as a table says them, with two values that mean nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineFlags(u16);

/// What the line does to signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    /// It rises.
    ActiveHigh,
    /// It falls.
    ActiveLow,
}

/// What makes the interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// The change.
    Edge,
    /// That the line stays so.
    Level,
}

/// How a line is to be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterruptLine {
    /// What the line does to signal.
    pub polarity: Polarity,
    /// What makes the interrupt.
    pub trigger: Trigger,
}

impl InterruptLine {
    /// As the ISA bus has it.
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

    /// How the line is to be set up, if it is an ISA bus's. `None` when the flags have a value that means nothing.
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
