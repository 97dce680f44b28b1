#!/usr/bin/env bash
# run.sh BUILD_FOLDER: installs that build into an empty prefix and uses it from outside the tree:
# by find_package, by pkg-config, and as a program that finds its engine.
set -euo pipefail
build=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

cmake --install "$build" --prefix "$prefix" >"$work/install.log"
cp "$here/CMakeLists.txt" "$here/main.cpp" "$work/"
echo "installed: $(find "$prefix" -type f | wc -l) files"

# A program elsewhere is told where the engine is; the installed one finds it by itself (below).
OPTIINFRA_LIBCHDB=$(find "$prefix" -name libchdb.so)
export OPTIINFRA_LIBCHDB

echo "find_package"
cmake -S "$work" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" >"$work/cmake.log"
cmake --build "$work/build"
"$work/build/consumer"

echo "pkg-config"
export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name optiinfra.pc)")
read -ra flags < <(pkg-config --cflags --libs optiinfra)
"${CXX:-c++}" -std=c++20 "$work/main.cpp" "${flags[@]}" -o "$work/consumer"
"$work/consumer"

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
