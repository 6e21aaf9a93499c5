//! `frame_buffer`.
#![no_std]
#![forbid(unsafe_code)]
