#!/usr/bin/env bash
# run.sh BUILD_FOLDER: makes the Debian packages of that build, looks at what they hold, and installs, uses and
# removes them in a bare Debian 12. Ends with 77 where there is no root, no debootstrap or no mirror.
#
# The bare system is made once and kept in BUILD_FOLDER/packages/base; each run works on a copy.
set -euo pipefail
build=$(realpath "$1")
kept=$build/packages
size_max=$((15 << 20)) # of the package without the engine, unpacked
release=bookworm

skip() { echo "skipped: $1" >&2; exit 77; }
fail() { echo "FAILED: $1" >&2; exit 1; }

# A namespace of its own: what is mounted below goes with it, however this ends.
if [[ ${2:-} != inside ]]; then
  [[ $(id -u) -eq 0 ]] || skip "a bare system needs root"
  command -v debootstrap dpkg-shlibdeps >/dev/null || skip "debootstrap or dpkg-dev is absent"
  unshare --mount true 2>/dev/null || skip "this account may not mount"
  exec unshare --mount --propagation private "$0" "$1" inside
fi

work=$(mktemp -d)
root=$work/root
finish() {
  [[ -z ${server:-} ]] || kill -KILL "$server" 2>/dev/null || true
  umount -q "$root/proc" "$root/dev" 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap finish EXIT

# --- The packages ---

make_packages() {
  rm -f "$kept"/*.deb
  (cd "$build" && cpack -G DEB >"$work/cpack.log" 2>&1) || { tail -n 20 "$work/cpack.log"; fail "cpack"; }
  program=$(find "$kept" -maxdepth 1 -name 'optiinfra_*.deb')
  engine=$(find "$kept" -maxdepth 1 -name 'optiinfra-engine_*.deb')
  [[ -n $program && -n $engine ]] || fail "cpack made no packages in $kept"
}

# files_of PACKAGE: paths, without folders.
files_of() { dpkg-deb --fsys-tarfile "$1" | tar -t | sed -n 's#^\./##; /[^/]$/p' | sort; }

check_program_package() {
  local bytes file
  bytes=$(($(dpkg-deb -f "$program" Installed-Size) << 10))
  ((bytes <= size_max)) || fail "optiinfra takes $bytes bytes unpacked; at most $size_max"
  files_of "$program" >"$work/files"
  for file in usr/bin/optiinfra usr/share/man/man1/optiinfra.1 usr/lib/systemd/system/optiinfra-server.service \
    usr/share/bash-completion/completions/optiinfra usr/share/zsh/vendor-completions/_optiinfra \
    usr/share/fish/vendor_completions.d/optiinfra.fish usr/share/doc/optiinfra/copyright \
    usr/share/doc/optiinfra/examples/server.env; do
    grep -qxE "$file(\.gz)?" "$work/files" || fail "optiinfra lacks $file"
  done
  ! grep -E 'libchdb|\.a$|\.hpp$|\.cmake$' "$work/files" || fail "optiinfra holds what it should not"
  dpkg-deb -f "$program" Depends | grep -q 'libc6' || fail "optiinfra depends on nothing"
  echo "optiinfra: $(stat -c %s "$program") bytes, $bytes unpacked; needs $(dpkg-deb -f "$program" Depends)"
}

check_engine_package() {
  files_of "$engine" | diff - <(printf '%s\n' usr/lib/optiinfra/libchdb.so usr/share/doc/optiinfra-engine/copyright) ||
    fail "optiinfra-engine holds other files"
  echo "optiinfra-engine: $(stat -c %s "$engine") bytes; needs $(dpkg-deb -f "$engine" Depends)"
}

# --- A bare Debian ---

mirror() {
  # shellcheck disable=SC2016  # apt's own placeholders
  apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 2>/dev/null |
    awk -v release="$release" '$2 == release { print $1; exit }'
}

# Made from the mirror of this machine, with the packages that ours depend on at hand but not installed.
make_base() {
  local from
  [[ ! -e $kept/base/made ]] || return 0
  from=$(mirror)
  [[ -n $from ]] || skip "apt knows no mirror of $release"
  rm -rf --one-file-system "$kept/base"
  debootstrap --variant=minbase "$release" "$kept/base" "$from" >"$work/debootstrap.log" 2>&1 ||
    { tail -n 5 "$work/debootstrap.log" >&2; skip "debootstrap cannot make a $release"; }
  rm -f "$kept/base/var/cache/apt/archives/"*.deb
  touch "$kept/base/made"
}

# What our packages depend on and the bare system lacks, fetched by this machine's apt.
fetch_dependencies() {
  local archives=$kept/base/var/cache/apt/archives
  [[ ! -e $kept/base/fetched ]] || return 0
  mkdir -p "$archives/partial"
  apt-get -qq -y --no-install-recommends --download-only -o Dir::State::status="$kept/base/var/lib/dpkg/status" \
    -o Dir::Cache::archives="$archives" -o Debug::NoLocking=1 install "$program" "$engine" >"$work/apt.log" 2>&1 ||
    { tail -n 5 "$work/apt.log" >&2; skip "apt cannot fetch what the packages depend on"; }
  touch "$kept/base/fetched"
}

enter_copy_of_base() {
  cp -a --reflink=auto "$kept/base" "$root"
  mount -t proc proc "$root/proc"
  mount --bind /dev "$root/dev"
  mkdir -p "$root/packages"
  ln "$program" "$engine" "$root/packages/" 2>/dev/null || cp "$program" "$engine" "$root/packages/"
}

clean=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8)
debian() { "${clean[@]}" chroot "$root" "$@"; }
install_package() { debian dpkg --install "$@" >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log"; fail "dpkg --install $*"; }; }

# --- What a user does ---

use_without_engine() {
  local others=()
  mapfile -t others < <(cd "$root" && find var/cache/apt/archives -name '*.deb' -printf '/%p\n')
  install_package "${others[@]}" "/packages/${program##*/}"
  debian optiinfra --version | grep -q '^optiinfra ' || fail "the program does not start"
  if debian optiinfra init >"$work/out" 2>&1; then fail "there is an engine in a bare Debian"; fi
  grep -q 'optiinfra-engine' "$work/out" || fail "the error without an engine does not name its package: $(<"$work/out")"
}

use_embedded() {
  install_package "/packages/${engine##*/}"
  debian optiinfra -q init >/dev/null
  debian optiinfra -q generate --rows 2000 --days 1 >/dev/null
  debian optiinfra query metrics --measures performance.request_count --by customer --output csv >"$work/answer"
  [[ $(wc -l <"$work/answer") -gt 1 ]] || fail "the query finds nothing"
  debian optiinfra -q verify >"$work/verify" || { cat "$work/verify"; fail "verify"; }
}

# The command of the unit, with what systemd sets, as a user without rights. Its ports are free ones.
unit_command() {
  sed -n 's/^ExecStart=//p' "$root/usr/lib/systemd/system/optiinfra-server.service" |
    sed "s#\${STATE_DIRECTORY}#/var/lib/optiinfra#; s#\$OPTIINFRA_SERVER_FLAGS#--tcp-port 0 --http-port 0 --memory-limit 1G#"
}

use_as_service() {
  local command port
  read -ra command < <(unit_command)
  install -d -m 700 -o 65534 -g 65534 "$root/var/lib/optiinfra"
  "${clean[@]}" chroot --userspec=65534:65534 "$root" "${command[@]}" >"$work/server" 2>"$work/server.err" &
  server=$!
  for _ in $(seq 300); do
    port=$(sed -n 's/^ready tcp=[^ ]*:\([0-9]*\) .*/\1/p' "$work/server")
    [[ -n $port ]] && break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  [[ -n ${port:-} ]] || { cat "$work/server" "$work/server.err"; fail "the server is not ready: ${command[*]}"; }
  debian optiinfra --url "clickhouse://127.0.0.1:$port" -q generate --rows 1000 --days 1 >/dev/null
  debian optiinfra --url "clickhouse://127.0.0.1:$port" -q verify >"$work/verify" || { cat "$work/verify"; fail "verify of the service"; }
  kill -TERM "$server"
  wait "$server" || fail "the server ended with $?: $(<"$work/server.err")"
  server=''
}

remove() {
  debian dpkg --purge optiinfra optiinfra-engine >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log"; fail "dpkg --purge"; }
  find "$root" -xdev -name '*optiinfra*' -not -path "$root/packages/*" -not -path "$root/var/lib/optiinfra*" \
    -not -path "$root/root/*" -not -path "$root/var/cache/*" | grep . && fail "files are left"
  [[ -d $root/var/lib/optiinfra/store ]] || fail "the store went with the package"
}

step() { local start=$SECONDS; "$1"; echo "  $1: $((SECONDS - start)) s"; }
for each in make_packages check_program_package check_engine_package make_base fetch_dependencies enter_copy_of_base \
  use_without_engine use_embedded use_as_service remove; do
  step "$each"
done
