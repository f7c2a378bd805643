#!/usr/bin/env bash
# Built without the feature `live`, neither the program nor the library contains the host of live trading.
# The dev profile shares its dependencies with every other build of it, so this compiles one crate, twice.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}" LC_ALL=C
host='api\.alpaca\.markets'

# The paper host ends in the same letters.
holds_live_host() { grep -a -o ".\{0,6\}$host" "$1" | grep -a -v -q "paper-$host\$"; }

cargo build --locked --no-default-features
for file in "$CARGO_TARGET_DIR/debug/alphaflow" "$CARGO_TARGET_DIR/debug/libalphaflow.rlib"; do
    test -s "$file" || { echo "missing: $file"; exit 1; }
    if holds_live_host "$file"; then echo "$file: contains the live host, built without the feature \`live\`"; exit 1; fi
    grep -a -q "data\.alpaca\.markets" "$file" || { echo "$file: not even the data host is found; is this the program?"; exit 1; }
done
# The same search finds it where it belongs; otherwise the lines above prove nothing.
cargo build --locked --lib
holds_live_host "$CARGO_TARGET_DIR/debug/libalphaflow.rlib" || { echo "the search does not find the live host where it is"; exit 1; }
echo "no live host without the feature \`live\`"
