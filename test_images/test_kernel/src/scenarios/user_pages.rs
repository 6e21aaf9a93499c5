//! Accesses of the kernel to a program's page.

use core::{arch::asm, ptr};
use ez_paging::{ConfigurableFlags, Frame, Page, PageSize};
use kernel::memory::{
    frame_allocator::{self, FrameUse},
    page_tables::READ_WRITE,
    user_access::UserAccess,
    user_address_space::UserAddressSpace,
    virtual_memory,
};
use x86_64::VirtAddr;

/// Address of the page.
const ADDRESS: usize = 0x40_0000;

/// The instruction `ret`.
const RET: u8 = 0xc3;

/// Accesses the page with SMAP suspended, then without, which faults.
pub(super) fn touch_unannounced() {
    map_page_of_a_program();
    let pointer = ptr::with_exposed_provenance_mut::<u8>(ADDRESS);
    let access = UserAccess::begin();
    // SAFETY: The page stays mapped, and no other code knows it.
    unsafe { pointer.write_volatile(RET) };
    drop(access);
    log::info!("Accessed a program's page with SMAP suspended");
    // SAFETY: The read faults, as the scenario intends.
    let value = unsafe { pointer.read_volatile() };
    log::error!("Read {value:#x} of a program's page with SMAP active");
}

/// Executes the page.
pub(super) fn execute() {
    map_page_of_a_program();
    // SAFETY: The call faults. If it did not, the code only returns.
    unsafe { asm!("call {}", in(reg) ADDRESS, clobber_abi("C")) };
    log::error!("Executed a program's page in kernel mode");
}

/// Creates an address space with one writable and executable page, and switches to it.
fn map_page_of_a_program() {
    let everything = ConfigurableFlags {
        executable: true,
        ..READ_WRITE
    };
    let (Ok(mut table), Some(frame)) = (
        virtual_memory::new_user_table(),
        frame_allocator::allocate_frame(FrameUse::Other),
    ) else {
        panic!("there is no memory for the scenario");
    };
    let page = Page::containing(VirtAddr::new(ADDRESS as u64), PageSize::_4KiB);
    let frame = Frame::new(frame.start_address(), PageSize::_4KiB).expect("a frame of the cache is aligned");
    // SAFETY: No processor uses the table yet, and no other code uses the frame.
    let flush = unsafe { table.map_page(page, frame, everything) };
    flush.expect("nothing is mapped in a new address space").ignore();
    // SAFETY: The kernel's half is the same in every table.
    unsafe { table.switch_to() };
    // The processor uses the address space from now on.
    core::mem::forget(table);
}

/// Frees much memory of a program, and counts the pauses in which interrupts are on.
pub(super) fn give_much_back() {
    let size_bytes = 8 * 1024 * 1024;
    let mut space = UserAddressSpace::new(10_000).expect("there is memory");
    let start = space.reserve(size_bytes).expect("there is room");
    let mut pauses = 0;
    let released = space.release(start, size_bytes, || pauses += 1);
    assert_eq!(released, Ok(()), "reserved memory can be released");
    log::info!("Pauses while {} MiB were freed: {pauses}", size_bytes >> 20);
}
