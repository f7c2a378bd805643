"""The same orders through `alphaflow backtest` and, by alpaca-py, through the exchange: the same fills and cash.

Scripts are made from a seed: orders of every type and class, cancels and changes, of legs too, at closes of bars. What
the exchange refuses (shares that other orders hold, hours of auctions) is left out of the script of the replay; what
it takes, the replay must take too.
"""
import csv
import random
import subprocess
from datetime import timedelta
from decimal import Decimal

from alpaca.common.exceptions import APIError

import market

MINUTE = timedelta(minutes=1)
COLUMNS = ("time,action,id,symbol,side,qty,type,limit_price,stop_price,trail_price,trail_percent,"
           "time_in_force,order_class,take_profit,stop_loss,notional").split(",")
MIDDLES = {"AAPL": 100, "MSFT": 300, "TSLA": 190}
# Of each bar its stamp, when it has closed, the symbols that trade and the middle of their prices.
MINUTES = [(market.text(bar.time), bar.time + MINUTE, MIDDLES) for bar in market.BARS["AAPL"]]
DAYS = [(bar.time.isoformat(), market.at(bar.time, "16:00"), {"ACME": float(bar.close)}) for bar in market.DAILY]


def near(rng, middle, low, high):
    """A price between `low` and `high` percent around the middle."""
    return f"{middle * (1 + rng.uniform(low, high) / 100):.2f}"


def submit(rng, name, middles):
    """A row that sends an order; many are good, some will be refused by both."""
    symbol, side = rng.choice(list(middles)), rng.choice(["buy", "sell"])
    middle = middles[symbol]
    row = {"action": "submit", "id": name, "symbol": symbol, "side": side,
           "qty": str(rng.randint(1, 120 if symbol == "MSFT" else 40)),
           "type": rng.choice(["market", "market", "limit", "limit", "stop", "stop_limit", "trailing_stop"]),
           "time_in_force": rng.choice(["day", "gtc"])}
    if rng.random() < 0.4:
        up, down = near(rng, middle, 0.8, 2), near(rng, middle, -2, -0.8)
        kind = rng.choice(["bracket", "bracket", "oto", "oco"])
        rises = (side == "buy") != (kind == "oco")
        row.update(type="limit" if kind == "oco" else rng.choice(["market", "limit"]), order_class=kind,
                   take_profit=up if rises else down, stop_loss=down if rises else up)
        if kind == "oto":
            del row[rng.choice(["take_profit", "stop_loss"])]
    elif row["type"] in ("market", "limit") and rng.random() < 0.25:
        row["time_in_force"] = rng.choice(["ioc", "fok", "opg", "cls"])
    elif row["type"] in ("market", "limit") and row["time_in_force"] == "day" and rng.random() < 0.2:
        row.update(qty="", notional=str(rng.randint(50, 3000)))
    if row["type"] in ("limit", "stop_limit") and row.get("order_class") != "oco":
        row["limit_price"] = near(rng, middle, -2, 2)
    if row["type"] in ("stop", "stop_limit"):
        row["stop_price"] = near(rng, middle, -2, 2)
    if row["type"] == "trailing_stop":
        row["trail_price"] = f"{rng.uniform(0.3, 2):.2f}"
    return row


def alter(rng, order, middles):
    """A row that cancels or changes an order that was sent, or a leg of it."""
    middle = middles[order["symbol"]]
    parts = [order["id"]] * 2 + [order["id"] + "." + leg for leg, field in (("stop", "stop_loss"),
                                                                        ("take_profit", "take_profit"))
                                 if order.get(field) and (order["order_class"], leg) != ("oco", "take_profit")]
    target = rng.choice(parts)
    row = {"action": "cancel", "id": target}
    field = {"stop": "stop_price", "take_profit": "limit_price"}.get(target.partition(".")[2])
    if field is None and order.get("limit_price"):
        field = "limit_price"
    if field and rng.random() < 0.6:
        price = near(rng, middle, -2, 2)
        if keeps_pair(order, target, price):
            row = {"action": "replace", "id": target, field: price}
    return row


def keeps_pair(order, target, price):
    """A replay refuses to move a stop or a target across the other, wherever that may have been moved before; the
    exchange takes it, since a desk moves one after the other."""
    leg = target.partition(".")[2] or ("take_profit" if order.get("order_class") == "oco" else "")
    fields = {"stop": "stop_loss", "take_profit": "take_profit"}
    if leg not in fields or not (order.get("stop_loss") and order.get("take_profit")):
        return True
    levels = order.setdefault("levels", {leg: [Decimal(order[field])] for leg, field in fields.items()})
    levels = {**levels, leg: levels[leg] + [Decimal(price)]}
    sells = (order["side"] == "buy") != (order.get("order_class") == "oco")
    low, high = (("stop", "take_profit") if sells else ("take_profit", "stop"))
    if min(levels[high]) - max(levels[low]) < Decimal("0.01"):
        return False
    order["levels"] = levels
    return True


def script(seed, bars):
    """Rows in order of time, each with the moment at which it is sent."""
    rng = random.Random(seed)
    times = sorted(rng.choices(range(0, len(bars) - 2), k=120))
    rows, sent = [], []
    for count, at in enumerate(times):
        stamp, closes, middles = bars[at]
        if sent and rng.random() < 0.25:
            row = alter(rng, rng.choice(sent[-6:]), middles)
        else:
            row = submit(rng, f"o{count}", middles)
            sent.append(row)
        rows.append(({"time": stamp, **{name: row[name] for name in row if name != "levels"}}, closes))
    return rows


def replay(binary, scenario, folder, rows):
    """Fills and last cash of a backtest of these rows, and what it refused."""
    with open(folder / "script.csv", "w", newline="") as out:
        table = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    text = scenario.read_text().replace('name = "buy_and_hold"',
                                        'name = "order_script"\nparams = { file = "script.csv" }')
    (folder / "script.toml").write_text(text)
    done = subprocess.run([binary, "backtest", str(folder / "script.toml"), "--out", str(folder / "run"),
                           "--no-report"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    with open(folder / "run" / "fills.csv", newline="") as file:
        fills = [(row["time"], row["symbol"], row["side"], Decimal(row["qty"]), Decimal(row["price"]))
                 for row in csv.DictReader(file)]
    with open(folder / "run" / "equity.csv", newline="") as file:
        cash = Decimal(list(csv.DictReader(file))[-1]["cash"])
    with open(folder / "run" / "refusals.csv", newline="") as file:
        refusals = [(row["time"], row["order"], row["reason"]) for row in csv.DictReader(file)]
    return sorted(fills), cash, refusals


def send(desk, row, ids):
    """Sends one row; says whether the exchange took it. `ids` are the exchange's, by those of the script."""
    try:
        if row["action"] == "submit":
            body = {name: row[name] for name in COLUMNS[3:13] + ["notional"] if row.get(name)}
            if row.get("take_profit"):
                body["take_profit"] = {"limit_price": row["take_profit"]}
            if row.get("stop_loss"):
                body["stop_loss"] = {"stop_price": row["stop_loss"]}
            order = desk.trading.post("/orders", body)
            ids[row["id"]] = order["id"]
            for leg in order["legs"] or []:
                ids[row["id"] + (".take_profit" if leg["type"] == "limit" else ".stop")] = leg["id"]
        elif row["id"] not in ids or waits(desk, row, ids):
            return False
        elif row["action"] == "cancel":
            desk.trading.cancel_order_by_id(ids[row["id"]])
        else:
            fields = {name: row[name] for name in ("limit_price", "stop_price") if name in row}
            ids[row["id"]] = desk.trading.patch(f"/orders/{ids[row['id']]}", fields)["id"]
    except APIError as error:
        assert error.status_code in (403, 422), error
        return False
    return True


def waits(desk, row, ids):
    """Is this a leg whose entry has not filled? A replay knows no such leg yet; Alpaca cancels and changes it."""
    entry, _, leg = row["id"].partition(".")
    order = desk.json(ids[entry])
    return bool(leg) and order["order_class"] != "oco" and order["filled_qty"] == "0"


def exchange(desk, rows):
    """Fills and last cash of rows at the exchange, each sent when its bar has closed, and the rows that it took."""
    desk.reset()
    ids, taken, now = {}, [], market.at(market.DAILY[0].time, "00:00")
    for row, closes in rows:
        if closes > now:
            desk.until(closes)
            now = closes
        if send(desk, row, ids):
            taken.append(row)
    desk.step(10_000)
    fills, page = [], desk.trading.get("/account/activities/FILL", {"direction": "asc"})
    while page:
        fills += page
        page = desk.trading.get("/account/activities/FILL", {"direction": "asc", "page_token": page[-1]["id"]})
    return sorted((stamp_of(desk, row["transaction_time"]), row["symbol"], row["side"].replace("sell_short", "sell"),
                   Decimal(row["qty"]), Decimal(row["price"])) for row in fills), desk.cash(), taken


def stamp_of(desk, moment):
    """The stamp of the bar in which a moment lies."""
    return moment[:10] if desk.is_daily else moment[:16] + ":00Z"


def alike(desk, binary, folder, bars, seeds, least):
    for seed in seeds:
        theirs, their_cash, taken = exchange(desk, script(seed, bars))
        ours, cash, refusals = replay(binary, folder / desk.scenario, folder, taken)
        assert not refusals, f"seed {seed}: the replay refuses {refusals[:3]}"
        missing = [fill for fill in ours if fill not in theirs]
        extra = [fill for fill in theirs if fill not in ours]
        assert ours == theirs, f"seed {seed}: only in the replay {missing[:3]}, only at the exchange {extra[:3]}"
        assert cash == their_cash and len(ours) >= least, f"seed {seed}: {cash} {their_cash} {len(ours)}"


def test_a_replay_and_the_exchange_fill_alike(desk, binary, folder):
    alike(desk, binary, folder, MINUTES, range(1, 4), 25)


def test_a_replay_and_the_exchange_fill_alike_over_days(days, binary, folder):
    """With slippage, fees, a split and a dividend."""
    alike(days, binary, folder, DAYS, range(1, 4), 25)
