#!/bin/sh
# run.sh PROGRAM: see README.md.
set -eu
program=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
packages=$here/../../../build/conformance
mkdir -p "$packages/session" "$packages/stateless"

install_into() { # FOLDER PACKAGE...
  folder=$1
  shift
  [ -d "$folder/node_modules" ] && return
  echo '{"private": true}' > "$folder/package.json"
  npm install --prefix "$folder" --no-audit --no-fund "$@"
}
install_into "$packages/session" node@22 @modelcontextprotocol/conformance@0.1.16 @redocly/cli@2.77.0 openapi-typescript@7.13.0
install_into "$packages/stateless" @modelcontextprotocol/conformance@0.2.0-alpha.12 @modelcontextprotocol/sdk@1.32.2 @modelcontextprotocol/client@2.4.0
session=$packages/session/node_modules/.bin
stateless=$packages/stateless/node_modules/.bin
PATH=$session:$PATH

work=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server"; wait "$server" || true; fi; rm -rf "$work"' EXIT
"$program" --url "embedded:$work/store" generate --days 2 --rows 20000 > /dev/null 2>&1
"$program" server --path "$work/store" --tcp-port 0 --http-port 0 --api-port 0 > "$work/ready" &
server=$!
for _ in $(seq 600); do
  grep -q ready "$work/ready" && break
  sleep 0.1
done
grep -q ready "$work/ready" || { echo "$program is not ready after a minute" >&2; exit 1; }
url=http://127.0.0.1:$(sed 's/.*api=127.0.0.1://' "$work/ready")

# The suites write their results into the folder they run in.
cd "$work"
"$session/conformance" server --url "$url/mcp" --suite all --expected-failures "$here/session_failures.yaml"
"$stateless/conformance" server --url "$url/mcp" --suite all --spec-version 2026-07-28 --expected-failures "$here/stateless_failures.yaml"
cd "$packages/stateless"
node "$here/call_tools.mjs" "$url/mcp"
cd "$work"
curl -sf "$url/openapi.json" > openapi.json
"$session/redocly" lint openapi.json
"$session/openapi-typescript" openapi.json -o openapi.d.ts
echo "All of it passed."
