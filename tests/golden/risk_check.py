#!/usr/bin/env python3
"""Works out anew every entry's fate and every halt of a run on daily bars, from the text of the rules alone.

    alphaflow backtest tests/risk_history/risk_2008.toml --out RUN
    python3 tests/golden/risk_check.py tests/risk_history/risk_2008.toml RUN [DATA]

Reads the scenario, the bars, corporate actions, and of the run orders.csv and fills.csv; what it finds is held
against refusals.csv, equity.csv and, if it lies beside this file, NAME_halts.csv. DATA is a folder to take the files
of data.path and data.corporate_actions from. Exact: fractions throughout, floats for correlation only.

What it takes for granted, and checks: bars are days, orders for the next open fill there whole or end with that
day, an entry is measured at the close that decided it with the entries of that close before it as if filled.
"""
import csv
import math
import sys
import tomllib
from fractions import Fraction as F
from pathlib import Path

HERE = Path(__file__).parent


def table(path):
    with open(path) as lines:
        return list(csv.DictReader(lines))


class Account:
    def __init__(self, cash):
        self.cash, self.held, self.mark, self.unsettled = cash, {}, {}, []

    def equity(self):
        return self.cash + sum(shares * self.mark[symbol] for symbol, shares in self.held.items())

    def gross(self):
        return sum(abs(shares) * self.mark[symbol] for symbol, shares in self.held.items())


def correlation(a, b):
    """Pearson's r; None where it is not known."""
    if None in a or None in b or len(a) < 60 or len(b) < 60:
        return None
    mean_a, mean_b = sum(a) / 60, sum(b) / 60
    a, b = [x - mean_a for x in a], [x - mean_b for x in b]
    squares = sum(x * x for x in a), sum(x * x for x in b)
    return sum(x * y for x, y in zip(a, b)) / math.sqrt(squares[0] * squares[1]) if all(squares) else None


def group(symbol, exposed, returns):
    """The connected group of symbol among exposed: |r| of 60 daily returns at least 0.7, or unknown."""
    members, left = [symbol], set(exposed) - {symbol}
    for member in members:
        of = returns[member][-60:]
        near = {other for other in left if (r := correlation(of, returns[other][-60:])) is None or abs(r) >= 0.7}
        members += sorted(near)
        left -= near
    return members


class Run:
    def __init__(self, scenario, run, data):
        spec = tomllib.loads(scenario.read_text())
        self.name, self.symbols = spec["scenario"]["name"], spec["data"]["symbols"]
        numbers = ("max_", "price_")
        self.limits = {key: F(value) if key.startswith(numbers) else value for key, value in spec["risk"].items()}
        where = lambda name: data / Path(name).name if data else scenario.parent / name
        span = spec["data"].get("start", ""), spec["data"].get("end", "9999")
        self.bars = {}
        for symbol in self.symbols:
            rows = table(where(spec["data"]["path"].replace("{symbol}", symbol)))
            self.bars[symbol] = {row["timestamp"]: F(row["close"]) for row in rows if span[0] <= row["timestamp"] <= span[1]}
        self.days = sorted(set().union(*self.bars.values()))
        actions = spec["data"].get("corporate_actions")
        self.actions = table(where(actions)) if actions else []
        self.orders, self.fills = table(run / "orders.csv"), table(run / "fills.csv")
        self.refusals = {row["order"]: row for row in table(run / "refusals.csv")}
        self.rows = {row["timestamp"]: row for row in table(run / "equity.csv")}
        script = spec["strategy"]["params"].get("file")
        rows = table(scenario.parent / script) if script else []
        # Orders of a script that come after a resume of the same close; an order must, for the resume to be seen.
        self.resumed = {
            row["time"]: [later["id"] for later in rows[at:] if later["time"] == row["time"] and later["id"]]
            for at, row in enumerate(rows)
            if row["action"] == "resume"
        }
        self.dated = spec["account"].get("settlement") == "dated"
        self.account = Account(F(spec["account"]["cash"]))
        self.returns = {symbol: [] for symbol in self.symbols}
        self.halts, self.checked, self.wrong = [], 0, []

    def expect(self, what, found, wanted):
        if found != wanted:
            self.wrong.append(f"{what}: the run has {found}, the rules say {wanted}")

    def before_open(self, day, closes):
        account = self.account
        today = [action for action in self.actions if action["ex_date"] == day and action["symbol"] in self.symbols]
        for action in sorted(today, key=lambda action: action["kind"] != "dividend"):
            symbol, number = action["symbol"], F(action["ratio_or_amount"])
            shares = account.held.get(symbol, F(0))
            if action["kind"] == "dividend":
                account.cash += shares * number
            elif action["kind"] == "split":
                # Prices and levels are on a grid of a billionth.
                closes[symbol] = F(round(closes[symbol] / number * 10**9), 10**9) if symbol in closes else None
                kept = F(math.floor(shares * number))
                account.cash += (shares * number - kept) * (closes[symbol] or 0)
                account.held[symbol] = kept

    def fill(self, day):
        account, index = self.account, self.days.index(day)
        for fill in self.fills:
            if fill["time"] == day:
                shares = F(fill["qty"]) * (1 if fill["side"] == "buy" else -1)
                account.cash -= shares * F(fill["price"]) + F(fill["fee"])
                account.held[fill["symbol"]] = account.held.get(fill["symbol"], F(0)) + shares
                if shares < 0 and self.dated:
                    # Two sessions after the trade, from 2017-09-05 to 2024-05-27.
                    account.unsettled.append((index + 2, -shares * F(fill["price"]) - F(fill["fee"])))

    def losses(self, day, baseline, peak):
        """Halts begin at their limit; a new session lifts a daily loss before."""
        equity, standing = self.account.equity(), {halt[0]: halt for halt in self.halts if halt[2] == ""}
        if "daily_loss" in standing:
            standing.pop("daily_loss")[2] = day
        for cause, of, limit in [("daily_loss", baseline, "max_daily_loss"), ("drawdown", peak, "max_drawdown")]:
            if cause not in standing and of - equity >= of * self.limits[limit]:
                self.halts.append([cause, day, "", of - equity, of, self.limits[limit]])
        return [halt[0] for halt in self.halts if halt[2] == ""]

    def stops(self, symbol):
        """Level of the stop of the position in symbol, where its entry has one."""
        for order in self.orders:
            entry = next((entry for entry in self.orders if entry["id"] == order["parent"]), None)
            if entry and order["symbol"] == symbol and order["stop_price"] and entry["status"] == "filled":
                return F(order["stop_price"])
        return None

    def heat(self, symbol):
        shares, mark = self.account.held.get(symbol, F(0)), self.account.mark[symbol]
        stop = self.stops(symbol)
        # One that the price has passed protects nothing any more.
        return abs(shares) * (mark if stop is None or stop > mark else mark - stop)

    def fate(self, order, standing, sent):
        """Reason, need and have of a refusal, or None. `sent`: orders of this close that have passed, with shares."""
        account, limits, symbol = self.account, self.limits, order["symbol"]
        mark, equity = account.mark[symbol], account.equity()
        signed = F(order["qty"]) * (1 if order["side"] == "buy" else -1)
        held = account.held.get(symbol, F(0))
        pending = {}
        for before, shares, reduces, _ in sent:
            if not reduces:
                pending[before["symbol"]] = pending.get(before["symbol"], F(0)) + shares
        leaving = sum(abs(shares) for before, shares, reduces, _ in sent if reduces and before["symbol"] == symbol)
        reduces = held * signed < 0 and abs(signed) <= abs(held) - leaving
        if reduces:
            return None, signed, True, F(0)
        limit = F(order["limit_price"]) if order["limit_price"] else None
        dearest = max(mark, limit or mark)
        legs = (F(leg["stop_price"]) for leg in self.orders if leg["parent"] == order["id"] and leg["stop_price"])
        # A refused order has no legs in orders.csv; a script says what it asked for.
        stop = next(legs, self.scripted.get(order["id"]))
        risk = abs(signed) * (dearest if stop is None or stop > min(mark, limit or mark) else dearest - stop)
        dearest_of = lambda other: max(account.mark[other["symbol"]], F(other["limit_price"] or 0))
        # A share counts at the dearest price that one of its open entries names.
        entries = lambda name: (other for other, _, exits, _ in sent if not exits and other["symbol"] == name)
        worst = lambda name: max([account.mark[name], *map(dearest_of, entries(name))])
        value = lambda name: (abs(account.held.get(name, F(0)) + pending.get(name, F(0)))) * worst(name)
        after = held + pending.get(symbol, F(0)) + signed
        exposed = {name for name in self.symbols if account.held.get(name, F(0)) or pending.get(name, F(0))}
        own, others = abs(after) * max(dearest, worst(symbol)), [name for name in exposed if name != symbol]
        gross = own + sum(value(name) for name in others)
        heat = risk + sum(self.heat(name) for name in self.symbols) + sum(risk for *_, risk in sent)
        members = group(symbol, exposed, self.returns)
        together = own + sum(value(name) for name in members if name != symbol)
        reserved = sum(abs(shares) * dearest_of(other) for other, shares, exits, _ in sent if not exits)
        unsettled = sum(dollars for due, dollars in account.unsettled if due > self.days.index(self.day))
        collar = mark * limits["price_collar"]
        over = lambda reason, need, have: (need > have, reason, need, have)
        of_equity = lambda reason, need, limit: over(reason, need, equity * limits[limit])
        low, high = mark - collar, mark + collar
        checks = [
            ("drawdown" in standing, "drawdown", None, None),
            ("daily_loss" in standing, "daily_loss", None, None),
            over("orders_per_minute", len(sent) + 1, limits["max_orders_per_minute"]),
            (symbol in limits.get("restricted_symbols", []), "restricted_symbol", None, None),
            (limit is not None and limit < low, "price_collar", limit, low),
            (limit is not None and limit > high, "price_collar", limit, high),
            over("order_notional", abs(signed) * dearest, limits["max_order_notional"]),
            (after < 0, "short_ban", after, 0),
            of_equity("position_size", own, "max_position_size"),
            over("open_positions", len(exposed | {symbol}), limits["max_open_positions"]),
            of_equity("gross_exposure", gross, "max_gross_exposure"),
            of_equity("portfolio_heat", heat, "max_portfolio_heat"),
            of_equity("correlated_exposure", together if len(members) > 1 else F(0), "max_correlated_exposure"),
            over("buying_power", abs(signed) * dearest, equity - account.gross() - reserved - unsettled),
        ]
        refusal = next(((reason, need, have) for holds, reason, need, have in checks if holds), None)
        return refusal, signed, False, risk

    def decide(self, day, standing):
        """Every entry of a close, in order; says whether a resume of that close lifted a drawdown."""
        sent, self.day, lifted = [], day, False
        for order in self.orders:
            if order["time"] != day or order["parent"]:
                continue
            if order["id"] in self.resumed.get(day, ()) and "drawdown" in standing:
                standing, lifted = [cause for cause in standing if cause != "drawdown"], True
                for halt in self.halts:
                    if halt[0] == "drawdown" and halt[2] == "":
                        halt[2] = day
            fate, shares, reduces, risk = self.fate(order, standing, sent)
            row = self.refusals.get(order["id"])
            found = row and (row["reason"], *(F(row[key]) if row[key] else None for key in ("need", "have")))
            self.expect(f"{day} order {order['id']} {order['side']} {order['qty']} {order['symbol']}", found, fate)
            self.checked += 1
            if fate is None:
                sent.append((order, shares, reduces, risk))
        return lifted

    def check(self, scripted):
        self.scripted, closes, baseline, peak = scripted, {}, self.account.cash, self.account.cash
        for day in self.days:
            self.before_open(day, closes)
            self.fill(day)
            self.account.mark.update({symbol: self.bars[symbol][day] for symbol in self.symbols if day in self.bars[symbol]})
            equity = self.account.equity()
            self.expect(f"equity of {day}", F(self.rows[day]["equity"]), equity)
            peak = max(peak, equity)
            standing = self.losses(day, baseline, peak)
            baseline = equity
            for symbol in self.symbols:
                close, last = self.bars[symbol].get(day), closes.get(symbol)
                self.returns[symbol].append(float(close) / float(last) - 1 if close and last else None)
                closes[symbol] = close
            if self.decide(day, standing):
                peak = equity
        golden = HERE / f"{self.name}_halts.csv"
        if golden.exists():
            numbers = lambda row: [F(row[key]) for key in ("lost", "of", "limit")]
            wanted = [[row["cause"], row["from"], row["until"], *numbers(row)] for row in table(golden)]
            self.expect("halts", wanted, self.halts)
        return self.wrong


def main():
    scenario, run = Path(sys.argv[1]), Path(sys.argv[2])
    data = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    check = Run(scenario, run, data)
    file = tomllib.loads(scenario.read_text())["strategy"]["params"].get("file")
    rows = table(scenario.parent / file) if file else []
    wrong = check.check({row["id"]: F(row["stop_loss"]) for row in rows if row["stop_loss"]})
    counts = f"{check.checked} orders, {len(check.refusals)} refusals, {len(check.halts)} halts, {len(check.days)} days"
    print("\n".join(wrong[:20]) or f"{check.name}: {counts} agree")
    sys.exit(1 if wrong else 0)


main()
