#!/bin/sh
# The sweep of benches/sweep.rs beside vectorbt on the same bars, in turn, on one core each.
#
#   benches/peers/sweep.sh
#
# Wants Python 3.11 with venv, and pip. Everything it makes is under target/peers.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
into=${CARGO_TARGET_DIR:-$root/target}/peers
mkdir -p "$into"
[ -x "$into/venv/bin/python" ] || python3 -m venv "$into/venv"
"$into/venv/bin/pip" install --quiet 'vectorbt==1.2.0' 'vectorbt-rust==1.2.0'
cd "$root"
cargo run --quiet --release -- data synthesize --symbol SYN --timeframe 1m --sessions 1290 --start 2005-01-03 --seed 20261126 \
    --out "$into/SYN.csv" > "$into/synthesize.txt"
for engine in rust numba; do
    "$into/venv/bin/python" benches/peers/sweep_vectorbt.py "$into/SYN.csv" --engine "$engine"
done
cargo bench --quiet --bench sweep
