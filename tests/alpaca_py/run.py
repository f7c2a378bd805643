#!/usr/bin/env python3
"""Drives `alphaflow exchange` with the official alpaca-py, unchanged, and checks what both say.

    python3 tests/alpaca_py/run.py --binary PATH [--only WORD] [--strict]

Expectations come from Alpaca's documentation, the specification of the exchange and the models of alpaca-py, never
from our code. alpaca-py 0.44.0 (Apache-2.0) and what it needs are pinned in requirements.txt. Where it is not
installed, that is said, and nothing is checked; --strict makes it an error. A test that fails ends with exit code 1.
"""
import argparse
import importlib
import inspect
import os
import sys
import tempfile
import time
import traceback
from importlib import metadata
from pathlib import Path

# The modules of this folder leave nothing behind.
sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
VERSION = "0.44.0"
ROOMS = ["reference", "account", "orders", "legs", "changes", "lists", "errors", "guards", "updates", "sessions",
         "data", "days", "data_stream", "control", "faults", "robust", "parity", "speeds"]


def is_installed(strict):
    try:
        found = metadata.version("alpaca-py")
    except metadata.PackageNotFoundError:
        found = "none"
    if found == VERSION:
        return True
    print(f"not checked: alpaca-py {VERSION} against the exchange ({found} is installed; see requirements.txt)")
    if strict:
        sys.exit(1)
    return False


def tests_of(room):
    module = importlib.import_module(f"test_{room}")
    return [(f"{room}: {name[5:].replace('_', ' ')}", function) for name, function in vars(module).items()
            if name.startswith("test_")]


def run(test, places):
    """Runs one test at fresh exchanges; gives what went wrong."""
    wanted = inspect.signature(test).parameters
    for name in wanted:
        if name in ("desk", "days"):
            places[name].reset()
    try:
        test(**{name: places[name] for name in wanted})
    except Exception:
        return traceback.format_exc()
    return None


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--binary", required=True, help="the alphaflow binary")
    arguments.add_argument("--only", default="", help="run the tests whose name has this word")
    arguments.add_argument("--strict", action="store_true", help="fail where alpaca-py is not installed")
    chosen = arguments.parse_args()
    if not is_installed(chosen.strict):
        return 0
    sys.path.insert(0, str(HERE))
    import desk as desks
    import market

    desks.without_proxy()
    desks.quiet_logs()
    began, failed, count = time.monotonic(), [], 0
    with tempfile.TemporaryDirectory() as folder:
        scenarios = market.write(folder)
        binary = os.path.abspath(chosen.binary)
        exchanges = [desks.Exchange(binary, scenario) for scenario in scenarios]
        places = {"desk": desks.Desk(exchanges[0]), "days": desks.Desk(exchanges[1]), "binary": binary,
                  "scenario": scenarios[0], "folder": Path(folder)}
        try:
            for room in ROOMS:
                for name, test in tests_of(room):
                    if chosen.only not in name:
                        continue
                    count += 1
                    started = time.monotonic()
                    problem = run(test, places)
                    took = time.monotonic() - started
                    print(f"{'FAILED' if problem else 'ok':6} {name}" + (f" ({took:.1f} s)" if took > 1 else ""),
                          flush=True)
                    if problem:
                        failed.append((name, problem))
        finally:
            codes = [exchange.stop() for exchange in exchanges]
    for name, problem in failed:
        print(f"\n-- {name}\n{problem}")
    if any(codes):
        print(f"the exchange ended with {codes}, not with 0")
    print(f"{count - len(failed)} of {count} tests passed in {time.monotonic() - began:.0f} s")
    return 1 if failed or any(codes) or not count else 0


if __name__ == "__main__":
    sys.exit(main())
