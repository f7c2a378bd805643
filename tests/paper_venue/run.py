#!/usr/bin/env python3
"""What a person does in the first minutes on paper, against a stand-in that was written from Alpaca's documents alone.

    python3 tests/paper_venue/run.py --binary PATH [--only WORD]

backtest, rehearse, drill, preflight, a session with fills in pieces, a stop, a lost stream, a halt from another
terminal, resume, an end in good order, a restart. aiohttp and msgpack are pinned in requirements.txt. The stand-in is open at
any hour, and so are the scenarios (`calendar = "24/7"`), so that it can be run at any time; it takes three minutes, since bars
are those of the clock. A test that fails ends with exit code 1.
"""
import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from decimal import Decimal
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from server import KEY, SECRET, Server  # noqa: E402

BINARY = None
# A command that takes longer hangs.
COMMAND_S = 240
# A bar ends within a minute, and the order it causes fills in pieces.
TRADE_S = 80

SCENARIO = """
[scenario]
name = "first_paper"
[data]
timeframe = "1m"
calendar = "24/7"
path = "{symbol}.csv"
symbols = ["AAPL", "MSFT"]
[account]
cash = "50000"
[strategy]
name = "ma_crossover"
params = { fast_period = 1, slow_period = 3 }
[sizing]
kind = "fixed_shares"
value = "7"
[execution]
participation = "1"
[stop]
kind = "percent"
value = "0.02"
[risk]
max_daily_loss = "0.02"
max_position_size = "0.10"
max_portfolio_heat = "0.25"
max_correlated_exposure = "0.25"
max_drawdown = "0.15"
max_gross_exposure = "1.0"
max_open_positions = 10
max_orders_per_minute = 30
max_order_notional = "25000"
price_collar = "0.10"
on_daily_loss = "halt"
on_breach = "reject"
"""


class Folder:
    """A folder of a person, and the program run in it. Nothing that it says may hold a key."""

    def __init__(self, path):
        self.path = Path(path)
        (self.path / "first.toml").write_text(SCENARIO)
        self.keys()

    def keys(self, key=KEY, secret=SECRET, more=""):
        env = self.path / ".env"
        env.write_text(f"ALPACA_API_KEY={key}\nALPACA_SECRET_KEY={secret}\nALPACA_PAPER=true\n{more}")
        env.chmod(0o600)

    def environment(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ALPACA_", "ALPHAFLOW_"))}
        return {**kept, "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}

    async def start(self, *arguments):
        return await asyncio.create_subprocess_exec(BINARY, *arguments, cwd=self.path, env=self.environment(),
                                                    stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)

    async def run(self, *arguments, code=0, within=COMMAND_S):
        process = await self.start(*arguments)
        said, _ = await asyncio.wait_for(process.communicate(), within)
        said = said.decode()
        holds_no_key(said)
        assert process.returncode == code, f"{arguments}: exit code {process.returncode}, wanted {code}:\n{said}"
        return said


def holds_no_key(said):
    assert KEY not in said and SECRET not in said, "a key is shown"


async def until(what, is_so, within=60):
    """Waits until it is so."""
    end = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < end, f"not within {within} s: {what}"
        await asyncio.sleep(0.1)


class Session:
    """`trade --mode paper`, with what it has said."""

    def __init__(self, folder, address, *more):
        self.folder, self.arguments, self.lines = folder, ("trade", "first.toml", *paper(address), "--port", "0", *more), []

    async def __aenter__(self):
        self.process = await self.folder.start(*self.arguments)
        self.reading = asyncio.ensure_future(self._read())
        return self

    async def _read(self):
        async for line in self.process.stdout:
            self.lines.append(line.decode().rstrip())

    def said(self, *words):
        return [line for line in self.lines if all(word in line for word in words)]

    async def hears(self, *words, within=60):
        try:
            await until(" ".join(words), lambda: self.said(*words) or self.process.returncode is not None, within)
            assert self.said(*words), "it has ended"
        except AssertionError as error:
            raise AssertionError(f"{error}: {' '.join(words)}\n" + "\n".join(self.lines[-60:])) from None

    async def end(self):
        self.process.send_signal(signal.SIGINT)
        await asyncio.wait_for(self.process.wait(), 40)
        await self.reading
        holds_no_key("\n".join(self.lines))
        return self.process.returncode

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        self.reading.cancel()


def paper(address):
    return ("--mode", "paper", "--stand-in", address, "--state", "mine")


# What is tried.


async def from_nothing_to_a_preflight(folder, address, server):
    """backtest, rehearse and drills; then everything on the list holds or is a warning."""
    for symbol, price in (("AAPL", "190"), ("MSFT", "400")):
        await folder.run("data", "synthesize", "--symbol", symbol, "--timeframe", "1m", "--calendar", "24/7",
                         "--start", "2024-03-04", "--sessions", "2", "--price", price, "--out", f"{symbol}.csv")
    await folder.run("backtest", "first.toml")
    await folder.run("rehearse", "first.toml")
    first = await folder.run("preflight", "first.toml", *paper(address), "--format", "json", code=0)
    items = {item["item"]: item for item in json.loads(first)["items"]}
    for name in ("keys", "paper_flag", "account", "funds", "clock", "assets", "backtest", "parity"):
        assert items[name]["verdict"] == "holds", items[name]
    assert items["drill_paper"]["verdict"] == "warns", items["drill_paper"]
    assert "DLQU" in items["account"]["text"] and "PA3NXGPDDLQU" not in first, items["account"]


async def wrong_keys_are_said_at_once(folder, address, server):
    """Not after half a minute of silence, and nothing is sent with keys that may be an account's."""
    try:
        folder.keys(secret="x" * 40)
        began = time.monotonic()
        said = await folder.run("trade", "first.toml", *paper(address), code=1, within=30)
        assert "refuses the keys (401: unauthorized.)" in said and time.monotonic() - began < 20, said
        folder.keys(key="PKZZZZZZZZZZZZZZZZZZ")
        calls = len(server.calls)
        said = await folder.run("trade", "first.toml", *paper(address), code=2, within=30)
        assert "begin with PKSTANDIN" in said, said
        said = await folder.run("halt", *paper(address), code=1, within=30)
        assert "begin with PKSTANDIN" in said, said
        await folder.run("resume", "--reason", "it was a try", "--state", "mine")
        assert len(server.calls) == calls, server.calls[calls:]
    finally:
        folder.keys()


async def a_stand_in_is_on_this_machine(folder, address, server):
    """No other host, no other mode, and not the folder of real sessions."""
    for arguments, word in [
        (("--mode", "paper", "--stand-in", "192.0.2.1:80", "--state", "mine"), "loopback"),
        (("--mode", "paper", "--stand-in", "localhost:80", "--state", "mine"), "loopback"),
        (("--mode", "live", "--stand-in", address, "--state", "mine"), "stands in for paper alone"),
        (("--stand-in", address, "--state", "mine"), "stands in for paper alone"),
        (("--mode", "paper", "--stand-in", address), "a folder of its own"),
    ]:
        said = await folder.run("trade", "first.toml", *arguments, code=2)
        assert word in said, said


async def a_drill_needs_a_free_account(folder, address, server):
    server.is_open = False
    said = await folder.run("drill", *paper(address), code=1)
    assert "the market is closed; it opens at" in said, said
    server.is_open = True
    server.book.submit({"symbol": "MSFT", "qty": "2", "side": "buy", "type": "market", "time_in_force": "day"})
    await until("a position", lambda: server.book.positions())
    said = await folder.run("drill", *paper(address), code=1)
    assert "the account holds 2 shares of MSFT, which a drill did not buy" in said, said
    assert server.book.held == {"MSFT": Decimal(2)}
    server.book.close("MSFT", {})
    await until("no position", lambda: not server.book.positions())
    server.book.submit({"symbol": "MSFT", "qty": "1", "side": "buy", "type": "limit", "limit_price": "300", "time_in_force": "day"})
    await asyncio.sleep(1)
    said = await folder.run("drill", *paper(address), code=1)
    assert "an order for MSFT is open, which a drill did not send" in said, said
    for order in server.book.everything():
        if order.is_open:
            server.book.cancel(order.id)
    await until("no order", lambda: not any(order.is_open for order in server.book.everything()))


async def a_drill_passes_and_leaves_nothing(folder, address, server):
    said = await folder.run("drill", *paper(address), "--format", "json")
    report = json.loads(said)
    assert report["mode"] == "paper" and report["passed"] and len(report["steps"]) >= 17, said
    assert not server.book.held and not any(order.is_open for order in server.book.everything())
    bought = [body for body in server.book.posts if body["side"] == "buy" and body["symbol"] == "F"]
    assert bought and all(body["qty"] == "1" for body in bought), bought
    assert json.loads((folder.path / "mine/drill_paper.json").read_text()) == report
    assert not (folder.path / "mine/kill_switch.json").exists() or "halted" not in await folder.run("status", "--state", "mine")
    checked = await folder.run("preflight", "first.toml", *paper(address), "--format", "json")
    item = [item for item in json.loads(checked)["items"] if item["item"] == "drill_paper"][0]
    assert item["verdict"] == "holds", item


async def a_session_trades(folder, address, server):
    """Warm-up from pages, announced splits, fills in pieces, stops at the venue, a lost stream, a limit of calls, strangers."""
    book = server.book
    server.actions = announced(server.now())
    async with Session(folder, address) as session:
        await session.hears("Both streams are ready", within=90)
        assert [call for call in server.calls if call.startswith("GET /v2/stocks/bars")], "no warm-up"
        assert "GET /v1/corporate-actions" in server.calls, "splits are not asked for"
        # The minute at hand crosses upwards, and no exit comes from there on.
        server.market.rises_from = int(server.now() // 60)
        await until("a position of 7 shares", lambda: 7 in book.held.values() or session.process.returncode is not None, TRADE_S)
        symbol = next(name for name, held in book.held.items() if held == 7)
        pieces = [row for row in book.activities if row["symbol"] == symbol and row["side"] == "buy"]
        assert len(pieces) >= 2, pieces
        await until("a stop that rests", lambda: stops(book, symbol) == [("new", Decimal(7))], 20)
        await session.hears("Stop of", symbol, "stands at")

        # A stranger's order, which is told and left alone.
        book.submit({"symbol": "F", "qty": "1", "side": "buy", "type": "limit", "limit_price": "9", "time_in_force": "gtc"})
        await session.hears("for F", "is not of this session", within=60)

        # Trade updates break off; what happens meanwhile is found out.
        server.cut()
        server.busy["GET /v2/orders"] = 2
        await until("the stream is back", lambda: server.listeners, 60)
        await until("all is read again", lambda: len(session.said("Both streams are ready")) == 2, 60)
        assert session.process.returncode is None, "\n".join(session.lines[-30:])

        # From another terminal.
        said = await folder.run("halt", "--reason", "lunch", "--state", "mine")
        assert "session" in said, said
        await session.hears("Halted", within=20)
        await folder.run("resume", "--reason", "lunch is over", "--state", "mine")
        assert await session.end() == 0, "\n".join(session.lines[-30:])
        assert session.said("ended in good order"), session.lines[-10:]
        broken = session.said("could not be read") + session.said("cannot be read") + session.said("was split")
        assert not broken, broken
    said = await folder.run("audit", "verify", "--mode", "paper", "--state", "mine")
    shown = await folder.run("history", "--mode", "paper", "--state", "mine", "--format", "json")
    assert symbol in shown, shown


async def it_goes_on_after_a_restart(folder, address, server):
    """What is held has its stop; a dividend that was paid meanwhile is in the book."""
    book = server.book
    held = dict(book.held)
    symbol = next(iter(held), "AAPL")
    book.pay("DIV", symbol, "3.36", "0.24", "14", "CDIV")
    book.pay("FEE", symbol, "-0.02", None, "0")
    async with Session(folder, address) as session:
        await session.hears("Both streams are ready", within=90)
        await session.hears(f"Dividend of {symbol}: +$3.36", within=60)
        await session.hears("cash moved by", "FEE", within=30)
        said = await folder.run("halt", "--flatten", "--state", "mine")
        await until("nothing is held", lambda: not book.held and not any(order.is_open for order in book.everything()), 60)
        assert await session.end() == 0, "\n".join(session.lines[-30:])
    await folder.run("resume", "--reason", "the end", "--state", "mine")
    async with Session(folder, address) as session:
        await session.hears("Both streams are ready", within=90)
        await asyncio.sleep(5)
        assert not session.said("Dividend of"), "booked twice"
        assert not session.said("cash moved by"), "told twice"
        assert await session.end() == 0


async def a_journal_belongs_to_its_account(folder, address, server):
    """A paper account that was reset is another one. Limits of `.env` begin no new book."""
    own, server.book.number, posts = server.book.number, "PA4RESET2DAY", len(server.book.posts)
    try:
        said = await folder.run("trade", "first.toml", *paper(address), "--port", "0", code=1, within=60)
    finally:
        server.book.number = own
    assert "belongs to the account that ends in DLQU, and the keys are those of one that ends in 2DAY" in said, said
    assert "another --state folder" in said and len(server.book.posts) == posts, said
    try:
        folder.keys(more="MAX_DAILY_LOSS=0.015\n")
        async with Session(folder, address) as session:
            await session.hears("Limits of first_paper have changed: max_daily_loss was 0.02 and is 0.015", within=90)
            await session.hears("Both streams are ready", within=90)
            assert not session.said("A new book"), session.lines
            assert await session.end() == 0, "\n".join(session.lines[-30:])
    finally:
        folder.keys()
    said = await folder.run("audit", "replay", "--mode", "paper", "--state", "mine")
    assert "first_paper" in said, said


async def a_halt_without_a_session(folder, address, server):
    book = server.book
    book.submit({"symbol": "AAPL", "qty": "5", "side": "buy", "type": "market", "time_in_force": "gtc", "order_class": "oto",
                 "stop_loss": {"stop_price": "50"}})
    await until("a position", lambda: book.held.get("AAPL") == 5)
    said = await folder.run("halt", "--flatten", *paper(address))
    assert "the venue shows no order and no position" in said and not book.held, said
    await folder.run("resume", "--reason", "done", "--state", "mine")


def announced(now):
    """A split of the past and one that is to come, as the venue lists them: neither changes anything today."""
    day = lambda days: time.strftime("%Y-%m-%d", time.gmtime(now + days * 86_400))
    row = lambda symbol, new, old, on: {"id": f"a5c1-{symbol}", "symbol": symbol, "new_rate": new, "old_rate": old, "process_date": on,
                                        "ex_date": on, "record_date": on, "payable_date": on}
    return {"forward_splits": [{**row("AAPL", 2, 1, day(4)), "cusip": "037833100", "due_bill_redemption_date": day(5)}],
            "reverse_splits": [{**row("MSFT", 1, 10, day(-100)), "old_cusip": "594918104", "new_cusip": "594918203"}]}


def stops(book, symbol):
    """Status and shares of stops that are alive."""
    return [(order.status, order.left()) for order in book.everything() if order.symbol == symbol and order.type == "stop" and order.is_open]


TESTS = [a_stand_in_is_on_this_machine, from_nothing_to_a_preflight, wrong_keys_are_said_at_once, a_drill_needs_a_free_account,
         a_drill_passes_and_leaves_nothing, a_session_trades, it_goes_on_after_a_restart, a_journal_belongs_to_its_account,
         a_halt_without_a_session]


async def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    global BINARY
    BINARY = str(Path(arguments.binary).resolve())
    server = Server()
    address = await server.start()
    failed = 0
    with tempfile.TemporaryDirectory() as path:
        folder = Folder(path)
        for test in TESTS:
            if arguments.only not in test.__name__:
                continue
            began = time.monotonic()
            try:
                await test(folder, address, server)
                print(f"ok    {test.__name__}  {time.monotonic() - began:.1f} s", flush=True)
            except Exception:
                failed += 1
                print(f"FAIL  {test.__name__}\n{traceback.format_exc()}", flush=True)
    await server.stop()
    print(f"{failed} failed" if failed else "all passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
