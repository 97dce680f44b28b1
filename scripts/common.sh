# Shared by ./setup, ./quickstart and ./check: where things are, and how the three speak, stop and
# show progress. Sourced, never run.
# shellcheck shell=bash
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Both are used by the scripts that source this file.
# shellcheck disable=SC2034
logs=$root/build/logs
# shellcheck disable=SC2034
program=$root/build/release/bin/optiinfra
# So that one compile serves every clone and worktree of this project.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1

if [[ -t 1 ]]; then terminal=yes; else terminal=no; fi
shopt -s checkwinsize
(:) # After a child, checkwinsize knows COLUMNS.

say() { printf '%s\n' "$*"; }

# headline TEXT: a line that a reader's eye finds again.
headline() {
  if [[ $terminal == yes ]]; then printf '\n\033[1m%s\033[0m\n' "$*"; else printf '\n%s\n' "$*"; fi
}

# stop WHAT [WHAT_TO_DO...]: ends with a sentence that helps.
stop() {
  printf '\n%s stopped: %s\n' "$(basename "$0")" "$1" >&2
  shift
  [[ $# -eq 0 ]] || printf '  %s\n' "$@" >&2
  exit 1
}

# last_line FILE: what a running command said last, without its colours.
last_line() {
  tail -c 2000 "$1" 2>/dev/null | tr '\r' '\n' | sed 's/\x1b\[[0-9;]*[A-Za-z]//g; /^[[:space:]]*$/d' | tail -n 1
}

# show_progress LABEL PROBE...: until killed, says what PROBE prints; on a terminal in one line that
# changes, elsewhere in a line every 15 seconds.
show_progress() {
  local label=$1 start=$SECONDS said=0 seconds clock
  shift
  exec {clock}<> <(:) # Reading it with a timeout is a sleep that leaves no child behind.
  while kill -0 "$$" 2>/dev/null; do
    read -r -t 0.5 -u "$clock" || true
    seconds=$((SECONDS - start))
    if [[ $terminal == yes ]]; then
      printf '\r\033[K%.*s' "$((${COLUMNS:-80} - 1))" "  $label: $seconds s  $("$@")"
    elif ((seconds - said >= 15)); then
      said=$seconds
      printf '  %s: %d s  %.100s\n' "$label" "$seconds" "$("$@")"
    fi
  done
}

# watched LABEL LOG COMMAND...: runs COMMAND with its output in LOG and shows how it goes. What is
# shown is LOG's last line, or what the function in $probe prints.
watched() {
  local label=$1 log=$2 start=$SECONDS follower status=0
  shift 2
  mkdir -p "$(dirname "$log")"
  : >"$log"
  show_progress "$label" "${probe:-last_line}" "$log" &
  follower=$!
  "$@" >"$log" 2>&1 </dev/null || status=$?
  kill "$follower" 2>/dev/null || true
  wait "$follower" 2>/dev/null || true
  [[ $terminal == no ]] || printf '\r\033[K'
  if [[ $status -eq 0 ]]; then
    say "  $label: done in $((SECONDS - start)) s"
  else
    say "  $label: failed after $((SECONDS - start)) s"
  fi
  return "$status"
}

# build_preset PRESET [TARGET...]: configures where that was not done yet (ninja itself configures
# again when a CMake file changes) and builds what is not up to date.
build_preset() {
  local preset=$1 targets=()
  shift
  [[ $# -eq 0 ]] || targets=(--target "$@")
  cd "$root" || return
  [[ -f build/$preset/build.ninja ]] || cmake --preset "$preset" || return
  NINJA_STATUS='[%f of %t] ' cmake --build --preset "$preset" "${targets[@]}"
}
