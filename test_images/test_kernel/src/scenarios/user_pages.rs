//! A page of a program's, as the kernel may and may not use it.

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

/// Where the page lies.
const ADDRESS: usize = 0x40_0000;

/// A `ret`.
const RET: u8 = 0xc3;

/// Touches the page as it is allowed, and then without saying so.
pub(super) fn touch_unannounced() {
    map_page_of_a_program();
    let pointer = ptr::with_exposed_provenance_mut::<u8>(ADDRESS);
    let access = UserAccess::begin();
    // SAFETY: The page is mapped there for good, and nobody else knows it.
    unsafe { pointer.write_volatile(RET) };
    drop(access);
    log::info!("Touched a program's page as it is allowed");
    // SAFETY: It faults, which is what the scenario is for.
    let value = unsafe { pointer.read_volatile() };
    log::error!("Read {value:#x} of a program without saying so");
}

/// Executes the page.
pub(super) fn execute() {
    map_page_of_a_program();
    // SAFETY: It faults; if it did not, the code only returns.
    unsafe { asm!("call {}", in(reg) ADDRESS, clobber_abi("C")) };
    log::error!("Executed a program's page in kernel mode");
}

/// Makes an address space with one page, writable and executable, and goes over to it.
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
    // SAFETY: No processor uses the table yet, and the frame is nobody else's.
    let flush = unsafe { table.map_page(page, frame, everything) };
    flush.expect("nothing is mapped in a new address space").ignore();
    // SAFETY: The kernel's half is the same in every table.
    unsafe { table.switch_to() };
    // The processor uses it from now on.
    core::mem::forget(table);
}

/// Takes much memory back from a program, and counts the pauses, in which interrupts may come.
pub(super) fn give_much_back() {
    let size_bytes = 8 * 1024 * 1024;
    let mut space = UserAddressSpace::new(10_000).expect("there is memory");
    let start = space.reserve(size_bytes).expect("there is room");
    let mut pauses = 0;
    let released = space.release(start, size_bytes, || pauses += 1);
    assert_eq!(released, Ok(()), "reserved memory can be released");
    log::info!("Pauses while {} MiB were taken back: {pauses}", size_bytes >> 20);
}
