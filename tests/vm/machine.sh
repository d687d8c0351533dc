# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What depends on the architecture of the guest. Sourced, never run.
# shellcheck disable=SC2034 # all of it is for the caller
# shellcheck disable=SC2154 # here is this directory

# arch_of KERNEL-DIR: print Debian's name of the kernel's architecture.
arch_of() {
	cat "$1/arch" 2>/dev/null || echo amd64
}

# sysroot_of KERNEL-DIR: print the directory with the programs of the guest; nothing if they are
# this system's own.
sysroot_of() {
	[ "$(arch_of "$1")" = amd64 ] || "$here/sysroot" "$(arch_of "$1")"
}

# machine_of KERNEL-DIR: set emulator; native, the host that can run it with KVM; groups, the
# packages that it needs; machine, cpu and boot_options; parts, QEMU's options for a clean exit and
# for the guest's four serial ports, whose chardevs are console, command, to-monitor and control;
# and clean_exit, QEMU's status after a clean exit.
machine_of() {
	"machine_$(arch_of "$1")"
}

machine_amd64() {
	local port

	emulator=qemu-system-x86_64 native=x86_64 machine=q35 groups=(vm) clean_exit=33
	boot_options="8250.nr_uarts=4 tsc=reliable no_timer_check"
	# With KVM, the host's.
	cpu=max,la57=off
	parts=(-device "isa-debug-exit,iobase=0xf4,iosize=4")
	for port in console command to-monitor control; do
		parts+=(-serial "chardev:$port")
	done
}

# This machine has one serial port, so the four are a PCI function, in a slot that does not share
# its interrupt line with slot 3. Nothing but a power-off ends QEMU, which then returns 0, as it
# does after a panic. A panic shows on the console.
machine_arm64() {
	emulator=qemu-system-aarch64 native=aarch64 machine=virt,gic-version=3 groups=(vm arm64) clean_exit=0
	# A pin moves pages out of the contiguous memory area. Tests want to know their address.
	# With pages of 16 KiB, the default would be 32 MiB.
	boot_options="cma=0 default_hugepagesz=2M"
	# Older processors have no pages of 16 KiB.
	cpu=neoverse-n1
	parts=(-device "pci-serial-4x,addr=1d,chardev1=console,chardev2=command,chardev3=to-monitor,chardev4=control")
}
