#!/usr/bin/env bash
# pictures.sh PROGRAM FOLDER: the pictures of docs/dashboard.md, of a generated fleet. Needs what run.sh needs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
OPTIINFRA_PROGRAM=$1 NODE_PATH=$here/../../build/page-tests/node_modules exec node "$here/pictures.js" "$2"
