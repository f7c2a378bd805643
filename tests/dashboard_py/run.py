#!/usr/bin/env python3
"""Looks at the dashboard with a real browser: every page, control and state, and a picture of each.

    python3 tests/dashboard_py/run.py --binary PATH [--shots FOLDER] [--only WORD] [--strict]

PATH is the example `dashboard_states` (`cargo build --example dashboard_states`), which serves scripted states. The
browser is Debian's chromium, driven by Playwright for Python (pinned in requirements.txt). Where either is missing, that
is said, and nothing is checked; --strict makes it an error. A test that fails ends with exit code 1.
"""
import argparse
import importlib
import os
import shutil
import sys
import tempfile
import time
import traceback
from importlib import metadata
from pathlib import Path

# The modules of this folder leave nothing behind.
sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
ROOMS = ["signing", "states", "shape", "controls", "chart", "keyboard", "live"]


def missing():
    """What is not here, in words; empty when all is."""
    found = []
    try:
        metadata.version("playwright")
    except metadata.PackageNotFoundError:
        found.append("playwright (pip install -r tests/dashboard_py/requirements.txt)")
    if not shutil.which("chromium"):
        found.append("chromium (apt-get install chromium)")
    return found


def tests_of(room):
    module = importlib.import_module(f"test_{room}")
    return [(f"{room}: {name[5:].replace('_', ' ')}", function) for name, function in vars(module).items()
            if name.startswith("test_")]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--binary", required=True, help="the example dashboard_states")
    arguments.add_argument("--shots", default="", help="keep a picture of every state in this folder")
    arguments.add_argument("--only", default="", help="run the tests whose name has this word")
    arguments.add_argument("--strict", action="store_true", help="fail where something is missing")
    chosen = arguments.parse_args()
    if lacking := missing():
        print(f"not checked: the dashboard in a browser; missing: {', '.join(lacking)}")
        return 1 if chosen.strict else 0
    sys.path.insert(0, str(HERE))
    import stage as stages
    from playwright.sync_api import sync_playwright

    began, failed, count = time.monotonic(), [], 0
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        shots = Path(chosen.shots or folder)
        shots.mkdir(parents=True, exist_ok=True)
        browser = stages.Browser(playwright, shutil.which("chromium"), shots)
        for room in ROOMS:
            for name, test in tests_of(room):
                if chosen.only not in name:
                    continue
                stage = stages.Stage(os.path.abspath(chosen.binary))
                try:
                    test(stage, browser)
                except Exception:
                    failed.append(name)
                    print(f"failed: {name}\n{traceback.format_exc()}")
                finally:
                    browser.forget()
                    stage.stop()
                count += 1
        browser.close()
    print(f"{count} tests, {len(failed)} failed, {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
