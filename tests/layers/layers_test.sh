#!/usr/bin/env bash
# layers_test.sh DOCUMENT LAYERS: fails when the layer table in DOCUMENT differs from LAYERS, the
# "name: dependencies" lines that the build wrote from the DEPENDS of each layer.
#
# The table stands between <!-- layers:begin --> and <!-- layers:end -->; its first column is the
# layer in backticks, its second what it depends on: names in backticks, anything else means nothing.
set -euo pipefail
document=$1
layers=$2

table() {
  sed -n '/<!-- layers:begin -->/,/<!-- layers:end -->/p' "$document" | awk -F '|' '
    $2 ~ /^ *`[a-z_]+` *$/ {
      gsub(/[` ]/, "", $2)
      depends = ""
      while (match($3, /`[a-z_]+`/)) {
        depends = depends " " substr($3, RSTART + 1, RLENGTH - 2)
        $3 = substr($3, RSTART + RLENGTH)
      }
      print $2 ":" depends
    }'
}

# One line a layer, dependencies in alphabetical order; the order of layers counts, lowest first.
normal() {
  while IFS=: read -r name depends; do
    printf '%s:%s\n' "$name" "$(tr ' ' '\n' <<<"$depends" | sed '/^$/d' | sort | sed 's/^/ /' | tr -d '\n')"
  done
}

documented=$(table | normal)
if [[ -z $documented ]]; then
  echo "$document has no layer table between <!-- layers:begin --> and <!-- layers:end -->" >&2
  exit 1
fi
diff -u --label "$document" <(printf '%s\n' "$documented") --label "the DEPENDS lines" <(normal <"$layers")
