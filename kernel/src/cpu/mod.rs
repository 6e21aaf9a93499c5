//! The processors: CPU-local data, descriptor tables, exceptions, starting the APs, and halting.

pub mod application_processors;
pub mod cpu_local_data;
pub mod early;
pub(crate) mod exception;
pub(crate) mod gdt;
pub mod hlt_loop;
pub mod idt;
pub mod interrupt_vector;
pub(crate) mod kernel_trap;
pub mod nmi_handler_states;
pub mod paging;
pub mod processors;
pub mod protections;
pub mod registers;
pub mod trap_frame;
