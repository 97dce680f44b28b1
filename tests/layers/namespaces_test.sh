#!/usr/bin/env bash
# namespaces_test.sh ROOT: fails when a layer that no program names puts names into the namespace optiinfra itself.
# Forward declarations of what is there are fine.
set -euo pipefail
cd "$1"
# What a program may name.
public='foundations client ingest sources/import'

status=0
while IFS= read -r include; do
  layer=${include%/include}
  for each in $public; do
    [[ $layer == "$each" || $layer == "$each"/* ]] && continue 2
  done
  while IFS= read -r file; do
    # The block `namespace optiinfra {` may hold lines such as "class Client;".
    if awk '/^namespace optiinfra(::detail)? \{/ { inside = 1; next }
            /^\}  \/\/ namespace optiinfra(::detail)?$/ { inside = 0 }
            inside && !/^(class|struct) [A-Za-z]+;/ && NF { found = 1 }
            END { exit !found }' "$file"; then
      echo "$file: the layer $layer has a namespace of its own; only the foundations, client, ingest and import use optiinfra itself" >&2
      status=1
    fi
  done < <(find "$layer/include" "$layer/src" -name '*.hpp' -o -name '*.cpp')
done < <(find . -path ./build -prune -o -type d -name include -print | sed 's|^\./||' | sort)
exit $status
