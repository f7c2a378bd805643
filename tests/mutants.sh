#!/bin/sh
# Mutation check of core/src/risk: every mutant that cargo-mutants makes must fail a test, or be argued in mutants.md.
#
#   tests/mutants.sh                          all of it: an hour and a half of one core
#   tests/mutants.sh --file src/risk/heat.rs  or whatever else cargo mutants takes
#
# The whole crate builds too slowly for a thousand mutants, most of it Parquet. So core/src/risk is copied to
# target/mutants as a crate of its own, beside the rooms it imports, which are built once. Its tests are the unit
# tests of core/src/risk and what tests/ has that needs no other room: one binary, so that a mutant costs one compilation
# and one link. A first round runs the quick tests; what survives them, a second round with the models too.
# target/mutants/mutants.out/missed.txt lists what is left: each line must be argued in mutants.md.
#
# Wants `cargo install cargo-mutants --locked`. A test that fails is enough here, not its smallest form, so
# proptest does not shrink.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
around=${CARGO_TARGET_DIR:-$root/target}/mutants
into=$around/core
[ $# -gt 0 ] || set -- --file 'src/risk/**'

rm -rf "$around"
mkdir -p "$around/tests" "$into/src" "$into/rooms/src/market" "$into/tests"
needs() {
    grep -E "^($1) = " "$root/Cargo.toml"
}

# The rooms below: domain, portfolio, venue, and of market what neither reads nor writes a file.
cp -r "$root/core/src/domain" "$root/core/src/portfolio" "$root/core/src/venue" "$into/rooms/src"
rooms="calendar civil holidays margin_dates new_york settlement special"
for room in $rooms; do cp "$root/core/src/market/$room.rs" "$into/rooms/src/market"; done
for room in $rooms; do echo "mod $room;"; done > "$into/rooms/src/market/mod.rs"
awk -v RS=';\n' '/^(\n*)pub use (calendar|margin_dates|new_york|settlement)::/ { print $0 ";" }' \
    "$root/core/src/market/mod.rs" >> "$into/rooms/src/market/mod.rs"
sed -i 's/pub(crate)/pub/' "$into"/rooms/src/*/*.rs
echo 'pub mod domain; pub mod market; pub mod portfolio; pub mod venue;' > "$into/rooms/src/lib.rs"
{
    printf '[package]\nname = "rooms"\nversion = "0.0.0"\nedition = "2024"\n[dependencies]\n'
    needs 'jiff|rand_xoshiro|rust_decimal|serde|thiserror'
} > "$into/rooms/Cargo.toml"

# The crate under mutation.
cp -r "$root/core/src/risk" "$into/src"
cp "$root/Cargo.lock" "$into"
{
    echo 'pub use rooms::{domain, market, portfolio, venue};'
    echo 'pub mod risk;'
    echo '#[cfg(test)] extern crate self as alphaflow;'
} > "$into/src/lib.rs"
for test in correlation risk_model kill_switch_model; do
    if [ -d "$root/tests/$test" ]; then
        cp -r "$root/tests/$test" "$into/tests/$test"
        sed -i "s/\bcrate::/crate::$test::/" "$into/tests/$test"/*.rs
        file=$test/main.rs
    else
        [ -f "$root/tests/$test.rs" ] || continue
        file=$test.rs
        cp "$root/tests/$file" "$into/tests"
    fi
    echo "#[cfg(test)] #[path = \"../tests/$file\"] mod $test;" >> "$into/src/lib.rs"
done
{
    printf '[package]\nname = "alphaflow"\nversion = "0.0.0"\nedition = "2024"\nautotests = false\n'
    printf '[lib]\ndoctest = false\n[workspace]\nmembers = ["rooms"]\n[dependencies]\nrooms = { path = "rooms" }\n'
    needs 'serde|serde_json|thiserror'
    echo '[dev-dependencies]'
    needs 'proptest|rand_xoshiro|rust_decimal|tempfile'
    printf '[profile.dev]\ndebug = false\n[profile.dev.package."*"]\nopt-level = 2\ndebug-assertions = true\noverflow-checks = true\n'
} > "$into/Cargo.toml"

# Tests of rooms look beside the core, those of tests/ beside themselves.
for beside in "$around" "$into"; do
    ln -s "$root/data" "$beside/data"
    ln -s "$root/tests/golden" "$beside/tests/golden"
done

cd "$into"
export PROPTEST_MAX_SHRINK_ITERS=0
slow="--skip the_gate_and_the_model_agree --skip kill_switch_model:: --skip groups_are_those_of_the_model"
cargo mutants --in-place --timeout 20 "$@" -- --lib -- $slow && exit
# A mutant that does not end is noticed too: it is not tried again. What is left there from the first round is argued
# or met by a model.
cat mutants.out/timeout.txt >> mutants.out/caught.txt
cargo mutants --in-place --iterate --timeout 300 "$@" -- --lib
