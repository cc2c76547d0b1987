#!/usr/bin/env bash
# What ipmi_sim runs to ask and to switch the machine in the directory named first. Prints `power:1`, `boot:pxe`.
set -euo pipefail
dir=$1 words="$3 $4" value=${5:-}
machine() { "$(dirname "$0")/machine.sh" "$1" "$dir" ${2:+"$2"}; }
case $words in
  "get power") if [ "$(machine state)" = on ]; then echo power:1; else echo power:0; fi ;;
  "get boot") echo "boot:$(cat "$dir/boot" 2>/dev/null || echo none)" ;;
  "set power") if [ "$value" = 1 ]; then machine on; else machine off; fi ;;
  "set shutdown") machine off ;;
  "set reset") machine off && machine on ;;
  "set boot") machine boot "$value" ;;
  *) exit 1 ;;
esac
