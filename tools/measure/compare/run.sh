#!/usr/bin/env bash
# tools/measure/compare/run.sh [--rows N] [--slow-rows N] [--rounds N] [--questions N]: compares this store with others, and the table in
# docs/performance.md.
# Needs tools/measure/compare/install.sh once, 5 GiB of disk and, with its defaults, ten minutes of a quiet machine.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/../../../scripts/common.sh"

export OPTIINFRA_LIBCHDB=${OPTIINFRA_LIBCHDB:-$root/build/engine/libchdb.so}
{ [[ -s $root/build/compare/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so && -x /usr/lib/postgresql/15/bin/postgres ]] &&
  command -v victoria-metrics && /usr/bin/python3 -c 'import psycopg2, clickhouse_driver'; } >/dev/null 2>&1 ||
  stop "not all is there that it compares with." "Run: tools/measure/compare/install.sh"
export PYTHONDONTWRITEBYTECODE=1
build_preset release optiinfra compare_client
out=$root/build/bench
mkdir -p "$out"
"$root/tools/measure/compare/compare.py" "$root" "$@" >"$out/compare.json.new"
mv "$out/compare.json.new" "$out/compare.json"
"$root/tools/measure/report.py" "$out" "$root/docs/performance.md" "$root/docs/performance.svg"
