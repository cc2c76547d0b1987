# Sourced by the scripts beside it (bash). Not a command of its own.
# shellcheck shell=bash
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
SELF=$(basename "$0")

die() {
  printf '%s: %s\n' "$SELF" "$*" >&2
  exit 1
}

# free_port: a loopback port below the ephemeral range on which nothing listens
free_port() {
  local i port
  for ((i = 0; i < 400; i++)); do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  die "no free port found"
}

# start_time PID: the kernel's start time of a process, so that a recycled pid is not mistaken for it
start_time() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# alive DIR NAME: the process that `spawn` recorded still runs
alive() {
  local pid
  pid=$(cat "$1/$2.pid" 2>/dev/null) || return 1
  [ "$(start_time "$pid")" = "$(cat "$1/$2.pid.start")" ] && ! grep -qs '^State:[[:space:]]*Z' "/proc/$pid/status"
}

# spawn DIR NAME COMMAND...: in a session of its own, without the caller's terminal and pipes; log in DIR/NAME.log
spawn() {
  local dir=$1 name=$2
  shift 2
  setsid "$@" >>"$dir/$name.log" 2>&1 </dev/null &
  echo $! >"$dir/$name.pid"
  start_time $! >"$dir/$name.pid.start"
  disown
}

# stop DIR NAME SIGNAL: asks it to end, kills it after ten seconds
stop() {
  local pid i
  alive "$1" "$2" || return 0
  pid=$(cat "$1/$2.pid")
  kill -"$3" "$pid" 2>/dev/null || true
  for ((i = 0; i < 200; i++)); do
    alive "$1" "$2" || return 0
    sleep 0.05
  done
  kill -KILL "$pid" 2>/dev/null || true
}

# wait_for SECONDS DIR NAME COMMAND...: until COMMAND succeeds; shows the end of the log if it does not
wait_for() {
  local end=$((SECONDS + $1)) dir=$2 name=$3
  shift 3
  until "$@" >/dev/null 2>&1; do
    if ! alive "$dir" "$name" || [ "$SECONDS" -ge "$end" ]; then
      tail -n 25 "$dir/$name.log" >&2
      die "$name did not become ready"
    fi
    sleep 0.05
  done
}
