//! ELF files of one segment.

/// What a file holds.
pub(crate) struct SmallImage {
    /// ELF type.
    pub(crate) kind: u8,
    /// Flags of the segment.
    pub(crate) flags: u8,
    /// Address of the segment.
    pub(crate) address: u64,
    /// Physical address of the segment.
    pub(crate) physical: u64,
    /// Entry point.
    pub(crate) entry: u64,
    /// The segment, from byte 120 of the file on.
    pub(crate) bytes: Vec<u8>,
}

impl SmallImage {
    /// The file.
    pub(crate) fn elf(&self) -> Vec<u8> {
        let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        file.extend([self.kind, 0, 62, 0, 1, 0, 0, 0]);
        for number in [self.entry, 64, 0] {
            file.extend(number.to_le_bytes());
        }
        file.extend([0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 64, 0, 0, 0, 0, 0]);
        file.extend([1, 0, 0, 0, self.flags, 0, 0, 0]);
        let length = self.bytes.len() as u64;
        for number in [120, self.address, self.physical, length, length, 8] {
            file.extend(number.to_le_bytes());
        }
        file.extend(&self.bytes);
        file
    }
}

/// A program.
pub(crate) fn program() -> SmallImage {
    let address = 0x20_0000;
    SmallImage {
        kind: 2,
        flags: 5,
        address,
        physical: address,
        entry: address,
        bytes: vec![0x90; 64],
    }
}

/// A kernel: the two markers.
pub(crate) fn kernel() -> SmallImage {
    let address = 0xffff_ffff_8000_0000;
    let markers: [u64; 4] = [
        0xf6b8_f4b3_9de7_d1ae,
        0xfab9_1a69_40fc_b9cf,
        0xadc0_e053_1bb1_0d03,
        0x9572_709f_3176_4c62,
    ];
    SmallImage {
        address,
        physical: address,
        entry: address,
        bytes: markers.map(u64::to_le_bytes).concat(),
        ..program()
    }
}

/// A Multiboot2 loader: the header.
pub(crate) fn loader() -> SmallImage {
    let header = [0xe852_50d6, 0, 16, 0_u32.wrapping_sub(0xe852_50d6 + 16)];
    SmallImage {
        bytes: header.map(u32::to_le_bytes).concat(),
        ..program()
    }
}
