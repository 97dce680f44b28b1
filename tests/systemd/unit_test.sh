#!/usr/bin/env bash
# unit_test.sh BUILD_FOLDER: systemd accepts the units, with this build's program in them, and finds little
# that it could still take away. Ends with 77 where there is no systemd-analyze.
set -euo pipefail
build=$1
command -v systemd-analyze >/dev/null || { echo "there is no systemd-analyze here" >&2; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check NAME THRESHOLD: 0 is nothing left to take away, 100 everything.
check() {
  local unit=$work/$1.service
  sed "s#@OPTIINFRA_BINDIR@#$build/bin#" "$(dirname "$0")/../../packaging/systemd/$1.service.in" >"$unit"
  # It complains on standard error, of other units of the machine as well.
  systemd-analyze verify --man=no "$unit" 2>&1 | tee "$work/said" || true
  if grep -q optiinfra "$work/said"; then
    echo "FAILED: systemd does not take the unit $1 as it is" >&2
    exit 1
  fi
  systemd-analyze security --offline=true --threshold="$2" --no-pager "$unit" >"$work/exposure" ||
    { tail -n 5 "$work/exposure" && exit 1; }
  tail -n 1 "$work/exposure"
}
check optiinfra-server 25
# It sees the devices and the processes that it measures.
check optiinfra-agent 30
