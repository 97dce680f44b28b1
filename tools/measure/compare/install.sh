#!/usr/bin/env bash
# tools/measure/compare/install.sh: installs the systems that tools/measure/compare/run.sh compares with, from Debian and npm. Only developers
# who compare need it. Debian's packages bring services of their own; what runs here is started by run.sh, so they are not.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/../../../scripts/common.sh"

as_root() { if [[ $(id -u) -eq 0 ]]; then "$@"; else sudo "$@"; fi; }

as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends --no-upgrade install \
  postgresql-15 victoria-metrics python3-clickhouse-driver python3-psycopg2 ||
  stop "Debian's packages could not be had." "Try: apt-get update, then run the same command again."

work=$root/build/compare
mkdir -p "$work"
cp "$root"/tools/measure/compare/package*.json "$work/"
cd "$work"
npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier ||
  stop "npm could not fetch DuckDB." "Check that 'npm ping' answers, then run the same command again."
