//! The processors: each one's own data, starting the others, and standing still.

pub mod application_processors;
pub mod cpu_local_data;
pub mod hlt_loop;
pub mod registers;
