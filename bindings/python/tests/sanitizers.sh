#!/usr/bin/env bash
# sanitizers.sh [PYTEST_ARGUMENT...]: the extension with clang's address and undefined-behaviour sanitizers, under
# Debian's Python with malloc of its own, through the tests that need no process of their own. The store is the release
# build's server, so that neither the engine nor the program is checked again. Takes minutes; by hand.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
cd "$root"
[[ -x build/release/bin/optiinfra ]] || { echo "build/release/bin/optiinfra is missing: build it first" >&2 && exit 1; }
cmake --preset asan >/dev/null
cmake --build --preset asan --target optiinfra_python
export OPTIINFRA_SANITIZED=1 OPTIINFRA_PROGRAM=$root/build/release/bin/optiinfra
export OPTIINFRA_LIBCHDB=${OPTIINFRA_LIBCHDB:-$root/build/engine/libchdb.so} PYTHONPATH=$root/build/asan/python
# Python itself keeps memory until its process ends, and tests raise errors in every way: no report of leaks.
export PYTHONMALLOC=malloc ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:handle_segv=0 UBSAN_OPTIONS=print_stacktrace=1
preload=$(clang++-19 -print-file-name=libclang_rt.asan-x86_64.so)
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
export XDG_DATA_HOME=$home PYTHONDONTWRITEBYTECODE=1
unset OPTIINFRA_URL CLICKHOUSE_URL CLICKHOUSE_HOST
cd "$home"
LD_PRELOAD=$preload /usr/bin/python3 -m pytest -q -p no:cacheprovider --basetemp "$home/tmp" "$@" \
  "$here/test_values.py" "$here/test_help.py" "$here/test_api.py" "$here/test_aio.py" "$here/test_process.py"
