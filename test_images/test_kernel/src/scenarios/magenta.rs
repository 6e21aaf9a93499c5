//! Fills the whole screen with one colour.

use embedded_graphics::{pixelcolor::Rgb888, prelude::*};
use kernel::output::logger;

/// Fills the screen with magenta, and logs nothing afterwards, so that the colour stays.
pub(super) fn fill_the_screen() {
    log::info!("Filling the screen with magenta");
    let filled = logger::with_screen(|screen| screen.fill_solid(&screen.bounding_box(), Rgb888::MAGENTA));
    if filled.is_none() {
        log::error!("There is no screen to fill");
    }
}
