//! The processors: each one's own data and tables, exceptions, starting the others, and standing still.

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
pub(crate) mod page_fault_error;
pub mod paging;
pub mod processors;
pub mod protections;
pub mod registers;
pub mod trap_frame;
