#!/usr/bin/env bash
# tools/measure/measure.sh [--quick | --full [PART...]]: the figures of docs/performance.md, on this machine. Needs a release build,
# 40 GiB of disk and a quiet machine for three quarters of an hour; --quick takes a few minutes and less of everything.
# PART is inserts, questions, sizes, growth, start or native; without one, all of them.
#
# Keeps what `optiinfra bench` answers as JSON in build/bench, and writes the document's tables and chart from it:
# tools/measure/report.py can be run on the same files again.
set -euo pipefail
cd "$(dirname "$0")/../.."
how_much=${1:---full}
program=build/release/bin/optiinfra
out=build/bench
store=$out/store
mkdir -p "$out"
export OPTIINFRA_LIBCHDB=${OPTIINFRA_LIBCHDB:-$PWD/build/engine/libchdb.so}

if [[ $how_much == --quick ]]; then
  inserts=(--rows 1000000 --rounds 3) questions=(--rows 1000000 --rounds 3 --fleets 8)
  growth=4000000 start=1000000
else
  # 420 fleets: ten thousand services of 2,500 customers.
  inserts=(--rows 4000000 --rounds 5) questions=(--rows 2000000 --rounds 5 --fleets 420)
  growth=500000000 start=140000000
fi

parts=${*:2}
is_wanted() { [[ -z $parts || " $parts " == *" $1 "* ]]; }

# keep NAME COMMAND...: what COMMAND prints as $out/NAME.json, where that part is wanted.
keep() {
  local name=$1
  shift
  is_wanted "$name" || return 0
  echo "--- $name" >&2
  "$@" >"$out/$name.json.new"
  mv "$out/$name.json.new" "$out/$name.json"
}

measure() { keep "$1" "$program" --url "$2" --output json bench "${@:3}"; }

serve() {
  "$program" server --path "$out/served" --tcp-port 19000 --http-port 18123 >"$out/server.log" 2>&1 &
  server=$!
  trap 'kill "$server"; wait "$server" || true; rm -rf "$out/served"' EXIT
  for _ in {1..100}; do
    "$program" --url clickhouse://127.0.0.1:19000 sql "SELECT 1" >"$out/ping.log" 2>&1 && return
    sleep 0.2
  done
  echo "the server did not answer; see $out/server.log" >&2
  exit 1
}

measure inserts "embedded:$store" --only inserts "${inserts[@]}"
measure questions "embedded:$store" --only questions "${questions[@]}"
measure sizes "embedded:$store" --only sizes --rows 4000000
measure growth "embedded:$store" --growth "$growth"
keep start tools/measure/start.py "$program" "$out/large" "$start"
if is_wanted native; then
  serve
  measure native clickhouse://127.0.0.1:19000 --only inserts "${inserts[@]}"
fi
tools/measure/report.py "$out" docs/performance.md docs/performance.svg
