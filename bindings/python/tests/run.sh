#!/usr/bin/env bash
# run.sh PYTHON [PYTEST_ARGUMENT...]: the package's tests under that Python, away from the user's own store. Ends with
# 77 where it has no pytest.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
"$1" -c 'import pytest' 2>/dev/null || { echo "pytest is not installed for $1: apt-get install python3-pytest"; exit 77; }
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
export XDG_DATA_HOME=$home PYTHONDONTWRITEBYTECODE=1
unset OPTIINFRA_URL CLICKHOUSE_URL CLICKHOUSE_HOST CLICKHOUSE_PORT CLICKHOUSE_DB CLICKHOUSE_USER CLICKHOUSE_PASSWORD
cd "$home"
"$1" -m pytest -q -p no:cacheprovider --basetemp "$home/tmp" "${@:2}" "$here"
