#!/usr/bin/env python3
"""Runs order scripts in backtesting.py and backtrader and compares their fills with ours.

    python3 tests/oracle/run_peers.py --binary PATH [--random 40] [--seed 1] [--strict]

Cases are those of peer_cases.json and, with --random N, N seeded ones. Ours come from `alphaflow backtest` on
files written for the case; what we ought to do is never written here (tests/peer_matrix.rs says that). Every
difference must be explained by a named rule: a committed case names it under `differs`, a random one finds it by
what the rule applies to. A difference without a rule, or a rule without a difference, ends with exit code 1. A
package that is not installed is named as not checked; --strict makes that an error too.

Versions: backtesting 0.6.6 (AGPL-3.0), backtrader 1.9.78.123 (GPL-3.0). They run here, in a process of their
own; nothing of them is part of alphaflow.
"""
import argparse
import csv
import datetime
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import warnings
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
DAYS = ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10",
        "2024-01-11", "2024-01-12", "2024-01-16", "2024-01-17", "2024-01-18"]
HEADER = ("time,action,id,symbol,side,qty,type,limit_price,stop_price,trail_price,trail_percent,"
          "time_in_force,order_class,take_profit,stop_loss").split(",")
SCENARIO = """[scenario]
name = "peers"
[data]
timeframe = "1d"
path = "{symbol}.csv"
symbols = ["TST"]
[account]
cash = "100000"
allow_short = true
[strategy]
name = "order_script"
params = { file = "orders.csv" }
[sizing]
kind = "fixed_shares"
value = 1
[execution]
participation = "1"
[risk]
max_daily_loss = "1"
max_position_size = "10"
max_portfolio_heat = "10"
max_correlated_exposure = "10"
max_drawdown = "1"
max_gross_exposure = "10"
max_open_positions = 100
max_orders_per_minute = 1000
max_order_notional = "10000000"
price_collar = "1"
on_daily_loss = "halt"
on_breach = "reject"
"""

# Name of a rule: whose engine follows it, and what it says. D1, D2, D3 are the groups of peer_cases.json.
RULES = {
    "bt-children-next-bar": "backtrader activates the legs of a bracket on the bar after its entry; ours are live "
                            "from the entry's open",
    "bt-legs-keep-size": "backtrader's legs keep their size when the position shrinks otherwise; ours follow it",
    "exit-on-entry-bar": "backtesting.py lets only a market entry leave on its own bar; ours any entry that filled at "
                         "its open",
    "bpy-exit-and-stop": "backtesting.py fills a due exit and a stop that the same open has passed both, and turns the "
                         "position round; ours voids the stop",
    "stop-limit-shape": "D3: within the bar that triggers a stop-limit, backtrader fills in shapes it takes for "
                        "proof and backtesting.py at min(stop, limit); ours waits unless its trigger is good enough",
    "stop-limit-better-than-open": "backtesting.py fills a stop-limit jumped over at the open at its stop, a price "
                                   "that was not traded; ours fills at the open",
    "alpaca-collar": "ours: Alpaca turns a buy stop into a stop-limit 2.5 % (4 % below $50) above the stop",
    "limit-through": "ours with limit_fill = through: a touch is not enough (as in LEAN)",
    "both-touched-target-first": "ours with both_touched = target_first: the kind reading; theirs is the cruel one",
    "market-fill-next-close": "ours with market_fill = next_close (as in zipline); theirs have no such mode",
    "cash-trim": "ours with if_short_of_cash = trim takes what is paid for (as vectorbt); theirs refuse whole",
    "cash-at-approval": "ours with cash_check = approval tests a buy at the last close only (as LEAN); theirs at its "
                        "fill",
    "no-flip": "ours, as Alpaca: one order does not turn a position round",
    "trail-from-close": "backtrader moves a trailing stop by the close of a bar; ours by its best price",
    "slippage-model": "backtesting.py has a spread, paid by entries of every type, limits included, and by no exit",
    "volume-cap": "backtesting.py knows no volume",
}


def fields_of(text):
    """`2 submit E1 buy 10 limit limit_price=99` as a dictionary."""
    named, plain = {}, []
    for word in text.split():
        if "=" in word:
            name, value = word.split("=", 1)
            named[name] = value
        else:
            plain.append(word)
    row = dict(zip(["bar", "action", "id", "side", "qty", "type"], plain))
    row["bar"] = int(row["bar"])
    row.update(named)
    return row


def bars_of(case):
    """(open, high, low, close, volume) of every bar."""
    rows = []
    for text in case["bars"]:
        numbers = [float(word) for word in text.split()]
        rows.append(tuple(numbers + [1_000_000.0] * (5 - len(numbers))))
    return rows


def settings(case):
    return dict(entry.split("=", 1) for entry in case.get("set", []))


def merged(fills):
    """Fills as (bar, signed shares, price) by bar, those of one bar, side and price together."""
    sums = defaultdict(float)
    for bar, shares, price in fills:
        sums[(bar, shares > 0, round(price, 6))] += shares
    together = [(bar, shares, price) for (bar, _, price), shares in sums.items() if abs(shares) > 1e-9]
    return sorted(together, key=lambda fill: fill[0])


def text_of(fills):
    if isinstance(fills, str):
        return fills
    return " ".join(f"{shares:+g}@{bar}={price:g}" for bar, shares, price in fills) or "no fill"


# --- ours -----------------------------------------------------------------------------------------------------


def ours(case, binary):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "micro.toml").write_text(SCENARIO)
        lines = ["timestamp,open,high,low,close,volume"]
        for day, text in zip(DAYS, case["bars"]):
            words = text.split()
            lines.append(",".join([day, *words, *["1000000"] * (5 - len(words))]))
        (folder / "TST.csv").write_text("\n".join(lines) + "\n")
        rows = [",".join(HEADER)]
        for text in case["script"]:
            row = fields_of(text)
            row["time"] = DAYS[row["bar"]]
            row["symbol"] = "TST" if row["action"] == "submit" else ""
            rows.append(",".join(str(row.get(name, "")) for name in HEADER))
        (folder / "orders.csv").write_text("\n".join(rows) + "\n")
        call = [str(binary), "backtest", "micro.toml", "--out", "run", "--no-report"]
        for entry in case.get("set", []):
            call += ["--set", entry]
        done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{case['name']}: alphaflow ends with {done.returncode}: {done.stderr}")
        with open(folder / "run" / "fills.csv", newline="") as file:
            fills = list(csv.DictReader(file))
    sign = {"buy": 1, "sell": -1}
    return merged((DAYS.index(f["time"]), sign[f["side"]] * float(f["qty"]), float(f["price"])) for f in fills)


# --- backtesting.py -------------------------------------------------------------------------------------------


def inexpressible(case, engine):
    """Why the engine cannot be asked, if so."""
    rows = [fields_of(text) for text in case["script"]]
    if engine == "backtesting.py":
        if any(row.get("type") == "trailing_stop" for row in rows):
            return "no trailing stop order"
    if any(row["action"] not in ("submit", "cancel") for row in rows):
        return "script uses " + next(row["action"] for row in rows if row["action"] not in ("submit", "cancel"))
    if any("time_in_force" in row for row in rows):
        return "no such time in force"
    return None


def run_backtesting(case):
    import pandas
    from backtesting import Backtest, Strategy

    rows = bars_of(case)
    # It decides from its second bar on: one more in front leaves the first of the case free.
    frame = pandas.DataFrame([rows[0], *rows], columns=["Open", "High", "Low", "Close", "Volume"],
                             index=pandas.to_datetime(["2023-12-29", *DAYS[:len(rows)]]))
    script = [fields_of(text) for text in case["script"]]
    number = lambda row, name: float(row[name]) if name in row else None

    class Script(Strategy):
        def init(self):
            self.by_id = {}

        def next(self):
            now = len(self.data) - 2
            for row in script:
                if row["bar"] == now:
                    self.cancel(row) if row["action"] == "cancel" else self.submit(row)

        def cancel(self, row):
            order = self.by_id[row["id"]]
            if order in self.orders:
                order.cancel()

        def submit(self, row):
            if row.get("order_class") == "oco":
                for trade in self.trades:
                    trade.sl, trade.tp = number(row, "stop_loss"), number(row, "take_profit")
                return
            send = self.buy if row["side"] == "buy" else self.sell
            self.by_id[row["id"]] = send(size=int(row["qty"]), limit=number(row, "limit_price"),
                                         stop=number(row, "stop_price"), sl=number(row, "stop_loss"),
                                         tp=number(row, "take_profit"))

    rules = settings(case)
    spread = slippage_of(rules)
    test = Backtest(frame, Script, cash=float(rules.get("account.cash", 100_000)), spread=spread,
                    trade_on_close=rules.get("execution.market_fill") == "close")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stats = test.run()
    fills = []
    strategy = stats["_strategy"]
    for trade in [*strategy.closed_trades, *strategy.trades]:
        fills.append((trade.entry_bar - 1, trade.size, trade.entry_price))
        if trade.exit_bar is not None:
            fills.append((trade.exit_bar - 1, -trade.size, trade.exit_price))
    return merged(fills)


def slippage_of(rules):
    found = re.search(r'kind = "bps", value = "([0-9.]+)"', rules.get("execution.slippage", ""))
    return float(found.group(1)) / 10_000 if found else 0.0


# --- backtrader -----------------------------------------------------------------------------------------------


def run_backtrader(case):
    import backtrader

    rows = bars_of(case)
    script = [fields_of(text) for text in case["script"]]
    rules = settings(case)
    number = lambda row, name: float(row[name]) if name in row else None
    types = {"market": backtrader.Order.Market, "limit": backtrader.Order.Limit, "stop": backtrader.Order.Stop,
             "stop_limit": backtrader.Order.StopLimit, "trailing_stop": backtrader.Order.StopTrail}
    fills = []

    class Script(backtrader.Strategy):
        def __init__(self):
            self.by_id = {}
            self.executed = {}

        def notify_order(self, order):
            if order.status not in (order.Partial, order.Completed):
                return
            before = self.executed.get(order.ref, 0)
            for bit in list(order.executed.exbits)[before:]:
                day = backtrader.num2date(bit.dt).date().isoformat()
                fills.append((DAYS.index(day), bit.size, bit.price))
            self.executed[order.ref] = len(order.executed.exbits)

        def next(self):
            for row in script:
                if row["bar"] == len(self) - 1:
                    self.broker.cancel(self.by_id[row["id"]]) if row["action"] == "cancel" else self.submit(row)

        def submit(self, row):
            enter, leave = (self.buy, self.sell) if row["side"] == "buy" else (self.sell, self.buy)
            size, group = int(row["qty"]), row.get("order_class")
            stop, target = number(row, "stop_loss"), number(row, "take_profit")
            if group == "oco":
                first = enter(size=size, exectype=backtrader.Order.Stop, price=stop)
                enter(size=size, exectype=backtrader.Order.Limit, price=target, oco=first)
                return
            kind = row["type"]
            order = {"exectype": types[kind], "size": size, "transmit": group is None}
            if kind == "limit":
                order["price"] = number(row, "limit_price")
            if kind in ("stop", "stop_limit"):
                order["price"] = number(row, "stop_price")
            if kind == "stop_limit":
                order["plimit"] = number(row, "limit_price")
            if kind == "trailing_stop":
                percent = number(row, "trail_percent")
                order["trailamount"] = number(row, "trail_price")
                order["trailpercent"] = percent / 100 if percent else None
            entry = self.by_id[row["id"]] = enter(**order)
            if stop is not None:
                leave(size=size, exectype=backtrader.Order.Stop, price=stop, parent=entry, transmit=target is None)
            if target is not None:
                leave(size=size, exectype=backtrader.Order.Limit, price=target, parent=entry, transmit=True)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars.csv"
        path.write_text("\n".join(["timestamp,open,high,low,close,volume"] + [
            ",".join([day, *map(str, row)]) for day, row in zip(DAYS, rows)]) + "\n")
        cerebro = backtrader.Cerebro(stdstats=False)
        cerebro.adddata(backtrader.feeds.GenericCSVData(dataname=str(path), dtformat="%Y-%m-%d", openinterest=-1))
        cerebro.addstrategy(Script)
        cerebro.broker.setcash(float(rules.get("account.cash", 100_000)))
        cerebro.broker.set_coc(rules.get("execution.market_fill") == "close")
        cerebro.broker.set_slippage_perc(slippage_of(rules), slip_open=True, slip_limit=False, slip_match=True)
        share = float(rules.get("execution.participation", 1))
        cerebro.broker.set_filler(backtrader.fillers.FixedBarPerc(perc=100 * share))
        cerebro.run()
    return merged(fills)


ENGINES = {
    "backtesting.py": ("backtesting", "0.6.6", run_backtesting),
    "backtrader": ("backtrader", "1.9.78.123", run_backtrader),
}


def installed():
    """The engines at hand, and what is said of the others."""
    found, missing = {}, []
    for engine, (module, version, run) in ENGINES.items():
        try:
            have = __import__(module).__version__
        except ImportError as error:
            missing.append(f"{engine}: not installed ({error})")
            continue
        if have != version:
            missing.append(f"{engine}: version {have}, the comparison is pinned to {version}")
            continue
        found[engine] = run
    return found, missing


# --- random cases ---------------------------------------------------------------------------------------------


def random_case(seed):
    """Ten bars around 100 in whole dollars, an entry, perhaps exits."""
    dice = random.Random(seed)
    bars, close = ["100 101 99 100"] * 3, 100
    for _ in range(7):
        opened = close + dice.choice([0, 0, 0, -1, 1, -3, 3])
        close = opened + dice.randint(-3, 3)
        high = max(opened, close) + dice.choice([0, 0, 1, 2])
        low = min(opened, close) - dice.choice([0, 0, 1, 2])
        bars.append(f"{opened} {high} {low} {close}")
    side, way = dice.choice([("buy", 1), ("sell", -1)])
    other = "sell" if side == "buy" else "buy"
    shape = dice.choice(["market", "limit", "stop", "stop_limit", "bracket", "limit_bracket", "oto", "oco", "stop_later",
                         "limit_later", "sold_later"])
    stop, target = 100 - way * dice.randint(2, 5), 100 + way * dice.randint(2, 5)
    limit = 100 - way * dice.randint(0, 2)
    legs = f"stop_loss={stop - 2 * way} take_profit={target}"
    enter = f"2 submit E1 {side} 10 market"
    script = {
        "market": [enter],
        "limit": [f"2 submit E1 {side} 10 limit limit_price={100 - way * dice.randint(-1, 4)}"],
        "stop": [f"2 submit E1 {side} 10 stop stop_price={100 + way * dice.randint(-1, 4)}"],
        "stop_limit": [f"2 submit E1 {side} 10 stop_limit stop_price={100 + way * dice.randint(1, 4)} "
                       f"limit_price={100 + way * dice.randint(0, 5)}"],
        "bracket": [f"{enter} order_class=bracket {legs}"],
        "limit_bracket": [f"2 submit E1 {side} 10 limit limit_price={limit} order_class=bracket {legs}"],
        "oto": [f"{enter} order_class=oto stop_loss={stop}"],
        "oco": [enter, f"3 submit X1 {other} 10 order_class=oco take_profit={target} stop_loss={stop}"],
        "stop_later": [enter, f"3 submit S1 {other} 10 stop stop_price={stop}"],
        "limit_later": [enter, f"3 submit L1 {other} 10 limit limit_price={target}"],
        "sold_later": [enter, f"{dice.randint(3, 7)} submit X1 {other} {dice.choice([4, 10])} market"],
    }[shape]
    return {"name": f"seed {seed}: {shape}", "group": "random", "bars": bars, "script": script,
            "set": ["execution.venue_rules=none"]}


def rule_for(case, engine, mine, theirs):
    """The rule that explains a difference of a random case, by what it applies to; none if none does."""
    script = " ".join(case["script"])
    has_legs = "order_class=bracket" in script or "order_class=oto" in script
    entry = next((bar for bar, _, _ in mine), None)
    leaves_at_once = len(mine) > 1 and mine[1][0] == entry
    if "stop_limit" in script:
        return "stop-limit-shape"
    if has_legs and engine == "backtrader" and leaves_at_once:
        return "bt-children-next-bar"
    if has_legs and engine == "backtesting.py" and " limit " in script and leaves_at_once:
        return "exit-on-entry-bar"
    return None


# --- comparison -----------------------------------------------------------------------------------------------


def compare(case, engine, run, mine, rows, problems):
    reason = inexpressible(case, engine)
    if reason:
        rows.append((case["name"], engine, text_of(mine), "-", f"not asked: {reason}"))
        return
    theirs = run(case)
    measured = re.fullmatch(r"([0-9.]+)@(\d+)", case.get("measured", {}).get(engine, ""))
    if measured and (float(measured[1]), int(measured[2])) not in [(price, bar) for bar, _, price in theirs]:
        problems.append(f"{case['name']}: {engine} was measured at {measured[0]} and gives {text_of(theirs)}")
    named = case.get("differs", {}).get(engine)
    # What happened first within a bar is not compared: backtesting.py does not record it.
    if sorted(theirs) == sorted(mine):
        if named:
            problems.append(f"{case['name']}: {engine} agrees, but `differs` names {named}; take it out")
        rows.append((case["name"], engine, text_of(mine), text_of(theirs), "same"))
        return
    rule = named or (rule_for(case, engine, mine, theirs) if case["group"] == "random" else None)
    if rule not in RULES:
        problems.append(f"{case['name']}: {engine} gives {text_of(theirs)}, ours is {text_of(mine)}; no rule says why"
                        f" ({rule})\n    bars {case['bars']}\n    script {case['script']}")
    rows.append((case["name"], engine, text_of(mine), text_of(theirs), rule or "NO RULE"))


def print_table(rows):
    widths = [max(len(row[at]) for row in rows) for at in range(4)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)) + "  " + row[4])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    target = os.environ.get("CARGO_TARGET_DIR", str(HERE.parent.parent / "target"))
    parser.add_argument("--binary", type=Path, default=Path(target) / "release" / "alphaflow")
    parser.add_argument("--random", type=int, default=0, metavar="N", help="seeded random cases besides")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--strict", action="store_true", help="a missing package is an error")
    arguments = parser.parse_args()
    engines, missing = installed()
    for line in missing:
        print(f"not checked: {line}")
    if not engines:
        return 1 if arguments.strict else 0
    if not arguments.binary.is_file():
        print(f"no program at {arguments.binary}; build it with `cargo build --release`")
        return 1
    cases = json.loads((HERE / "peer_cases.json").read_text())
    cases += [random_case(seed) for seed in range(arguments.seed, arguments.seed + arguments.random)]
    rows, problems = [("case", "engine", "ours", "theirs", "rule")], []
    for case in cases:
        mine = ours(case, arguments.binary.resolve())
        for engine, run in engines.items():
            compare(case, engine, run, mine, rows, problems)
    print_table(rows)
    used = sorted({row[4] for row in rows} & set(RULES))
    print("\nRules that explain a difference:")
    for name in used:
        print(f"  {name}: {RULES[name]}")
    if not missing:
        problems += [f"no case shows the rule {name}; take it out" for name in RULES if name not in used]
    same = sum(row[4] == "same" for row in rows)
    print(f"\n{len(cases)} cases, {same} the same, {sum(row[4] in RULES for row in rows)} explained by "
          f"{len(used)} rules, {len(problems)} problems")
    for problem in problems:
        print(f"problem: {problem}")
    return 1 if problems or (missing and arguments.strict) else 0


if __name__ == "__main__":
    sys.exit(main())
