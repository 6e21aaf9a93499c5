//! `command_line`.
#![no_std]
#![forbid(unsafe_code)]
