//! `text_grid`.
#![no_std]
#![forbid(unsafe_code)]
