# Takes gdb to a kernel that QEMU holds before its first instruction (`cargo run -- -s -S`). From the repository's root:
#
#     gdb                                                      (if gdb may read this file by itself: see README.md)
#     gdb -x .gdbinit                                          (anyway)
#     gdb -nx -batch -ex 'set $port = 4321' -x .gdbinit -ex continue -ex backtrace      (a script, another port)

set confirm off

# The files with debug information. The kernel on the ISO has only its symbol table.
file runner/out_dir/iso_root/kernel
add-symbol-file runner/out_dir/iso_root/user_mode_program_0

if $_isvoid($port)
  set $port = 1234
end
eval "target remote localhost:%d", $port

# A hardware breakpoint: at this moment there is no memory at the kernel's addresses that a breakpoint could be written
# to. QEMU's own emulation would forgive that, KVM would not.
hbreak entry_point_from_limine

set confirm on
echo Stopped at the machine's first instruction. "continue" goes to the kernel's entry.\n
