#!/usr/bin/env bash
# Every line of the README's C++ block stands in quick.cpp, but for the URL of the store.
set -euo pipefail
cd "$(dirname "$0")/.."
missing=0
while IFS= read -r line; do
  line=${line//'"embedded:/var/lib/my-metrics"'/url}
  grep -qF -- "$line" examples/quick.cpp || { echo "not in examples/quick.cpp: $line" && missing=1; }
done < <(awk '/^```cpp/ { inside = 1; next } /^```/ { inside = 0 } inside && NF' README.md)
exit "$missing"
