//! Output of the loader: warnings on COM1, fatal errors on COM1 and on the screen.
//!
//! There is no output if all goes well. Only the BSP writes, so lines never mix.

mod com1;
mod screen;
mod screen_window;
mod text_screen;

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, Ordering};

use multiboot2_loader_core::frame_buffer::{FrameBuffer, FrameBufferTag};
use spin::Once;

use crate::ports;
use com1::Com1;
use screen::Screen;
use text_screen::TextScreen;

/// Start of every line.
const NAME: &str = "multiboot2_loader";

/// QEMU's exit device turns this value into exit code 35: failure.
const FAILED: u32 = 0x11;

/// Set once, when GRUB's frame buffer is validated.
static SCREEN: Once<FrameBuffer> = Once::new();

/// Set once, if GRUB left the screen in a text mode instead.
static TEXT_SCREEN: Once<TextScreen> = Once::new();

/// Set by the first fatal error: a fault during its report is not reported.
static GIVES_UP: AtomicBool = AtomicBool::new(false);

/// Set if a test requests it.
static LEAVES_QEMU: AtomicBool = AtomicBool::new(false);

/// Shows fatal errors on this screen too.
pub(crate) fn use_screen(frame_buffer: FrameBuffer) {
    SCREEN.call_once(|| frame_buffer);
}

/// Shows fatal errors on this text screen too, if it is valid for a PC.
pub(crate) fn use_text_screen(tag: &FrameBufferTag) {
    if let Some(screen) = TextScreen::accept(tag) {
        TEXT_SCREEN.call_once(|| screen);
    }
}

/// Ends QEMU after a fatal error.
pub(crate) fn leave_qemu_on_error() {
    LEAVES_QEMU.store(true, Ordering::Relaxed);
}

/// Writes a note for developers.
pub(crate) fn note(message: fmt::Arguments<'_>) {
    Com1::open().line(format_args!("{NAME}: {message}"));
}

/// Writes a warning: the kernel can still be started.
pub(crate) fn warn(message: fmt::Arguments<'_>) {
    note(format_args!("warning: {message}"));
}

/// Writes a fatal error, and stops.
pub(crate) fn give_up(reason: fmt::Arguments<'_>) -> ! {
    if !GIVES_UP.swap(true, Ordering::Relaxed) {
        note(format_args!("error: {reason}"));
        // The screens never fail: text without room is dropped.
        if let Some(mut screen) = SCREEN.get().and_then(Screen::new) {
            let _always_ok = write!(screen, "{NAME}: error: {reason}");
        }
        if let Some(mut writer) = TEXT_SCREEN.get().and_then(TextScreen::writer) {
            let _always_ok = write!(writer, "{NAME}: error: {reason}");
        }
    }
    if LEAVES_QEMU.load(Ordering::Relaxed) {
        ports::write_debug_exit(FAILED);
    }
    loop {
        x86_64::instructions::interrupts::disable();
        x86_64::instructions::hlt();
    }
}
