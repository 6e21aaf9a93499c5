//! Packs with the tools of this host: the same input gives the same bytes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod small_images;

use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use iso_image::{
    BootLoader, BootText, Contents, DebugInformation, Grub, Host, IsoError, IsoName, Limine, MissingTool, Module,
    Payload, Remark, gather, pack, pack_into_cache, put_in_place,
};

/// Contents with a small kernel and loader.
fn contents(folder: &Path) -> Contents {
    let module = folder.join("module");
    fs::write(&module, b"module").unwrap();
    let [kernel, loader] = ["kernel", "loader"].map(|name| folder.join(name));
    // Written once: a new time would be another input.
    if !kernel.exists() {
        fs::write(&kernel, small_images::kernel().elf()).unwrap();
        fs::write(&loader, small_images::loader().elf()).unwrap();
    }
    Contents {
        kernel: Some(Payload::Program(kernel)),
        command_line: BootText::new("log.level=debug").unwrap(),
        modules: vec![Module {
            name: IsoName::new("user_mode_program_0").unwrap(),
            payload: Payload::Verbatim(module),
            string: BootText::default(),
        }],
        multiboot2_loader: Some(loader),
    }
}

/// Packs twice, with other names, folders and dates of the files, and compares.
fn assert_reproducible(boot_loader: &BootLoader, host: &Host) {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, second) = (one.path().join("first.iso"), two.path().join("deeper/second.iso"));
    let packed = pack(&contents(one.path()), boot_loader, host, &first).unwrap();
    std::thread::sleep(Duration::from_millis(1100));
    pack(&contents(two.path()), boot_loader, host, &second).unwrap();
    assert!(packed.size_bytes > 1 << 20);
    let (first, second) = (fs::read(first).unwrap(), fs::read(second).unwrap());
    let different = first.iter().zip(&second).enumerate().find(|(_, (one, two))| one != two);
    assert_eq!((first.len(), different), (second.len(), None));
}

#[test]
fn grub_packs_the_same_bytes_twice() {
    let host = Host::of_this_process();
    assert_reproducible(
        &BootLoader::Grub(Grub::find(&host).expect("this test needs grub-mkrescue, xorriso and mtools")),
        &host,
    );
}

#[test]
#[ignore = "needs Limine: `LIMINE_PATH=… cargo test -p iso_image -- --ignored`"]
fn limine_packs_the_same_bytes_twice() {
    let host = Host::of_this_process();
    assert_reproducible(
        &BootLoader::Limine(Limine::find(&host).expect("this test needs Limine")),
        &host,
    );
}

/// A folder with files of Limine's names, which do not boot.
fn fake_limine(folder: &Path) -> Host {
    for (name, length) in [
        ("BOOTX64.EFI", 3000),
        ("limine-bios-cd.bin", 24576),
        ("limine-bios.sys", 5000),
        ("limine-uefi-cd.bin", 1 << 20),
    ] {
        fs::write(folder.join(name), vec![0x5a; length]).unwrap();
    }
    Host {
        limine_path: Some(folder.into()),
        ..Host::of_this_process()
    }
}

/// A tool in that folder that writes a random disk signature, as the real one does.
fn add_fake_limine_tool(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let script =
        "#!/bin/sh\n[ \"$1\" = bios-install ] && dd if=/dev/urandom of=\"$2\" bs=1 seek=440 count=4 conv=notrunc\n";
    fs::write(folder.join("limine"), script).unwrap();
    fs::set_permissions(folder.join("limine"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn limine_disk_signature_is_a_constant() {
    let folder = tempfile::tempdir().unwrap();
    let host = fake_limine(folder.path());
    add_fake_limine_tool(folder.path());
    assert_reproducible(&BootLoader::Limine(Limine::find(&host).unwrap()), &host);
}

#[test]
fn without_the_limine_tool_the_iso_is_made_and_the_lack_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let host = fake_limine(folder.path());
    let host = Host {
        path: without_limine(&host),
        ..host
    };
    let boot_loader = BootLoader::Limine(Limine::find(&host).unwrap());
    let packed = pack(
        &contents(folder.path()),
        &boot_loader,
        &host,
        &folder.path().join("os.iso"),
    )
    .unwrap();
    assert_eq!(packed.remarks, [Remark::NoBiosDiskBoot]);
}

/// `PATH` without the folders that hold the program `limine`.
fn without_limine(host: &Host) -> std::ffi::OsString {
    let folders = std::env::split_paths(&host.path).filter(|folder| !folder.join("limine").exists());
    std::env::join_paths(folders).unwrap()
}

#[test]
fn a_host_without_xorriso_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host {
        path: folder.path().into(),
        ..fake_limine(folder.path())
    };
    let boot_loader = BootLoader::Limine(Limine::find(&host).unwrap());
    let error = pack(
        &contents(folder.path()),
        &boot_loader,
        &host,
        &folder.path().join("os.iso"),
    )
    .unwrap_err();
    assert!(
        matches!(error, IsoError::MissingTool(MissingTool { tool: "xorriso", .. })),
        "{error}"
    );
    assert_eq!(Grub::find(&host).unwrap_err().tool, "grub-mkrescue");
}

#[test]
fn a_failing_tool_is_an_error_with_its_output_and_leaves_no_iso() {
    let folder = tempfile::tempdir().unwrap();
    let host = fake_limine(folder.path());
    add_fake_limine_tool(folder.path());
    fs::write(folder.path().join("limine"), "#!/bin/sh\necho no room; exit 3\n").unwrap();
    let boot_loader = BootLoader::Limine(Limine::find(&host).unwrap());
    let iso = folder.path().join("os.iso");
    let error = pack(&contents(folder.path()), &boot_loader, &host, &iso).unwrap_err();
    assert!(
        matches!(&error, IsoError::ToolFailed { output, .. } if output == "no room"),
        "{error}"
    );
    assert!(!iso.exists());
}

#[test]
fn each_input_has_its_own_iso_in_a_cache_and_is_packed_once() {
    let folder = tempfile::tempdir().unwrap();
    let host = fake_limine(folder.path());
    add_fake_limine_tool(folder.path());
    let boot_loader = BootLoader::Limine(Limine::find(&host).unwrap());
    let mut contents = contents(folder.path());
    let mut iso_of = |command_line: &str| {
        contents.command_line = BootText::new(command_line).unwrap();
        let (iso, _) = pack_into_cache(&contents, &boot_loader, &host, &folder.path().join("cache")).unwrap();
        (std::os::unix::fs::MetadataExt::ino(&fs::metadata(&iso).unwrap()), iso)
    };
    let (first, second) = (iso_of("one"), iso_of("two"));
    assert!(first.1 != second.1 && first.1.exists());
    assert_eq!(iso_of("one"), first);
    fs::write(folder.path().join("module"), b"longer module").unwrap();
    assert_ne!(iso_of("one"), first);
}

/// Offset of the volume's creation date: in the primary volume descriptor, sector 16 (ECMA-119, 8.4.26).
const CREATION_DATE: usize = 16 * 2048 + 813;

/// Returns the year of an ISO's creation date.
fn year(iso: &Path) -> String {
    let bytes = fs::read(iso).unwrap();
    String::from_utf8_lossy(&bytes[CREATION_DATE..CREATION_DATE + 4]).into_owned()
}

#[test]
fn two_who_pack_at_once_get_their_own_isos_and_a_complete_one_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let host = fake_limine(folder.path());
    add_fake_limine_tool(folder.path());
    let contents = contents(folder.path());
    let (cache, place) = (folder.path().join("cache"), folder.path().join("os.iso"));
    let pack_for_year = |year_wanted: u64| {
        let date = (year_wanted - 1970) * 31_557_600 + 86_400;
        let host = Host {
            source_date_epoch: Some(date.to_string().into()),
            ..host.clone()
        };
        let boot_loader = BootLoader::Limine(Limine::find(&host).unwrap());
        let (iso, packed) = pack_into_cache(&contents, &boot_loader, &host, &cache).unwrap();
        put_in_place(&iso, &place).unwrap();
        assert_eq!(year(&iso), year_wanted.to_string());
        assert_eq!(fs::metadata(&place).unwrap().len(), packed.size_bytes);
        assert!(["2001", "2002"].contains(&year(&place).as_str()));
    };
    std::thread::scope(|scope| {
        for year in [2001, 2002] {
            scope.spawn(move || (0..20).for_each(|_| pack_for_year(year)));
        }
    });
    // Nothing but the two ISOs: no half-made one and no folder.
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 2);
}

#[test]
fn who_has_opened_the_iso_in_place_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new, place] = ["old", "new", "place"].map(|name| folder.path().join(name));
    fs::write(&old, "old").unwrap();
    fs::write(&new, "new").unwrap();
    put_in_place(&old, &place).unwrap();
    let opened = fs::File::open(&place).unwrap();
    put_in_place(&new, &place).unwrap();
    assert_eq!(std::io::read_to_string(opened).unwrap(), "old");
    assert_eq!(fs::read_to_string(&place).unwrap(), "new");
    // No temporary folder is left.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[test]
fn a_reader_always_finds_the_gathered_files() {
    let folder = tempfile::tempdir().unwrap();
    let (contents, root) = (contents(folder.path()), folder.path().join("iso_root"));
    let gather_once = || gather(&contents, None, DebugInformation::Keep, &root).unwrap();
    gather_once();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                fs::read(root.join("kernel")).unwrap();
            }
        });
        (0..100).for_each(|_| gather_once());
        is_over.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
}

#[test]
fn a_stop_ends_a_tool_and_its_children_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let host = fake_limine(folder.path());
    add_fake_limine_tool(folder.path());
    // Waits for a child that holds the output, and leaves a temporary file.
    let script = "#!/bin/sh\ncd \"${0%/*}\"\nmktemp > file\nsleep 1000 & echo $! > child\nwait\n";
    fs::write(folder.path().join("limine"), script).unwrap();
    let cache = folder.path().join("cache");
    let host = Host {
        stop_requested: Some(|| STARTED.get_or_init(Instant::now).elapsed() > Duration::from_secs(1)),
        ..host
    };
    let boot_loader = BootLoader::Limine(Limine::find(&host).unwrap());
    let error = pack_into_cache(&contents(folder.path()), &boot_loader, &host, &cache).unwrap_err();
    assert!(matches!(error, IsoError::Stopped { .. }), "{error}");
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 0);
    let [file, child] = ["file", "child"].map(|name| fs::read_to_string(folder.path().join(name)).unwrap());
    assert!(!Path::new(file.trim()).exists(), "{file}");
    let is_running = Path::new("/proc").join(child.trim()).join("exe").exists();
    assert!(!is_running, "process {child}");
}

/// Start of the tool that is stopped.
static STARTED: OnceLock<Instant> = OnceLock::new();

#[test]
fn an_image_that_cannot_boot_is_refused_by_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let host = fake_limine(folder.path());
    add_fake_limine_tool(folder.path());
    let boot_loader = BootLoader::Limine(Limine::find(&host).unwrap());
    let contents = contents(folder.path());
    // Position-independent, as RUSTFLAGS once made it.
    let kernel = small_images::SmallImage {
        kind: 3,
        ..small_images::kernel()
    };
    fs::write(folder.path().join("kernel"), kernel.elf()).unwrap();
    let error = pack(&contents, &boot_loader, &host, &folder.path().join("os.iso")).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("/kernel cannot boot: its ELF type is 3") && !text.contains('\n'),
        "{text}"
    );
}
