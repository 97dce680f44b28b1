#!/usr/bin/env bash
# measure.sh PROGRAM FOLDER [SERVICES] [DAYS] [LIVE_MINUTES]: what measure.js measures, by hand. FOLDER holds the store, some GB, and is kept.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=$1
shift
OPTIINFRA_PROGRAM=$program NODE_PATH=$here/../../build/page-tests/node_modules exec node "$here/measure.js" "$@"
