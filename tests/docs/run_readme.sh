#!/usr/bin/env bash
# run_readme.sh FILE...: runs every command that the ```sh blocks of these documents show, in their
# order, from the top of the tree in an empty home; the first that fails fails the test.
#
# Each document is one session: what a block exports or writes is there for the next. ./check stands
# for the test that is running and is not run again.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
home=$(mktemp -d)
# The service that ./quickstart leaves running writes into its folder until it is stopped.
trap 'env -u XDG_DATA_HOME HOME="$home" "$root/quickstart" --stop >/dev/null 2>&1 || true; rm -rf "$home"' EXIT

# commands FILE: its sh blocks as one script that echoes what it runs.
commands() {
  awk -v file="$1" '
    /^```sh *$/ { inside = 1; printf "\n: \"%s, line %d\"\n", file, NR; next }
    /^```/      { inside = 0; next }
    inside && /^\.\/check *(#.*)?$/ { print ": ./check is running"; next }
    inside' "$1"
}

for document; do
  commands "$root/$document" >"$home/session.sh"
  if ! grep -q '^: ".*, line' "$home/session.sh"; then
    echo "$document shows no command in a \`\`\`sh block" >&2
    exit 1
  fi
  echo "== $document"
  (
    cd "$root"
    env -u XDG_DATA_HOME -u OPTIINFRA_URL -u OPTIINFRA_LIBCHDB HOME="$home" \
      CCACHE_DIR="${CCACHE_DIR:-$HOME/.cache/ccache}" PATH="$root/build/release/bin:$PATH" \
      bash -euxo pipefail "$home/session.sh" </dev/null
  )
done
