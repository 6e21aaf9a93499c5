//! What the loader says: warnings on COM1, the reason why it gives up on COM1 and on the screen.
//!
//! Nothing is said when all goes well. Only the first processor speaks, so lines never mix.

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

/// What every line begins with.
const NAME: &str = "multiboot2_loader";

/// QEMU's exit device turns this into exit code 35, which the tests know as "failed".
const FAILED: u32 = 0x11;

/// Set once, when GRUB's frame buffer has passed the checks.
static SCREEN: Once<FrameBuffer> = Once::new();

/// Set once, when GRUB left the screen in a text mode instead.
static TEXT_SCREEN: Once<TextScreen> = Once::new();

/// Set by the first who gives up: a fault while giving up is not reported.
static GIVES_UP: AtomicBool = AtomicBool::new(false);

/// Set when the tests ask for it, before anything that they provoke.
static LEAVES_QEMU: AtomicBool = AtomicBool::new(false);

/// From now on the reason for giving up is shown on this screen too.
pub(crate) fn use_screen(frame_buffer: FrameBuffer) {
    SCREEN.call_once(|| frame_buffer);
}

/// From now on the reason for giving up is shown on this screen too, if it is one of characters that a PC may have.
pub(crate) fn use_text_screen(tag: &FrameBufferTag) {
    if let Some(screen) = TextScreen::accept(tag) {
        TEXT_SCREEN.call_once(|| screen);
    }
}

/// From now on giving up ends QEMU.
pub(crate) fn leave_qemu_on_error() {
    LEAVES_QEMU.store(true, Ordering::Relaxed);
}

/// Says something that a developer may want to know.
pub(crate) fn note(message: fmt::Arguments<'_>) {
    Com1::open().line(format_args!("{NAME}: {message}"));
}

/// Says what is not as it should be, though the kernel can be started.
pub(crate) fn warn(message: fmt::Arguments<'_>) {
    note(format_args!("warning: {message}"));
}

/// Says why the kernel cannot be started, and stops.
pub(crate) fn give_up(reason: fmt::Arguments<'_>) -> ! {
    if !GIVES_UP.swap(true, Ordering::Relaxed) {
        note(format_args!("error: {reason}"));
        // The screens take everything: what finds no room is dropped.
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
