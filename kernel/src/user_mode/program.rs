//! One run of a program.

use super::{
    KillReason, ProgramEnd, ProgramImage,
    enter_user_mode::{LeaveReason, UserContext},
    program_image, syscall_handler, syscall_setup,
    user_backtrace::UserBacktrace,
};
use crate::{
    cpu::{exception::vector::PAGE_FAULT, kernel_trap},
    memory::{
        frame_allocator::{self, FrameUse},
        user_address_space::{FaultOutcome, UserAddressSpace, UserMemoryError},
        virtual_memory,
    },
    output::logger,
    platform::timer,
    sync::{InterruptsOff, with_interrupts_on},
};
use alloc::{boxed::Box, sync::Arc};
use core::{fmt, time::Duration};
use syscall_abi::MAX_LOG_BYTES;
use x86_64::VirtAddr;

/// A program is interrupted at least this often.
const TICK_PERIOD: Duration = Duration::from_millis(10);

/// One run of a program.
#[derive(Debug)]
pub struct Program {
    /// Declared before `image`, and so dropped before it: the address space maps frames of the image.
    pub(super) space: UserAddressSpace,
    pub(super) context: Box<UserContext>,
    /// Kernel copy of the text that the program logs.
    pub(super) text_buffer: Box<[u8; MAX_LOG_BYTES]>,
    pub(super) image: Arc<ProgramImage>,
}

/// Why a program was not started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartProgramError {
    /// There is not enough memory, or a segment of the file lies outside of the area for files.
    Memory(UserMemoryError),
    ArgumentsTooLong,
}

impl Program {
    /// Prepares the program for its first instruction.
    ///
    /// `rdi` holds the address of `arguments`, and `rsi` their length. The stack looks as after a call of the entry point, with
    /// a return address of 0.
    pub fn start(image: &Arc<ProgramImage>, arguments: &str) -> Result<Self, StartProgramError> {
        let mut space = UserAddressSpace::new(program_image::free_pages())?;
        image.map_into(&mut space)?;
        let (arguments_at, stack_pointer) = space.begin_stack(arguments.as_bytes())?;
        let registers = [arguments_at.as_u64(), arguments.len() as u64];
        Ok(Self {
            space,
            context: UserContext::new(image.entry_point(), stack_pointer, registers),
            text_buffer: Box::new([0; MAX_LOG_BYTES]),
            image: Arc::clone(image),
        })
    }

    pub fn name(&self) -> &str {
        self.image.name()
    }

    /// Runs the program on this processor until it ends.
    pub fn run(&mut self) -> ProgramEnd {
        self.with_this_cpu(Self::run_to_end)
    }

    /// Runs the program until it leaves user mode for the first time, and returns the reason.
    pub fn run_to_its_first_call(&mut self) -> LeaveReason {
        self.with_this_cpu(|program| program.context.run())
    }

    /// Prepares this processor for the program, calls `run`, and restores the kernel's page table.
    fn with_this_cpu<R>(&mut self, run: impl FnOnce(&mut Self) -> R) -> R {
        let _interrupts = InterruptsOff::new();
        syscall_setup::empty_segment_registers();
        self.context.load_vector_state();
        timer::start_ticks(TICK_PERIOD);
        // SAFETY: This processor uses another table again below, before the address space can be dropped.
        unsafe { self.space.switch_to() };
        let result = run(self);
        // SAFETY: The kernel's half is the same in every table.
        unsafe { virtual_memory::switch_to_kernel_table() };
        timer::stop_ticks();
        result
    }

    /// Runs the program, and handles its system calls, interrupts and exceptions until it ends.
    #[inline]
    fn run_to_end(&mut self) -> ProgramEnd {
        loop {
            match self.context.run() {
                LeaveReason::Syscall => {
                    if let Some(code) = syscall_handler::syscall_handler(self) {
                        return ProgramEnd::Exited { code };
                    }
                }
                LeaveReason::Interrupt(vector) => {
                    kernel_trap::interrupt_handler(vector);
                    // This processor does not idle, and perhaps no other does: nobody else may draw.
                    with_interrupts_on(logger::draw);
                }
                LeaveReason::Exception {
                    vector: PAGE_FAULT,
                    error_code,
                    address,
                } => match self.space.handle_page_fault(VirtAddr::new_truncate(address)) {
                    FaultOutcome::Mapped => {}
                    FaultOutcome::NotReserved => return self.kill(KillReason::PageFault { error_code, address }),
                    FaultOutcome::OutOfMemory => return self.kill(KillReason::OutOfMemory { address }),
                },
                LeaveReason::Exception { vector, error_code, .. } => {
                    return self.kill(KillReason::Exception { vector, error_code });
                }
            }
        }
    }

    /// Logs the reason, the registers and a backtrace.
    #[cold]
    fn kill(&self, reason: KillReason) -> ProgramEnd {
        let (name, rip) = (self.name(), self.context.registers().rip);
        let symbols = self.image.symbols();
        let trace = UserBacktrace::new(self.context.registers(), &self.space, symbols.as_ref());
        // A backtrace may be long.
        with_interrupts_on(|| match reason.address() {
            Some(address) => {
                log::warn!("program {name} killed: {reason}, rip={rip:#x}, address={address:#x}{trace}");
            }
            None => log::warn!("program {name} killed: {reason}, rip={rip:#x}, address=none{trace}"),
        });
        ProgramEnd::Killed(reason)
    }
}

/// Starts a program and runs it to its end. Its memory is freed then; an error is logged if frames of programs are missing.
pub fn run_to_its_end(image: &Arc<ProgramImage>, arguments: &str) -> Result<ProgramEnd, StartProgramError> {
    let frames_before = frame_allocator::frames_in_use_as(FrameUse::Program);
    let end = Program::start(image, arguments).map(|mut program| program.run());
    let frames = frame_allocator::frames_in_use_as(FrameUse::Program);
    if frames != frames_before {
        log::error!(
            "program {} leaked {} frames: this is a kernel bug",
            image.name(),
            frames - frames_before
        );
    }
    end
}

impl From<UserMemoryError> for StartProgramError {
    fn from(error: UserMemoryError) -> Self {
        match error {
            UserMemoryError::TooLong => Self::ArgumentsTooLong,
            error => Self::Memory(error),
        }
    }
}

impl fmt::Display for StartProgramError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(UserMemoryError::OutOfMemory) => formatter.write_str("there is not enough memory"),
            Self::Memory(error) => write!(formatter, "its file cannot be mapped: {error:?}"),
            Self::ArgumentsTooLong => formatter.write_str("its arguments are too long"),
        }
    }
}
