#!/usr/bin/env bash
# vendor.sh NODE_MODULES FOLDER: copies into FOLDER the modules that the page imports. An import by a package's name
# becomes one of a file, because a browser resolves names only by an inline map, which the page's policy forbids.
set -euo pipefail
packages=$1 folder=$2
mkdir -p "$folder"

# module PACKAGE FILE AS
module() {
  sed -e 's#from"preact/hooks"#from"./hooks.js"#g; s#from"preact"#from"./preact.js"#g' \
    -e 's#from"@preact/signals-core"#from"./signals-core.js"#g; s#//\# sourceMappingURL=.*##' \
    "$packages/$1/dist/$2" >"$folder/$3"
}

module preact preact.mjs preact.js
module preact/hooks hooks.mjs hooks.js
module @preact/signals signals.mjs signals.js
module @preact/signals-core signals-core.mjs signals-core.js
module htm htm.mjs htm.js
# Its ES module is not minified; its script is a third of that, and defines one name.
module uplot uPlot.iife.min.js uplot.js
printf '\nexport default uPlot;\n' >>"$folder/uplot.js"
cp "$packages/uplot/dist/uPlot.min.css" "$folder/uplot.css"

! grep -El '(from|import) ?"[^./]' "$folder"/*.js || { echo "vendor.sh: these files import a package that is not here" >&2 && exit 1; }

for package in preact @preact/signals @preact/signals-core htm uplot; do
  printf '%s\n\n' "--- $package"
  cat "$packages/$package/LICENSE"
  printf '\n'
done >"$folder/licenses.txt"
