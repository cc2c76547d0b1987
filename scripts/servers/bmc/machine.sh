#!/usr/bin/env bash
# A machine that a BMC switches: a real QEMU process without disks and network.
#
#   machine.sh on|off|boot DIR [DEVICE]   DIR/machine.pid while it is on; DIR/boot is the device of the next boot
#   machine.sh state DIR                  prints on or off
#
# Always emulated: where /dev/kvm is there, it may still not run a guest.
. "$(dirname "$0")/../lib.sh"

[ $# -ge 2 ] || die "usage: machine.sh on|off|state|boot DIR [DEVICE]"
dir=$2
case $1 in
  on)
    alive "$dir" machine || spawn "$dir" machine qemu-system-x86_64 -accel tcg -machine pc -cpu qemu64 -smp 1 -m 32 \
      -display none -nodefaults -no-user-config -name "$(basename "$dir")"
    ;;
  off) stop "$dir" machine TERM ;;
  state) if alive "$dir" machine; then echo on; else echo off; fi ;;
  boot) echo "${3:-none}" >"$dir/boot" ;;
  *) die "usage: machine.sh on|off|state|boot DIR [DEVICE]" ;;
esac
