//! Rules of the pool.

use multiboot2_loader_core::address::VirtAddr;
use multiboot2_loader_core::pool::{Pool, PoolFull};

#[test]
fn what_is_handed_out_is_aligned_zero_and_apart() {
    let mut bytes = [0xff; 128];
    let mut pool = Pool::new(&mut bytes, VirtAddr::new(0x1000));
    let (first, slice) = pool.reserve(5).expect("there is room");
    assert_eq!((first.as_u64(), &*slice), (0x1000, &[0; 5][..]));
    slice.fill(1);
    let (second, slice) = pool.reserve(16).expect("there is room");
    assert_eq!((second.as_u64(), &*slice), (0x1010, &[0; 16][..]));
    assert_eq!(pool.reserve(1).map(|(address, _)| address.as_u64()), Ok(0x1020));
}

#[test]
fn strings_end_with_a_nul() {
    let mut bytes = [0xff; 16];
    let mut pool = Pool::new(&mut bytes, VirtAddr::new(0));
    pool.put_string("abc").expect("there is room");
    assert_eq!(bytes[..4], *b"abc\0");
}

#[test]
fn words_are_little_endian() {
    let mut bytes = [0; 16];
    let mut pool = Pool::new(&mut bytes, VirtAddr::new(0));
    pool.put_words([0x0102_0304_0506_0708, 1].into_iter())
        .expect("there is room");
    assert_eq!(bytes, [8, 7, 6, 5, 4, 3, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn refuses_what_does_not_fit() {
    let mut bytes = [0; 32];
    let mut pool = Pool::new(&mut bytes, VirtAddr::new(0));
    let full = |wanted_bytes| {
        Some(PoolFull {
            size_bytes: 32,
            wanted_bytes,
        })
    };
    assert_eq!(pool.reserve(usize::MAX).err(), full(usize::MAX));
    assert_eq!(pool.reserve(33).err(), full(33));
    assert!(pool.reserve(17).is_ok());
    assert_eq!(pool.put_string("").err(), full(1));
}
