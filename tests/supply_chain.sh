#!/usr/bin/env bash
# What the program is made of: licences, sources and advisories (cargo-deny, deny.toml), and a bill of materials
# (CycloneDX 1.5, cargo-cyclonedx), which must name every package that Cargo.lock brings into the program.
# Usage: tests/supply_chain.sh [FILE]; FILE is where the bill goes, alphaflow.cdx.json in the current folder without it.
# Exit code: 0 all holds, 3 a check did not hold. A tool that is not installed is named and left out.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
bill="$(realpath -m "${1:-alphaflow.cdx.json}")"
cd "$root"
failed=0

# The lock file is the program: nothing here may change it.
cargo tree --locked --depth 0 >/dev/null || { echo "Cargo.lock does not fit Cargo.toml; run cargo build and commit both"; exit 3; }

if cargo deny --version >/dev/null 2>&1; then
    cargo deny --locked check licenses bans sources || failed=3
    # The advisories are kept at GitHub; without a way there nobody knows.
    if timeout 120 cargo deny --locked fetch >/dev/null 2>&1; then
        cargo deny --locked check advisories || failed=3
    else
        echo "not checked: advisories (their database cannot be fetched)"
    fi
else
    echo "not checked: licences, sources, advisories (cargo install cargo-deny --locked)"
fi

if cargo cyclonedx --version >/dev/null 2>&1; then
    # The tool writes beside Cargo.toml, also of the packages below it.
    trap 'rm -f "$root/alphaflow_bill.json" "$root/core/alphaflow_bill.json"' EXIT
    cargo cyclonedx --quiet --format json --spec-version 1.5 --no-build-deps --override-filename alphaflow_bill
    mv "$root/alphaflow_bill.json" "$bill"
    python3 - "$bill" <<'PYTHON' || failed=3
"""The bill names what `cargo tree` names, each with version, licence and address."""
import json
import subprocess
import sys

bill = json.load(open(sys.argv[1]))
tree = ["cargo", "tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}"]
lines = subprocess.run(tree, check=True, capture_output=True, text=True).stdout.splitlines()
wanted = {tuple(line.split()[:2]) for line in lines if line.strip()} - {("alphaflow", "v" + bill["metadata"]["component"]["version"])}
named = {(part["name"], "v" + part["version"]) for part in bill["components"]}
faults = [f"{name} {version} is not in the bill" for name, version in sorted(wanted - named)]
for part in bill["components"]:
    if not part.get("licenses") or not part.get("purl"):
        faults.append(f"{part['name']} {part['version']} has no licence or no address in the bill")
print("\n".join(faults) or f"bill of materials: {len(named)} packages, {sys.argv[1]}")
sys.exit(3 if faults else 0)
PYTHON
else
    echo "not checked: bill of materials (cargo install cargo-cyclonedx --locked)"
fi
exit "$failed"
