//! One character of the console and its colour, packed into 4 bytes.

/// What stands for a grapheme that the font cannot draw.
pub const REPLACEMENT_BOX: char = '\u{25af}';

/// The place of the colour inside a packed cell; a `char` needs 21 bits.
const COLOR_SHIFT: u32 = 24;

/// The colours of the console, all on black.
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
    /// All colours, each at the place of its number.
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
    /// What stands where nobody knows what is shown: it equals no cell that is wanted, because no NUL is ever wanted.
    /// All of its bytes are zero, so that a grid in a `static` takes no room in the program's file.
    pub(crate) const UNKNOWN: Self = Self(0);

    /// What stands where nothing was written.
    pub const BLANK: Self = Self::new(' ', Color::White);

    /// Packs a character and a colour. A space has no colour of its own, so that it is not drawn again for it.
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
