# Corrupts one value for each of many checks, before the conformance kernel's first instruction; the checks must then fail.
# The caller has connected gdb to QEMU.

set confirm off
set language c

# Response to a request: the sixth word of its static.
define response
  set $response = *(unsigned long *)((unsigned long)&'conformance_kernel::bare_metal::requests::$arg0' + 40)
end

hbreak entry_point_from_limine
continue

# Registers and the 8259.
set $rbx = 7
set $r13 = 1
set $eflags = 3
set $fs_base = 0x1000
set $cr8 = 3
set *(unsigned long *)$rsp = 5
monitor o/b 0x21 0xfe

# An identity map.
set $direct = 0xffff800000000000
set $frame = 0xffffffffff000
set $root = $direct + ($cr3 & $frame)
set *(unsigned long *)$root = *(unsigned long *)($root + 256 * 8)

# A writable page of constants.
set $level3 = $direct + (*(unsigned long *)($root + 511 * 8) & $frame)
set $level2 = $direct + (*(unsigned long *)($level3 + 510 * 8) & $frame)
set $level1 = $direct + (*(unsigned long *)$level2 & $frame)
set $page = $level1 + ((unsigned long)&__rodata_start - 0xffffffff80000000) / 4096 * 8
set *(unsigned long *)$page |= 2

# A page of the direct map, 4 MiB up, that is neither executable nor write-back.
set $level3 = $direct + (*(unsigned long *)($root + 256 * 8) & $frame)
set $level2 = $direct + (*(unsigned long *)$level3 & $frame)
set *(unsigned long *)($level2 + 2 * 8) |= 0x8000000000000008

# Memory that was not zeroed, a file that differs from what was loaded, a wrong address.
set *(char *)&'conformance_kernel::bare_metal::kernel_image::UNTOUCHED' = 1
response EXECUTABLE_FILE_REQUEST
set $file = *(unsigned long *)($response + 8)
set *(char *)(*(unsigned long *)($file + 8) + 0x1200) ^= 1
response EXECUTABLE_ADDRESS_REQUEST
set *(unsigned long *)($response + 8) += 0x1000

# Usable memory that reaches 8 bytes into the next entry of the memory map, which begins where it ended.
response MEMORY_MAP_REQUEST
set $entries = *(unsigned long **)($response + 16)
set $entry = (unsigned long *)$entries[0]
set $next = (unsigned long *)$entries[1]
set $index = 1
while $entry[2] != 0 || $entry[0] + $entry[1] != $next[0]
  set $index = $index + 1
  set $entry = $next
  set $next = (unsigned long *)$entries[$index]
end
set $entry[1] = $entry[1] + 8

# Other responses.
response MODULE_REQUEST
set $file = **(unsigned long **)($response + 16)
set *(char *)(*(unsigned long *)($file + 8) + 100) ^= 1
response RSDP_REQUEST
set *(char *)(*(unsigned long *)($response + 8) + 10) ^= 1
response SMBIOS_REQUEST
set *(char *)(*(unsigned long *)($response + 8) + 12) ^= 1
response DATE_AT_BOOT_REQUEST
set *(unsigned long *)($response + 8) = 5
response FRAME_BUFFER_REQUEST
set $frame_buffer = **(unsigned long **)($response + 16)
set *(unsigned long *)($frame_buffer + 24) = 1
response MP_REQUEST
set $processor = *(*(unsigned long **)($response + 24) + 1)
set *(unsigned long *)($processor + 24) = 9

# The first application processor.
delete
hbreak entry_point_from_limine_mp
continue
set $r9 = 9
delete
detach
