//! What a second package adds to the boot: the test kernel's scenarios, none in the kernel that is shipped.

use crate::boot::boot_info::BootInfo;

/// Code that runs at named places of the boot.
pub struct TestHooks {
    /// On the BSP, before anything else, the log included.
    pub at_entry: fn(),
    /// On each AP, before it has handlers for exceptions, with its id.
    pub at_ap_entry: fn(u32),
    /// On the BSP, when the kernel is booted and the APs are on their way.
    pub on_bsp: fn(&BootInfo),
    /// On each AP, when it has said hello.
    pub on_ap: fn(),
    /// When an interrupt comes that nobody handles, with its vector. Returns whether it is handled now.
    pub on_interrupt: fn(u8) -> bool,
    /// Whether a word of the command line, by its key, is for the test_hooks.
    pub knows_word: fn(&str) -> bool,
}

impl TestHooks {
    pub const NONE: Self = Self {
        at_entry: || {},
        at_ap_entry: |_| {},
        on_bsp: |_| {},
        on_ap: || {},
        on_interrupt: |_| false,
        knows_word: |_| false,
    };
}
