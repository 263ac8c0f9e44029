#!/bin/sh
# Runs node with these arguments: the machine's own where it is new enough, else one from the npm registry, fetched once into
# scripts/runtime. MURMURATION_NODE=22 or 24 takes the fetched one of that version whatever the machine has.
# A shell script, because it ends in exec: signals and kill -9 reach the program itself.
set -eu
OLDEST="22.15, 23.8"
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

# What package.json says under engines: node:zlib has zstd from these versions on.
is_new_enough() {
  major=${1%%.*}
  minor=${1#*.}
  minor=${minor%%.*}
  case $major in
    22) [ "$minor" -ge 15 ] ;;
    23) [ "$minor" -ge 8 ] ;;
    *) [ "$major" -ge 24 ] ;;
  esac
}

version=${MURMURATION_NODE:-}
if [ -z "$version" ]; then
  own=$(node -p 'process.versions.node' 2>/dev/null) || own=0.0
  ! is_new_enough "$own" || exec node "$@"
  version=24
  reason="this machine has no node"
  [ "$own" = 0.0 ] || reason="this machine's node is version $own, $OLDEST or newer is needed"
else
  reason="MURMURATION_NODE is $version"
fi
folder="$here/runtime/node-$version"
[ -d "$folder" ] || { echo "MURMURATION_NODE is $version: 22 and 24 can be fetched" >&2; exit 2; }

# Fetches into a folder of its own and moves it to its place: two that start at once, and one that is killed, leave nothing half done.
fetch() {
  echo "$reason: fetching node $version from the npm registry into scripts/runtime" >&2
  fetched="$folder/fetching-$$"
  trap 'rm -rf "$fetched"' EXIT
  trap 'exit 130' INT TERM
  mkdir "$fetched"
  cp "$folder/package.json" "$folder/package-lock.json" "$folder/.npmrc" "$fetched/"
  npm=0
  # npm waits long for a registry that does not answer, and passes over a package of a platform that it cannot get
  (cd "$fetched" && npm ci --prefer-offline --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000 \
    --loglevel=error --no-audit --no-fund >&2) || npm=$?
  if [ "$npm" != 0 ] || ! ls "$fetched"/node_modules/node-*/bin/node >/dev/null 2>&1; then
    echo "node $version could not be fetched: the npm registry is out of reach (npm ping tells), or has no package for $(uname -sm)." >&2
    echo "Mend that, or install node $OLDEST or newer." >&2
    exit 1
  fi
  if ! "$fetched"/node_modules/node-*/bin/node -e 0; then
    echo "the package of node $version does not run on this machine: install node $OLDEST or newer" >&2
    exit 1
  fi
  cp "$folder/package-lock.json" "$fetched/node_modules/.fetched"
  # who came first has put the same there
  if ! is_fetched; then
    rm -rf "$folder/node_modules"
    mv "$fetched/node_modules" "$folder/node_modules"
  fi
  rm -rf "$fetched"
  trap - EXIT INT TERM
}

is_fetched() {
  cmp -s "$folder/package-lock.json" "$folder/node_modules/.fetched"
}

is_fetched || fetch
for program in "$folder"/node_modules/node-*/bin/node; do
  # what the program starts by name (npm, node) is this version too
  PATH="$(dirname -- "$program"):$PATH" exec "$program" "$@"
done
