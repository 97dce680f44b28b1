#!/usr/bin/env bash
# run.sh BUILD_FOLDER: installs that build into an empty prefix and uses it from outside the tree, as a stranger
# does: by find_package and by pkg-config, moved elsewhere, and as a program. Nothing but the installed files says
# where the engine is.
set -euo pipefail
build=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
unset OPTIINFRA_LIBCHDB LD_LIBRARY_PATH

cmake --install "$build" --prefix "$prefix" >"$work/install.log"
cp "$here/CMakeLists.txt" "$here/main.cpp" "$work/"
echo "installed: $(find "$prefix" -type f | wc -l) files"

# use_cmake_package PREFIX: configures with CMake's default generator, builds, runs; and runs what it installs.
use_cmake_package() {
  rm -rf "$work/build" "$work/installed"
  cmake -S "$work" -B "$work/build" -DCMAKE_PREFIX_PATH="$1" >"$work/cmake.log"
  cmake --build "$work/build"
  "$work/build/consumer" "$work/data-$RANDOM"
  cmake --install "$work/build" --prefix "$work/installed"
  "$work/installed/bin/consumer" "$work/data-$RANDOM"
}

# use_pkg_config PREFIX [FLAG...]: compiles and links by what pkg-config says, and runs.
use_pkg_config() {
  local flags path
  path=$(dirname "$(find "$1" -name optiinfra.pc)")
  read -ra flags < <(PKG_CONFIG_PATH=$path pkg-config --cflags --libs "${@:2}" optiinfra)
  "${CXX:-c++}" -std=c++20 "$work/main.cpp" "${flags[@]}" -o "$work/consumer"
  "$work/consumer" "$work/data-$RANDOM"
}

echo "find_package"
use_cmake_package "$prefix"
echo "pkg-config"
use_pkg_config "$prefix"
use_pkg_config "$prefix" --static
echo "the same, moved"
mv "$prefix" "$work/moved prefix"
prefix="$work/moved prefix"
use_cmake_package "$prefix"

[[ -e $build/bin/optiinfra ]] || exit 0
echo "the installed program"
# From its new place, with nothing of the build or the environment to lead it to the engine.
env -i PATH=/usr/bin:/bin HOME="$work" "$prefix/bin/optiinfra" --version
env -i PATH=/usr/bin:/bin HOME="$work" "$prefix/bin/optiinfra" --url "embedded:$work/store" init
env -i PATH=/usr/bin:/bin HOME="$work" "$prefix/bin/optiinfra" --url "embedded:$work/store" ping
for file in share/man/man1/optiinfra.1 share/bash-completion/completions/optiinfra \
  share/zsh/site-functions/_optiinfra share/fish/vendor_completions.d/optiinfra.fish share/optiinfra/maps; do
  [[ -e $prefix/$file ]] || { echo "not installed: $file" >&2; exit 1; }
done
