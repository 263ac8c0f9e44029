#!/bin/sh
# Runs node with these arguments: the machine's own where it is new enough, else one from the npm registry, fetched once into
# scripts/runtime. MURMURATION_NODE=22 or 24 takes the fetched one of that version whatever the machine has.
# A shell script, because it ends in exec: signals and kill -9 reach the program itself.
set -eu
OLDEST=22
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
major=$(node -p 'process.versions.node.split(".")[0]')
version=${MURMURATION_NODE:-}
if [ -z "$version" ]; then
  [ "$major" -lt "$OLDEST" ] || exec node "$@"
  version=24
fi
folder="$here/runtime/node-$version"
[ -d "$folder" ] || { echo "MURMURATION_NODE is $version: 22 and 24 can be fetched" >&2; exit 2; }
if ! cmp -s "$folder/package-lock.json" "$folder/node_modules/.fetched" ; then
  [ -n "${MURMURATION_NODE:-}" ] || echo "this machine's node is version $major: fetching version $version into scripts/runtime" >&2
  (cd "$folder" && npm ci --loglevel=error --no-audit --no-fund >&2)
  cp "$folder/package-lock.json" "$folder/node_modules/.fetched"
fi
for program in "$folder"/node_modules/node-*/bin/node; do
  [ -x "$program" ] || { echo "there is no package of node $version for this platform: install node $OLDEST or newer" >&2; exit 1; }
  # what the program starts by name (npm, node) is this version too
  PATH="$(dirname -- "$program"):$PATH" exec "$program" "$@"
done
