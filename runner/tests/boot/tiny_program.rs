//! Programs of a few instructions, assembled by hand into ELF files, so that tests need no compiler.

use syscall_abi::{LogLevel, SyscallNumber};

/// Load address of a program.
const BASE: u64 = 0x40_0000;
/// Size of an ELF header (System V ABI, "ELF Header").
const ELF_HEADER_BYTES: u16 = 64;
/// Size of a program header (System V ABI, "Program Header").
const PROGRAM_HEADER_BYTES: u16 = 56;
/// Offset of the instructions, in the file and from [`BASE`].
const CODE_OFFSET: u64 = (ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES) as u64;

/// Flags: executable and readable (System V ABI, `PF_X` and `PF_R`).
const READ_EXECUTE: u32 = 1 | 4;

/// The instruction `syscall`.
const SYSCALL: [u8; 2] = [0x0f, 0x05];

/// A sequence of instructions and embedded texts.
#[derive(Debug, Default)]
pub(crate) struct TinyProgram {
    code: Vec<u8>,
}

impl TinyProgram {
    /// Appends instructions.
    pub(crate) fn then(mut self, instructions: &[u8]) -> Self {
        self.code.extend_from_slice(instructions);
        self
    }

    /// Appends an exit with a code.
    pub(crate) fn then_exit(self, code: u64) -> Self {
        self.set_rax(SyscallNumber::Exit).set_rdi(code).then(&SYSCALL)
    }

    /// Appends a log call with a text, at level error.
    pub(crate) fn then_log(self, text: &str) -> Self {
        // A jump skips the embedded text (`jmp rel32`).
        let length = u32::try_from(text.len()).expect("tests log short texts");
        let jump = self.then(&[0xe9]).then(&length.to_le_bytes());
        let address = BASE + CODE_OFFSET + jump.code.len() as u64;
        jump.then(text.as_bytes())
            .set_rax(SyscallNumber::Log)
            .set_rdi(LogLevel::Error.into())
            // mov rsi, imm64; mov edx, imm32
            .then(&[0x48, 0xbe])
            .then(&address.to_le_bytes())
            .then(&[0xba])
            .then(&length.to_le_bytes())
            .then(&SYSCALL)
    }

    /// Appends an endless loop.
    pub(crate) fn then_loop(self) -> Self {
        // jmp to itself
        self.then(&[0xeb, 0xfe])
    }

    /// Returns the ELF file: one segment, r-x, that contains the whole file.
    pub(crate) fn elf(&self) -> Vec<u8> {
        let size = CODE_OFFSET + self.code.len() as u64;
        // 64-bit, little-endian, version 1.
        let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        // An executable file (ET_EXEC) for x86-64 (EM_X86_64), version 1.
        for half in [2_u16, 62, 1, 0] {
            file.extend(half.to_le_bytes());
        }
        for word in [BASE + CODE_OFFSET, u64::from(ELF_HEADER_BYTES), 0] {
            file.extend(word.to_le_bytes());
        }
        // No flags; the sizes of the headers; one program header, no sections.
        for half in [0, 0, ELF_HEADER_BYTES, PROGRAM_HEADER_BYTES, 1, 64, 0, 0] {
            file.extend(half.to_le_bytes());
        }
        // A segment to load (PT_LOAD).
        file.extend(1_u32.to_le_bytes());
        file.extend(READ_EXECUTE.to_le_bytes());
        // Offset, virtual and physical address, sizes in the file and in memory, alignment.
        for word in [0, BASE, BASE, size, size, 0x1000] {
            file.extend(word.to_le_bytes());
        }
        file.extend(&self.code);
        file
    }

    /// Appends `mov eax, imm32`.
    fn set_rax(self, number: SyscallNumber) -> Self {
        let number = u32::try_from(u64::from(number)).expect("there are few calls");
        self.then(&[0xb8]).then(&number.to_le_bytes())
    }

    /// Appends `mov rdi, imm64`.
    fn set_rdi(self, value: u64) -> Self {
        self.then(&[0x48, 0xbf]).then(&value.to_le_bytes())
    }
}
