//! What holds for every plan, whatever the file: the tests and the fuzz target check it on all plans that they come to.

use crate::reference;
use elf_load_plan::{
    Limits, LoadPlan, LoadPlanError, ModuleFrame, PAGE_SIZE_BYTES, PagePermissions, PageSource, PlannedPage,
};
use x86_64::VirtAddr;
use x86_64::structures::paging::{Page, page::PageRange};

/// The size of a page.
const PAGE_BYTES: u64 = PAGE_SIZE_BYTES as u64;

/// Where the stack is in these tests.
pub(crate) const STACK: std::ops::Range<u64> = 0x7fff_0000_0000..0x7fff_0002_0000;

/// Those of a kernel with little memory, so that all of a program can be looked at: anything but the stack, and 64 pages.
pub(crate) fn limits() -> Limits {
    Limits {
        area: pages(0x1000, 0x7fff_ffff_f000),
        stack: pages(STACK.start, STACK.end),
        free_frames: 64,
    }
}

/// The pages from an address up to another.
pub(crate) fn pages(start: u64, end: u64) -> PageRange {
    let page = |address| Page::from_start_address(VirtAddr::new(address)).unwrap();
    PageRange {
        start: page(start),
        end: page(end),
    }
}

/// Plans, and checks what holds for every plan.
pub(crate) fn planned(file: &[u8], limits: &Limits) -> Result<LoadPlan, LoadPlanError> {
    let plan = LoadPlan::from_elf(file, limits)?;
    check_pages(&plan, limits);
    check_size(&plan, limits);
    check_sources(&plan, file);
    check_memory(&plan, file);
    Ok(plan)
}

/// The bytes of a page when the program starts.
pub(crate) fn bytes_of(planned: &PlannedPage, file: &[u8]) -> [u8; PAGE_SIZE_BYTES] {
    let mut bytes = [0; PAGE_SIZE_BYTES];
    match planned.source {
        PageSource::Shared(frame) => bytes.copy_from_slice(frame_of(frame, file)),
        PageSource::Copied(part) => part.copy_into(&mut bytes, file).unwrap(),
        PageSource::Zeroed => {}
    }
    bytes
}

/// A frame that lies in the file whole.
fn frame_of(frame: ModuleFrame, file: &[u8]) -> &[u8] {
    let start = usize::try_from(frame.offset_bytes()).unwrap();
    &file[start..start + PAGE_SIZE_BYTES]
}

/// Every page once, ascending, where it may be; the program begins in a page that it may run.
fn check_pages(plan: &LoadPlan, limits: &Limits) {
    let mut last_address = 0;
    for planned in plan.pages() {
        let address = planned.page.start_address().as_u64();
        assert!(address > last_address && address < 0x7fff_ffff_f000, "{address:#x}");
        assert!(planned.page >= limits.area.start && planned.page < limits.area.end);
        assert!(planned.page < limits.stack.start || planned.page >= limits.stack.end);
        last_address = address;
    }
    let entry_page = Page::containing_address(plan.entry_point());
    let mut pages = plan.pages();
    let entry_page = pages.find(|planned| planned.page == entry_page).unwrap();
    assert_eq!(entry_page.permissions, PagePermissions::ReadExecute);
}

/// As many frames are taken as is said, and no more than allowed.
fn check_size(plan: &LoadPlan, limits: &Limits) {
    let taken = plan
        .pages()
        .filter(|planned| !matches!(planned.source, PageSource::Shared(_)));
    assert_eq!(plan.pages_to_allocate(), taken.count() as u64);
    assert!(plan.pages_to_allocate() <= limits.free_frames);
}

/// Writable pages are nobody else's; what is shared or copied lies in the file.
fn check_sources(plan: &LoadPlan, file: &[u8]) {
    for planned in plan.pages() {
        match planned.source {
            PageSource::Shared(frame) => {
                assert_ne!(planned.permissions, PagePermissions::ReadWrite);
                assert!(frame.offset_bytes().is_multiple_of(PAGE_BYTES));
                assert!(frame.offset_bytes() + PAGE_BYTES <= file.len() as u64);
            }
            PageSource::Copied(part) => {
                let (in_file, in_page) = (part.in_file(), part.in_page());
                assert!(!in_file.is_empty() && in_file.end <= file.len() as u64);
                assert!(in_page.end <= PAGE_BYTES);
                assert_eq!(in_file.end - in_file.start, in_page.end - in_page.start);
                assert_eq!(in_file.start % PAGE_BYTES, in_page.start);
            }
            PageSource::Zeroed => {}
        }
    }
}

/// The plan comes to the memory that loading without one does.
fn check_memory(plan: &LoadPlan, file: &[u8]) {
    let reference = reference::load(file);
    let addresses = plan.pages().map(|planned| planned.page.start_address().as_u64());
    assert!(addresses.eq(reference.keys().copied()));
    for (planned, expected) in plan.pages().zip(reference.values()) {
        let permissions = match expected.flags & 3 {
            0 => PagePermissions::ReadOnly,
            1 => PagePermissions::ReadExecute,
            2 => PagePermissions::ReadWrite,
            _ => unreachable!("writable and executable"),
        };
        assert_eq!(planned.permissions, permissions);
        let is_shared = matches!(planned.source, PageSource::Shared(_));
        for (byte, expected) in bytes_of(&planned, file).into_iter().zip(&expected.bytes) {
            // The slack of a shared page is the file's, which `bytes_of` has already shown to be there.
            let fits = expected.map_or(is_shared || byte == 0, |expected| byte == expected);
            assert!(fits, "{planned:?}");
        }
    }
}
