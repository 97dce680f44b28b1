#!/usr/bin/env bash
# sanitizers.sh [PYTEST_ARGUMENT...]: the extension with clang's address and undefined-behaviour sanitizers, under
# Debian's Python with malloc of its own: the tests that need no process of their own, then every call once more with
# what finds memory that nobody frees. The store is the release build's server, so that neither the engine nor the
# program is checked again. Takes minutes; by hand.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
cd "$root"
[[ -x build/release/bin/optiinfra ]] || { echo "build/release/bin/optiinfra is missing: build it first" >&2 && exit 1; }
cmake --preset asan >/dev/null
cmake --build --preset asan --target optiinfra_python
export OPTIINFRA_SANITIZED=1 OPTIINFRA_PROGRAM=$root/build/release/bin/optiinfra
export OPTIINFRA_LIBCHDB=${OPTIINFRA_LIBCHDB:-$root/build/engine/libchdb.so} PYTHONPATH=$root/build/asan/python
export PYTHONMALLOC=malloc UBSAN_OPTIONS=print_stacktrace=1
preload=$(clang++-19 -print-file-name=libclang_rt.asan-x86_64.so)
home=$(mktemp -d)
server=''
trap '[[ -z $server ]] || kill "$server"; wait; rm -rf "$home"' EXIT
export XDG_DATA_HOME=$home PYTHONDONTWRITEBYTECODE=1
unset OPTIINFRA_URL CLICKHOUSE_URL CLICKHOUSE_HOST
cd "$home"
# Modules of the tests, as numpy, keep memory until their process ends.
ASAN_OPTIONS=handle_segv=0:detect_leaks=0 LD_PRELOAD=$preload /usr/bin/python3 -m pytest -q -p no:cacheprovider --basetemp "$home/tmp" "$@" \
  "$here/test_values.py" "$here/test_help.py" "$here/test_api.py" "$here/test_aio.py" "$here/test_process.py"

"$OPTIINFRA_PROGRAM" server --path "$home/store" --tcp-port 0 --http-port 0 --api-port 0 >ready 2>/dev/null &
server=$!
for _ in {1..300}; do
  if [[ -s ready ]]; then break; fi
  sleep 0.1
done
ASAN_OPTIONS=handle_segv=0:detect_leaks=1 LD_PRELOAD=$preload PYTHONPATH=$PYTHONPATH:$here /usr/bin/python3 "$here/every_call.py" \
  "$(sed -n 's|ready tcp=\(\S*\) .*|clickhouse://default@\1/optiinfra|p' ready)" "$(sed -n 's|.* api=|api://|p' ready)"
echo "no memory is left that nobody frees"
