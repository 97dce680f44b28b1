#!/usr/bin/env bash
# run.sh PROGRAM PICTURES: the page in a browser; keeps pictures of every page in the folder PICTURES. Ends with 77 where
# chromium or what drives it is not installed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
command -v node >/dev/null || { echo "node is not installed; ./setup --check installs it" && exit 77; }
rm -rf "$2"
OPTIINFRA_PROGRAM=$1 OPTIINFRA_PICTURES=$2 NODE_PATH=$here/../../build/page-tests/node_modules exec node "$here/page_test.js"
