#!/usr/bin/env python3
"""Makes docs/dashboard.png: the dashboard of a real rehearsal, in the afternoon of a session with a position and a closed trade.

    python3 tests/dashboard_py/picture.py --binary PATH [--out docs/dashboard.png] [--theme dark]

PATH is the program itself. It trades `scenarios/intraday_minutes.toml` on the built-in exchange in a folder of its own.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from playwright.sync_api import sync_playwright
from stage import Browser, until

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "picture-0123456789abcdef-dashboard-token"
# Between these minutes of New York the chart is full enough, and the session is not over; the account was read since the
# last fill.
FROM, TO = "12:30", "15:30"
READY = """([from, to]) => {
  const clock = /(\\d\\d:\\d\\d):\\d\\d ET/.exec(document.getElementById('clock').textContent)?.[1] ?? '';
  const has = (rows) => document.querySelectorAll(rows).length > 0;
  return clock > from && clock < to && has('#rows tr') && has('#closed tr') && has('#order-rows li') && has('#plot .m-entry') && !has('#f-power .old');
}"""


def address(lines):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = [line.split()[1] for line in lines.read_text().splitlines() if line.startswith("dashboard: ")]
        if found:
            return found[0]
        time.sleep(0.05)
    raise SystemExit(f"no dashboard within a minute: {lines.read_text()}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--binary", required=True, help="the program")
    arguments.add_argument("--out", default=str(ROOT / "docs" / "dashboard.png"))
    arguments.add_argument("--theme", default="dark", choices=["dark", "light"])
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        for name in ["scenarios", "data"]:
            shutil.copytree(ROOT / name, Path(folder) / name)
        command = [os.path.abspath(chosen.binary), "trade", "scenarios/intraday_minutes.toml", "--speed", "240", "--port", "0"]
        # Into a file: a pipe that nobody empties would hold the session.
        lines = Path(folder) / "lines.txt"
        session = subprocess.Popen(command, cwd=folder, env={**os.environ, "DASHBOARD_TOKEN": TOKEN}, stdout=lines.open("w"))
        try:
            url = address(lines)
            browser = Browser(playwright, shutil.which("chromium"), Path(folder))
            context = browser.browser.new_context(viewport={"width": 1600, "height": 1000}, color_scheme=chosen.theme, reduced_motion="reduce")
            page = context.new_page()
            page.goto(url + "/login")
            page.fill("#token", TOKEN)
            page.press("#token", "Enter")
            page.wait_for_url(lambda at: not at.endswith("/login"))
            began = time.monotonic()
            until(page, READY, [FROM, TO], seconds=600)
            page.screenshot(path=chosen.out)
            browser.close()
        finally:
            session.kill()
            session.wait()
        print(f"{chosen.out}, after {time.monotonic() - began:.0f} s of the session")


if __name__ == "__main__":
    main()
