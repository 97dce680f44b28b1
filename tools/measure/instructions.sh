#!/usr/bin/env bash
# tools/measure/instructions.sh PROGRAM [--update]: how many instructions our own code takes per row to encode and to decode
# each family, by callgrind, against tools/measure/instructions.txt. More than 3 % above the file fails; --update writes it.
#
# Counts, unlike seconds, do not depend on how busy the machine is. They belong to a compiler and a C library: those of
# Debian 12 on amd64, release preset. valgrind shows every processor with AVX2 to the program as the same one, so that
# the C library chooses the same memcpy everywhere.
set -euo pipefail
program=$1
update=${2:-}
file=$(dirname "$0")/instructions.txt
rows=20000
tolerance_percent=3

if [[ $(uname -m) != x86_64 ]] || ! grep -q avx2 /proc/cpuinfo; then
  echo "left out: the counts in $file are those of an amd64 processor with AVX2"
  exit 77
fi
if ! command -v valgrind >/dev/null; then
  echo "left out: there is no valgrind here; ./setup --check installs it"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
valgrind --tool=callgrind --callgrind-out-file="$work/out" "$program" "$rows" >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  exit 1
}

# "performance encode 584": whole instructions a row, callees included.
counts() {
  callgrind_annotate --inclusive=yes --threshold=100 "$work/out" | sed 's/,//g' | awk -v rows="$rows" '
    match($0, /(encode|decode)<optiinfra::[A-Za-z]+Metric>/) {
      split(substr($0, RSTART, RLENGTH), part, /[<>:]+/)
      family = tolower(part[3]); sub(/metric$/, "", family)
      name = family " " part[1]
      if (!(name in seen)) { seen[name] = 1; printf "%s %d\n", name, $1 / rows }
    }' | sort
}

counts >"$work/now"
[[ $(wc -l <"$work/now") -eq 8 ]] || { echo "callgrind did not see all eight functions:" && cat "$work/now"; exit 1; } >&2
if [[ $update == --update ]]; then
  { echo "# family, what, instructions a row. Written by tools/measure/instructions.sh --update; a rise of more than $tolerance_percent % fails ./check."
    cat "$work/now"; } >"$file"
  cat "$file"
  exit 0
fi
join -j 1 <(sed 's/ /_/' "$work/now") <(grep -v '^#' "$file" | sed 's/ /_/') |
  awk -v most="$tolerance_percent" '
    { change = ($2 / $3 - 1) * 100
      printf "%-20s %5d instructions a row, %5d in the file, %+.1f %%\n", $1, $2, $3, change
      lines++; if (change > most) failed = 1 }
    END {
      if (lines != 8) { print "the file does not name all eight"; exit 1 }
      if (failed) { print "more than " most " % above the file. Where that is meant: tools/measure/instructions.sh PROGRAM --update"; exit 1 }
    }'
