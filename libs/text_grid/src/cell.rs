//! A character and its colour, packed into 4 bytes.

/// Replaces a grapheme that the font does not have.
pub const REPLACEMENT_BOX: char = '\u{25af}';

/// Position of the colour in a packed cell; a `char` needs 21 bits.
const COLOR_SHIFT: u32 = 24;

/// A text colour, on a black background.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Color {
    /// Plain text.
    #[default]
    White,
    /// Bright red.
    BrightRed,
    /// Bright yellow.
    BrightYellow,
    /// Bright blue.
    BrightBlue,
    /// Bright cyan.
    BrightCyan,
    /// Bright magenta.
    BrightMagenta,
    /// Grey.
    Gray,
}

impl Color {
    const ALL: [Self; 7] = [
        Self::White,
        Self::BrightRed,
        Self::BrightYellow,
        Self::BrightBlue,
        Self::BrightCyan,
        Self::BrightMagenta,
        Self::Gray,
    ];

    /// Red, green and blue.
    #[must_use]
    pub const fn rgb(self) -> (u8, u8, u8) {
        match self {
            Self::White => (255, 255, 255),
            Self::BrightRed => (255, 85, 85),
            Self::BrightYellow => (255, 255, 85),
            Self::BrightBlue => (85, 85, 255),
            Self::BrightCyan => (85, 255, 255),
            Self::BrightMagenta => (255, 85, 255),
            Self::Gray => (128, 128, 128),
        }
    }
}

/// A character and its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell(u32);

impl Cell {
    /// Unknown shown content. It equals no wanted cell, because a NUL is never wanted. All of its bytes are zero, so that a
    /// grid in a `static` is in `.bss`.
    pub(crate) const UNKNOWN: Self = Self(0);

    /// A cell without text.
    pub const BLANK: Self = Self::new(' ', Color::White);

    /// Packs a character and a colour. All spaces have the same colour, so that a change of colour does not redraw them.
    pub(crate) const fn new(character: char, color: Color) -> Self {
        let color = if character == ' ' { Color::White } else { color };
        Self(character as u32 | (color as u32) << COLOR_SHIFT)
    }

    /// The character: one of `' '..='~'`, or [`REPLACEMENT_BOX`].
    #[must_use]
    pub fn character(self) -> char {
        char::from_u32(self.0 & ((1 << COLOR_SHIFT) - 1)).unwrap_or(REPLACEMENT_BOX)
    }

    /// The colour.
    #[must_use]
    pub fn color(self) -> Color {
        Color::ALL
            .get((self.0 >> COLOR_SHIFT) as usize)
            .copied()
            .unwrap_or_default()
    }
}
