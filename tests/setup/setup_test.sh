#!/usr/bin/env bash
# setup_test.sh SOURCE: runs ./setup with stand-ins for dpkg, apt and npm that record being called, so
# that its decisions are tested without a network or root: nothing done twice, and each failure ends
# with a sentence that names what could not be had.
# shellcheck disable=SC2016,SC2317,SC2119,SC2120 # stand-ins expand later; claims call functions by name
set -euo pipefail
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CALLS=$work/calls INSTALLED=$work/installed NPM=good LOCKED_HASH
LOCKED_HASH=$(sed -n 's/.*"integrity": "\(.*\)",/\1/p' "$source/third_party/engine/package-lock.json")
unset OPTIINFRA_LIBCHDB
failures=0

# --- Stand-ins ---

stand_in() { cat >"$work/bin/$1" && chmod +x "$work/bin/$1"; }

make_stand_ins() {
  mkdir -p "$work/bin"
  stand_in id <<<'echo 0'
  stand_in uname <<<'[ "$1" = -s ] && echo Linux || echo "${MACHINE:-x86_64}"'
  stand_in dpkg-query <<<'shift 3; for p; do grep -qx "$p" "$INSTALLED" && echo "ii  $p"; done; exit 1'
  stand_in apt-get <<'END'
echo "apt-get $*" >>"$CALLS"
[ "${APT:-good}" = good ] || { echo "E: Unable to locate package g++"; exit 100; }
case "$*" in *" install "*) printf '%s\n' "$@" >>"$INSTALLED" ;; esac
END
  stand_in npm <<'END'
[ "$1" != --version ] || { echo "${NPM_VERSION:-9.2.0}"; exit 0; }
echo "npm $* in $PWD" >>"$CALLS"
case $NPM in
  good)
    mkdir -p node_modules/@chdb/lib-linux-x64-gnu && echo engine >node_modules/@chdb/lib-linux-x64-gnu/libchdb.so
    while read -r package file; do
      mkdir -p "node_modules/$package/dist" && echo 'import{h}from"preact";' | tee "node_modules/$package/LICENSE" >"node_modules/$package/dist/$file"
    done <<'FILES'
preact preact.mjs
preact/hooks hooks.mjs
@preact/signals signals.mjs
@preact/signals-core signals-core.mjs
htm htm.mjs
uplot uPlot.iife.min.js
uplot uPlot.min.css
FILES
    ;;
  *) echo "npm ERR! code $NPM"; echo "npm ERR! request failed"; exit 1 ;;
esac
END
}

# machine: an empty copy of the parts of the tree that ./setup reads, and no packages installed.
machine() {
  rm -rf "$work/tree"
  mkdir -p "$work/tree"
  mkdir -p "$work/tree/tests/clients" "$work/tree/tests/page" "$work/tree/web" "$work/tree/third_party"
  cp -r "$source/setup" "$source/scripts" "$work/tree/"
  cp -r "$source/third_party/engine" "$work/tree/third_party/"
  cp "$source"/tests/clients/package*.json "$work/tree/tests/clients/"
  cp "$source"/tests/page/package*.json "$work/tree/tests/page/"
  cp "$source"/web/package*.json "$source/web/vendor.sh" "$work/tree/web/"
  : >"$INSTALLED"
  : >"$CALLS"
}

setup() { PATH=$work/bin:$PATH "$work/tree/setup" "$@" >"$work/out" 2>&1; }

# --- Claims ---

claim() {
  local what=$1
  shift
  if "$@"; then echo "ok: $what"; else
    echo "FAILED: $what"
    sed 's/^/    /' "$work/out" "$CALLS"
    failures=$((failures + 1))
  fi
}
said() { grep -qF -- "$1" "$work/out"; }
called() { grep -q -- "$1" "$CALLS"; }
not() { ! "$@"; }
page_in_place() { grep -qF 'from"./preact.js"' "$work/tree/build/web/vendor/signals.js"; }
engine_in_place() { [[ -f $work/tree/build/engine/libchdb.so ]]; }

installs_what_is_missing_once() {
  machine
  claim "a first run succeeds" setup
  claim "it installs the compiler" called 'install.* g++'
  claim "it leaves the check-only packages out" not called clang-19
  claim "it places the engine library" engine_in_place
  claim "it places the page's modules, which import each other by file" page_in_place
  : >"$CALLS"
  claim "a second run succeeds" setup
  claim "a second run calls neither apt nor npm" not called .
  claim "--check succeeds" setup --check
  claim "--check installs only what was missing" called 'install chromium clang-19'
  claim "--check does not install the engine again" not called 'npm ci.*build/engine'
  claim "--check does not install the page's modules again" not called 'npm ci.*build/web'
  claim "--check fetches the test clients" called 'npm ci.*build/clients'
  claim "and what drives a browser" called 'npm ci.*build/page-tests'
  : >"$CALLS"
  claim "a second --check succeeds" setup --check
  claim "a second --check calls neither apt nor npm" not called .
}

installs_again_when_the_lock_changes() {
  machine
  setup
  sed -i 's/26\.7/26.8/' "$work/tree/third_party/engine/package-lock.json"
  : >"$CALLS"
  claim "another locked version is installed" setup
  claim "by npm" called 'npm ci'
}

explains_what_fails() {
  machine
  APT=gone claim "no Debian mirror stops it" not setup
  claim "and it names packages and cause" said "E: Unable to locate package g++"
  machine
  NPM=EINTEGRITY claim "a wrong hash stops it" not setup
  claim "and it says what was wrong" said "is not the one whose hash is in third_party/engine/package-lock.json"
  claim "and it keeps nothing" not engine_in_place
  machine
  NPM=EAI_AGAIN claim "no npm registry stops it" not setup
  claim "and it says what could not be had" said "npm could not fetch @chdb/lib-linux-x64-gnu"
  machine
  NPM_VERSION=6.14.0 claim "an npm that checks no hash stops it" not setup
  claim "and it asks for a newer one" said "7 or newer"
  machine
  MACHINE=aarch64 claim "another processor stops it" not setup
  claim "and it says how to go on" said "OPTIINFRA_LIBCHDB=/path/to/libchdb.so"
}

goes_on_without_the_page() {
  machine
  setup
  rm -r "$work/tree/build/web"
  NPM=EAI_AGAIN claim "a build without the page's modules goes on" setup
  claim "and it says so" said "the program is built without its page"
  claim "and it keeps nothing" not page_in_place
  claim "a later run fetches them" setup
  claim "and places them" page_in_place
}

goes_on_without_test_clients() {
  machine
  setup
  NPM=EAI_AGAIN claim "--check goes on without the test clients" setup --check
  claim "and it says so" said "its tests will skip themselves"
}

takes_a_given_engine() {
  machine
  echo engine >"$work/given.so"
  OPTIINFRA_LIBCHDB=$work/given.so claim "a given engine is taken" setup
  claim "and none is fetched" not called 'npm ci.*build/engine'
  claim "and linked" engine_in_place
  OPTIINFRA_LIBCHDB=$work/missing.so claim "a given engine that is not there stops it" not setup
}

locks_by_hash_without_addresses() {
  local lock
  claim "the lock holds a sha512" grep -q '^sha512-' <<<"$LOCKED_HASH"
  for lock in third_party/engine tests/clients tests/page web; do
    claim "and no package's address in $lock" not grep -q '"resolved"' "$source/$lock/package-lock.json"
  done
}

make_stand_ins
machine
installs_what_is_missing_once
installs_again_when_the_lock_changes
explains_what_fails
goes_on_without_the_page
goes_on_without_test_clients
takes_a_given_engine
locks_by_hash_without_addresses
exit $((failures > 0))
