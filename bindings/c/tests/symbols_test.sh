#!/usr/bin/env bash
# symbols_test.sh LIBRARY FILE: fails when the functions that LIBRARY exports differ from those that FILE, its
# version script, names.
set -euo pipefail
exported=$(nm --dynamic --defined-only "$1" | awk '$2 ~ /[TWVBD]/ { sub(/@.*/, "", $3); print $3 }' | sort)
named=$(sed -n 's/^ *\(optiinfra_[a-z_]*\);$/\1/p' "$2" | sort)
[[ -n $named ]] || { echo "$2 names no symbol" >&2; exit 1; }
diff -u --label "$2" <(printf '%s\n' "$named") --label "$1" <(printf '%s\n' "$exported")
