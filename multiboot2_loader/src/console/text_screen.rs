//! Text on a PC's text screen, which GRUB keeps if there is no graphics mode.

use core::fmt;

use multiboot2_loader_core::address::{Extent, PhysAddr};
use multiboot2_loader_core::frame_buffer::FrameBufferTag;

use crate::direct_map;

/// Multiboot2's number for text.
const TYPE_TEXT: u8 = 2;
/// Address range of the text screen's memory.
const VIDEO_MEMORY: Extent = Extent::new(PhysAddr::new(0xa_0000), 0x2_0000);
/// White on red.
const ATTRIBUTE: u16 = 0x4f00;

/// A text screen: each character is followed by an attribute byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextScreen {
    /// Its memory.
    extent: Extent,
    /// Cells in a line of memory.
    pitch_cells: usize,
    /// Visible cells of a line.
    columns: usize,
    /// Lines.
    rows: usize,
}

/// A cursor on a text screen.
pub(super) struct Writer<'a> {
    /// The screen.
    screen: &'a TextScreen,
    /// Its first cell.
    cells: *mut u16,
    /// Column of the next character.
    column: usize,
    /// Line of the next character.
    row: usize,
}

impl TextScreen {
    /// Validates what GRUB reports.
    pub(super) fn accept(tag: &FrameBufferTag) -> Option<Self> {
        let length_bytes = u64::from(tag.pitch_bytes) * u64::from(tag.height);
        let extent = Extent::new(PhysAddr::new(tag.address), length_bytes);
        let is_in_video_memory = extent.base >= VIDEO_MEMORY.base && extent.end() <= VIDEO_MEMORY.end();
        let screen = Self {
            extent,
            pitch_cells: tag.pitch_bytes as usize / 2,
            columns: tag.width as usize,
            rows: tag.height as usize,
        };
        let is_text = tag.colour_type == TYPE_TEXT && tag.address.is_multiple_of(2);
        (is_text && is_in_video_memory && screen.columns <= screen.pitch_cells).then_some(screen)
    }

    /// The upper left corner.
    pub(super) fn writer(&self) -> Option<Writer<'_>> {
        Some(Writer {
            screen: self,
            cells: direct_map::pointer(self.extent).ok()?.cast(),
            column: 0,
            row: 0,
        })
    }
}

impl fmt::Write for Writer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if byte == b'\n' || self.column >= self.screen.columns {
                self.column = 0;
                self.row += 1;
            }
            if self.row >= self.screen.rows || byte == b'\n' {
                continue;
            }
            let cell = self
                .cells
                .wrapping_add(self.row * self.screen.pitch_cells + self.column);
            // SAFETY: The cell is inside the screen, whose memory is mapped and holds nothing but characters.
            unsafe { cell.write_volatile(u16::from(byte) | ATTRIBUTE) };
            self.column += 1;
        }
        Ok(())
    }
}
