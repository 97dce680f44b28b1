#!/usr/bin/env bash
# types.sh: the page's types, as its comments state them. Ends with 77 where the compiler is not installed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
compiler=$here/../../build/page-tests/node_modules/typescript/bin/tsc
if ! command -v node >/dev/null || [[ ! -e $compiler ]]; then
  echo "node or typescript is not installed; ./setup --check installs both"
  exit 77
fi
node "$compiler" -p "$here/tsconfig.json"
