//! Reads the page tables that CR3 names: no response is believed here, only what the processor itself would find.

/// Entry is in use.
const PRESENT: u64 = 1 << 0;
/// Entry allows writes.
const WRITABLE: u64 = 1 << 1;
/// Entry allows user mode.
const USER: u64 = 1 << 2;
/// Lowest bit of the memory type's index.
const WRITE_THROUGH: u64 = 1 << 3;
/// Middle bit of the memory type's index.
const CACHE_DISABLE: u64 = 1 << 4;
/// Entry of level 2 or 3 maps a page instead of naming a table.
const LARGE: u64 = 1 << 7;
/// Highest bit of the memory type's index, in an entry of level 1.
const PAT_SMALL: u64 = 1 << 7;
/// Highest bit of the memory type's index, in an entry of level 2 or 3.
const PAT_LARGE: u64 = 1 << 12;
/// Translation outlives a change of CR3.
const GLOBAL: u64 = 1 << 8;
/// Entry forbids execution.
const NO_EXECUTE: u64 = 1 << 63;
/// The frame that an entry names.
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// One page and what it allows, all levels taken together.
#[derive(Clone, Copy)]
pub(super) struct Mapping {
    /// First address of the page.
    pub(super) virtual_address: u64,
    /// First address of the frame.
    pub(super) physical_address: u64,
    /// 4 KiB, 2 MiB or 1 GiB.
    pub(super) size_bytes: u64,
    /// Whether the kernel may write.
    pub(super) writable: bool,
    /// Whether user mode may do anything.
    pub(super) user: bool,
    /// Whether the kernel may execute.
    pub(super) executable: bool,
    /// Whether it outlives a change of CR3.
    pub(super) global: bool,
    /// Which of the eight memory types of the PAT applies.
    pub(super) memory_type_index: u8,
}

impl Mapping {
    /// Past the last physical address.
    pub(super) fn physical_end(&self) -> u64 {
        self.physical_address + self.size_bytes
    }

    /// Past the last virtual address, of the last page of all as the highest address.
    pub(super) fn virtual_end(&self) -> u64 {
        self.virtual_address.saturating_add(self.size_bytes)
    }
}

/// Rights that the levels above an entry leave over.
#[derive(Clone, Copy)]
struct Rights {
    /// All levels allow writes.
    writable: bool,
    /// All levels allow user mode.
    user: bool,
    /// No level forbids execution.
    executable: bool,
}

impl Rights {
    /// Before the first level.
    const ALL: Self = Self {
        writable: true,
        user: true,
        executable: true,
    };

    /// After an entry.
    fn and(self, entry: u64) -> Self {
        Self {
            writable: self.writable && entry & WRITABLE != 0,
            user: self.user && entry & USER != 0,
            executable: self.executable && entry & NO_EXECUTE == 0,
        }
    }
}

/// Four levels of tables.
#[derive(Clone, Copy)]
pub(super) struct PageTables {
    /// Physical address of the table of level 4.
    root: u64,
    /// Where physical memory is seen.
    hhdm_offset: u64,
}

impl PageTables {
    /// The tables that `cr3` names. They lie in memory that the direct map must hold.
    pub(super) fn new(cr3: u64, hhdm_offset: u64) -> Self {
        Self {
            root: cr3 & ADDRESS,
            hhdm_offset,
        }
    }

    /// The page that holds `virtual_address`.
    pub(super) fn translate(&self, virtual_address: u64) -> Option<Mapping> {
        let mut table = self.root;
        let mut rights = Rights::ALL;
        for level in (1..=4).rev() {
            let index = virtual_address >> shift(level) & 511;
            let entry = self.entry(table, index);
            if entry & PRESENT == 0 {
                return None;
            }
            rights = rights.and(entry);
            if is_page(level, entry) {
                let page = virtual_address & !(size_bytes(level) - 1);
                return Some(mapping(level, entry, page, rights));
            }
            table = entry & ADDRESS;
        }
        None
    }

    /// Whether every byte from `start` on is mapped.
    pub(super) fn is_mapped(&self, start: u64, length_bytes: u64) -> bool {
        let Some(end) = start.checked_add(length_bytes) else {
            return false;
        };
        let mut address = start;
        while address < end {
            let Some(page) = self.translate(address) else {
                return false;
            };
            address = page.virtual_end();
        }
        true
    }

    /// The bytes from `start` on, when all of them are mapped.
    pub(super) fn bytes(&self, start: u64, length_bytes: u64) -> Option<&'static [u8]> {
        if start == 0 || !self.is_mapped(start, length_bytes) {
            return None;
        }
        let length_bytes = usize::try_from(length_bytes).ok()?;
        // SAFETY: every byte is mapped; the callers name tables that the boot loader or firmware wrote and nobody
        // changes while this kernel runs.
        Some(unsafe { core::slice::from_raw_parts(start as *const u8, length_bytes) })
    }

    /// Shows every page to `visitor`, by rising address.
    pub(super) fn visit(&self, visitor: &mut dyn FnMut(&Mapping)) {
        self.visit_table(self.root, 4, 0, Rights::ALL, visitor);
    }

    /// Shows the pages below one table.
    fn visit_table(&self, table: u64, level: u32, start: u64, rights: Rights, visitor: &mut dyn FnMut(&Mapping)) {
        for index in 0..512 {
            let entry = self.entry(table, index);
            if entry & PRESENT == 0 {
                continue;
            }
            let address = sign_extend(start | index << shift(level));
            let rights = rights.and(entry);
            if is_page(level, entry) {
                visitor(&mapping(level, entry, address, rights));
            } else {
                self.visit_table(entry & ADDRESS, level - 1, address, rights, visitor);
            }
        }
    }

    /// Reads an entry.
    fn entry(&self, table: u64, index: u64) -> u64 {
        let address = self.hhdm_offset + table + index * 8;
        // SAFETY: `table` comes from CR3 or an entry in use, so the processor itself reads it as a table of 512
        // entries; page tables lie in bootloader-reclaimable memory, which the direct map holds.
        unsafe { (address as *const u64).read_volatile() }
    }
}

/// Makes a virtual address canonical.
fn sign_extend(address: u64) -> u64 {
    if address & 1 << 47 != 0 {
        address | 0xffff_0000_0000_0000
    } else {
        address
    }
}

/// Whether an entry maps a page, not a table.
fn is_page(level: u32, entry: u64) -> bool {
    level == 1 || level < 4 && entry & LARGE != 0
}

/// Lowest bit of a level's index.
fn shift(level: u32) -> u32 {
    12 + 9 * (level - 1)
}

/// What an entry of a level covers.
fn size_bytes(level: u32) -> u64 {
    1 << shift(level)
}

/// Puts a page together.
fn mapping(level: u32, entry: u64, virtual_address: u64, rights: Rights) -> Mapping {
    let pat_bit = if level == 1 { PAT_SMALL } else { PAT_LARGE };
    let bit = |mask: u64, value: u8| if entry & mask != 0 { value } else { 0 };
    Mapping {
        virtual_address,
        physical_address: entry & ADDRESS & !(size_bytes(level) - 1),
        size_bytes: size_bytes(level),
        writable: rights.writable,
        user: rights.user,
        executable: rights.executable,
        global: entry & GLOBAL != 0,
        memory_type_index: bit(WRITE_THROUGH, 1) + bit(CACHE_DISABLE, 2) + bit(pat_bit, 4),
    }
}
