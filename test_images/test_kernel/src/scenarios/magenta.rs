//! The whole screen in one colour.

use embedded_graphics::{pixelcolor::Rgb888, prelude::*};
use kernel::output::logger;

/// Fills the screen with magenta. Nothing is logged afterwards, so that it stays so.
pub(super) fn fill_the_screen() {
    log::info!("Filling the screen with magenta");
    let filled = logger::with_screen(|screen| screen.fill_solid(&screen.bounding_box(), Rgb888::MAGENTA));
    if filled.is_none() {
        log::error!("There is no screen to fill");
    }
}
