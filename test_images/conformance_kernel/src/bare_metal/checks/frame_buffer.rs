//! The frame buffer: a plausible format, memory of its own kind, mapped write-combining, and it holds what is written.

use super::{
    super::{facts::Facts, report::Report, requests::FRAME_BUFFER_REQUEST},
    memory_map::is_covered,
};
use limine::{
    framebuffer::{FRAMEBUFFER_RGB, Framebuffer, VideoMode},
    memmap::MEMMAP_FRAMEBUFFER,
    request::FramebufferResponse,
};

/// Index of write-combining in the PAT that the boot loader sets.
const WRITE_COMBINING: u8 = 5;

/// Checks the first frame buffer.
pub(crate) fn check(report: &mut Report, facts: &Facts) {
    report.section("frame_buffer");
    let response = FRAME_BUFFER_REQUEST.response();
    let frame_buffer = response.and_then(|response| response.framebuffers().first());
    facts
        .expectations
        .report_presence(report, "frame_buffer", frame_buffer.is_some());
    let (Some(response), Some(frame_buffer)) = (response, frame_buffer) else {
        return;
    };
    report.fact("count", response.framebuffers().len());
    check_format(report, frame_buffer);
    check_modes(report, response, frame_buffer);
    check_memory(report, facts, frame_buffer);
}

/// Sizes and masks.
fn check_format(report: &mut Report, frame_buffer: &Framebuffer) {
    report.fact("width", frame_buffer.width);
    report.fact("height", frame_buffer.height);
    report.fact("pitch", frame_buffer.pitch);
    report.fact("bits_per_pixel", frame_buffer.bpp);
    report.equal(
        "memory_model",
        u64::from(FRAMEBUFFER_RGB),
        u64::from(frame_buffer.memory_model),
    );
    report.holds(
        "size",
        frame_buffer.width > 0 && frame_buffer.height > 0,
        "some pixels",
        "none",
    );
    let row_bytes = frame_buffer.width * u64::from(frame_buffer.bpp).div_ceil(8);
    report.holds(
        "pitch_holds_a_row",
        frame_buffer.pitch >= row_bytes,
        row_bytes,
        frame_buffer.pitch,
    );
    let masks = masks_of(frame_buffer);
    report.fact("masks", format_args!("{masks:?}"));
    let mask = |(size, shift): (u8, u8)| ((1_u64 << size.min(32)) - 1) << shift.min(31);
    let [red, green, blue] = masks.map(mask);
    let is_disjoint = red & green == 0 && red & blue == 0 && green & blue == 0;
    report.holds(
        "masks_disjoint",
        is_disjoint,
        "three masks apart",
        format_args!("{masks:?}"),
    );
    let all = red | green | blue;
    let fits = frame_buffer.bpp >= 64 || all >> frame_buffer.bpp == 0;
    report.holds("masks_fit_a_pixel", fits, frame_buffer.bpp, format_args!("{all:#x}"));
}

/// The list of video modes, which has the mode that is set.
fn check_modes(report: &mut Report, response: &FramebufferResponse, frame_buffer: &Framebuffer) {
    report.equal("response_revision", 1, response.revision());
    let Some(described) = response.framebuffers_rev1().and_then(<[_]>::first) else {
        return;
    };
    let modes = described.modes();
    report.info("modes", modes.len());
    let is_set = |mode: &&VideoMode| {
        [mode.pitch, mode.width, mode.height] == [frame_buffer.pitch, frame_buffer.width, frame_buffer.height]
            && (mode.bpp, mode.memory_model) == (frame_buffer.bpp, frame_buffer.memory_model)
            && masks_of_mode(mode) == masks_of(frame_buffer)
    };
    report.holds(
        "modes_list_the_one_set",
        modes.iter().any(is_set),
        "the mode that is set",
        "others",
    );
}

/// Size and place of each colour.
const fn masks_of(frame_buffer: &Framebuffer) -> [(u8, u8); 3] {
    [
        (frame_buffer.red_mask_size, frame_buffer.red_mask_shift),
        (frame_buffer.green_mask_size, frame_buffer.green_mask_shift),
        (frame_buffer.blue_mask_size, frame_buffer.blue_mask_shift),
    ]
}

/// Size and place of each colour in a mode.
const fn masks_of_mode(mode: &VideoMode) -> [(u8, u8); 3] {
    [
        (mode.red_mask_size, mode.red_mask_shift),
        (mode.green_mask_size, mode.green_mask_shift),
        (mode.blue_mask_size, mode.blue_mask_shift),
    ]
}

/// Where it lies and how it is mapped.
fn check_memory(report: &mut Report, facts: &Facts, frame_buffer: &Framebuffer) {
    let address = frame_buffer.address() as u64;
    let length_bytes = frame_buffer.pitch * frame_buffer.height;
    report.info("address", format_args!("{address:#x}"));
    let Some(physical_address) = address.checked_sub(facts.hhdm_offset) else {
        report.holds(
            "address_in_hhdm",
            false,
            "an address in the direct map",
            format_args!("{address:#x}"),
        );
        return;
    };
    report.holds("address_in_hhdm", true, "", "");
    report.equal("address_alignment", 0, address & 0xfff);
    let is_typed = is_covered(physical_address, length_bytes, |kind| kind == MEMMAP_FRAMEBUFFER);
    report.holds(
        "memory_kind",
        is_typed,
        "frame buffer",
        format_args!("{physical_address:#x} + {length_bytes:#x}"),
    );
    let mut next = address;
    let mut is_write_combining = true;
    while next < address + length_bytes {
        let Some(page) = facts.page_tables.translate(next) else {
            report.holds("mapped", false, "mapped whole", format_args!("a hole at {next:#x}"));
            return;
        };
        is_write_combining &= page.memory_type_index == WRITE_COMBINING;
        next = page.virtual_end();
    }
    report.holds("mapped", true, "", "");
    report.holds(
        "write_combining",
        is_write_combining,
        "memory type 5 of the PAT",
        "another",
    );
    for (field, offset) in [("first_pixel", 0), ("last_pixel", length_bytes - 4)] {
        report.holds(
            field,
            keeps_what_is_written(address + offset),
            "what was written",
            "something else",
        );
    }
}

/// Writes two patterns to a mapped pixel and reads them back.
fn keeps_what_is_written(address: u64) -> bool {
    let pixel = address as *mut u32;
    // SAFETY: the caller saw that the frame buffer is mapped, and nobody else uses it.
    let before = unsafe { pixel.read_volatile() };
    let keeps = [0x00ff_00aa, 0x0055_ff33].into_iter().all(|value| {
        // SAFETY: as above.
        unsafe { pixel.write_volatile(value) };
        // SAFETY: as above.
        unsafe { pixel.read_volatile() == value }
    });
    // SAFETY: as above.
    unsafe { pixel.write_volatile(before) };
    keeps
}
