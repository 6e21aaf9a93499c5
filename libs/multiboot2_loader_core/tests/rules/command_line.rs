//! Rules of the test hooks.

use multiboot2_loader_core::command_line::{TestHooks, UnknownHook};

#[test]
fn hooks_are_found_among_the_kernels_words() {
    let line =
        "log.level=info loader.no-rsdp  loader.no-mp loader.garble-table=APIC loader.map=/odd_map loader.debug-exit x";
    let expected = TestHooks {
        no_rsdp: true,
        no_mp: true,
        no_frame_buffer: false,
        garble_table: Some(*b"APIC"),
        write_table: None,
        map: Some("/odd_map"),
        debug_exit: true,
    };
    assert_eq!(TestHooks::parse(line), Ok(expected));
    assert_eq!(
        TestHooks::parse("loader.no-framebuffer").map(|hooks| hooks.no_frame_buffer),
        Ok(true)
    );
}

#[test]
fn bytes_for_a_table_are_hexadecimal() {
    let hooks = TestHooks::parse("loader.write-table=FACP:76:00c0feA0").expect("it is a hook");
    let table = hooks.write_table.expect("there is a table to be written");
    assert_eq!(table.signature, *b"FACP");
    assert_eq!(table.offset, 76);
    assert_eq!(table.bytes(), [0, 0xc0, 0xfe, 0xa0]);
}

#[test]
fn without_hooks_nothing_is_done() {
    assert_eq!(
        TestHooks::parse("log.level=info preloader.no-rsdp loader"),
        Ok(TestHooks::default())
    );
}

#[test]
fn rejects_words_that_begin_like_a_hook() {
    for word in [
        "loader.",
        "loader.no-rsd",
        "loader.garble-table=APICS",
        "loader.garble-table",
        "loader.map=",
        "loader.write-table=FACP:76",
        "loader.write-table=FACP:76:",
        "loader.write-table=FACP:76:0",
        "loader.write-table=FACP:76:0g",
        "loader.write-table=FACP:-1:00",
        "loader.write-table=FAC:76:00",
        "loader.write-table=FACP:76:000000000000000000000000000000000000000000000000000000000000000000",
        "loader.no-mp=1",
    ] {
        assert_eq!(TestHooks::parse(word), Err(UnknownHook { word }));
    }
}
