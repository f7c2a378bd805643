"""Orders, positions and money of the stand-in's one account, from Alpaca's public documentation.

Not here: HTTP and websockets (server), prices (market). What a real answer holds is here in full: fields that no client
needs, nulls, numbers as text, statuses that are rare. Fills come in pieces, and lists lag behind the stream.
"""
import asyncio
import datetime as dt
import uuid
from decimal import Decimal, ROUND_DOWN

from market import BASES

LAG = 0.4
ENDED = {"filled", "canceled", "expired", "rejected", "replaced"}
NOT_CHANGEABLE = {"accepted", "pending_new", "pending_cancel", "pending_replace"}


class Refused(Exception):
    """An answer that is an error: status, code, words, further fields."""

    def __init__(self, status: int, code: int, message: str, **more):
        super().__init__(message)
        self.status, self.body = status, {"code": code, "message": message, **more}


def text(number) -> str | None:
    """A number as Alpaca writes it: without an exponent and without zeros that say nothing."""
    if number is None:
        return None
    plain = format(Decimal(number), "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def stamp(seconds: float, digits: int = 9) -> str:
    moment = dt.datetime.fromtimestamp(seconds, dt.timezone.utc)
    part = f"{moment.microsecond:06d}" + "123"
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + part[:digits] + "Z"


def seconds(written: str) -> float:
    """The moment of a time or a date as clients write them."""
    whole, _, part = written.replace("Z", "+00:00").partition(".")
    digits = ""
    while part[:1].isdigit():
        digits, part = digits + part[0], part[1:]
    moment = dt.datetime.fromisoformat(whole + part)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)
    return moment.timestamp() + (float(f"0.{digits}") if digits else 0.0)


class Order:
    """One order, with the legs that follow it."""

    def __init__(self, book: "Book", body: dict, parent: "Order | None" = None):
        self.id = str(uuid.uuid4())
        self.client_order_id = body.get("client_order_id") or str(uuid.uuid4())
        self.symbol, self.side, self.type = body["symbol"], body["side"], body["type"]
        self.time_in_force = body["time_in_force"]
        self.order_class = body.get("order_class") or ""
        self.qty = Decimal(str(body["qty"])) if body.get("qty") is not None else None
        self.notional = Decimal(str(body["notional"])) if body.get("notional") is not None else None
        self.limit, self.stop = (Decimal(str(body[key])) if body.get(key) is not None else None for key in ("limit_price", "stop_price"))
        self.intent = body.get("position_intent")
        self.status = "held" if parent else "pending_new"
        self.filled, self.paid = Decimal(0), Decimal(0)
        self.parent, self.legs = parent, []
        self.replaces, self.replaced_by = None, None
        self.times = dict.fromkeys(("filled_at", "expired_at", "canceled_at", "failed_at", "replaced_at", "cancel_requested_at"))
        self.created = self.updated = book.now()

    @property
    def is_open(self) -> bool:
        return self.status not in ENDED

    def left(self) -> Decimal:
        return (self.qty or Decimal(0)) - self.filled

    def shown(self, nested: bool = True, digits: int = 6) -> dict:
        """An order object. A POST has nanoseconds, later readings microseconds."""
        average = text((self.paid / self.filled).quantize(Decimal("0.000001"))) if self.filled else None
        expires = stamp(self.created + (90 if self.time_in_force == "gtc" else 1) * 86_400, 0).replace(".", "")
        return {
            "id": self.id, "client_order_id": self.client_order_id, "created_at": stamp(self.created, digits),
            "updated_at": stamp(self.updated, digits), "submitted_at": stamp(self.created, digits), **self.times,
            "expires_at": expires, "replaced_by": self.replaced_by, "replaces": self.replaces,
            "asset_id": str(uuid.uuid5(uuid.NAMESPACE_DNS, self.symbol)), "symbol": self.symbol, "asset_class": "us_equity",
            "notional": text(self.notional), "qty": text(self.qty), "filled_qty": text(self.filled), "filled_avg_price": average,
            "order_class": self.order_class, "order_type": self.type, "type": self.type, "side": self.side,
            "position_intent": self.intent, "time_in_force": self.time_in_force, "limit_price": text(self.limit),
            "stop_price": text(self.stop), "status": self.status, "extended_hours": False,
            "legs": [leg.shown(False, digits) for leg in self.legs] if nested and self.legs else None, "trail_percent": None,
            "trail_price": None, "hwm": None, "subtag": None, "source": "access_key", "ratio_qty": None,
            "advanced_instructions": None, "commission": None,
        }


class Book:
    """The account. `tell(message)`: hears of every trade update."""

    def __init__(self, market, now, tell, cash: str = "100000"):
        self.market, self.now, self.tell = market, now, tell
        self.cash, self.number = Decimal(cash), "PA3NXGPDDLQU"
        self.orders: list[Order] = []
        self.held: dict[str, Decimal] = {}
        self.average: dict[str, Decimal] = {}
        self.activities: list[dict] = []
        self.seen_positions: list[tuple[float, dict]] = [(0.0, {})]
        self.names: set[str] = set()
        self.tasks: set[asyncio.Task] = set()
        # What arrives of calls that change something, for the tests.
        self.posts: list[dict] = []
        self.replaced: list[Order] = []

    # Taking orders.

    def submit(self, body: dict) -> Order:
        self.posts.append(body)
        self._check(body)
        order = Order(self, body)
        self.names.add(order.client_order_id)
        if order.order_class in ("oto", "bracket", "oco"):
            self._add_legs(order, body)
        self.orders.append(order)
        self._later(self._live(order))
        return order

    def _check(self, body: dict):
        for key in ("symbol", "side", "type", "time_in_force"):
            if not body.get(key):
                raise Refused(422, 40010001, f"{key} is required")
        if (body.get("qty") is None) == (body.get("notional") is None):
            raise Refused(422, 40010001, "qty or notional is required")
        if body["symbol"] not in BASES:
            raise Refused(422, 42210000, f'asset "{body["symbol"]}" not found')
        name = body.get("client_order_id")
        if name and (len(name) > 128 or name in self.names):
            raise Refused(422, 40010001, "client_order_id must be unique" if name in self.names else "client_order_id must be no more than 128 characters")
        for key in ("limit_price", "stop_price"):
            if body.get(key) is not None and Decimal(str(body[key])) >= 1 and Decimal(str(body[key])).as_tuple().exponent < -2:
                raise Refused(422, 42210000, f"invalid {key} {body[key]}. sub-penny increment does not fulfill minimum pricing criteria")
        symbol, side, qty = body["symbol"], body["side"], Decimal(str(body.get("qty") or 0))
        held = self.held.get(symbol, Decimal(0))
        if side == "sell" and held > 0:
            reserved = self._reserved(symbol)
            if qty > held - reserved:
                raise Refused(403, 40310000, f"insufficient qty available for order (requested: {text(qty)}, available: {text(held - reserved)})",
                              available=text(held - reserved), existing_qty=text(held), held_for_orders=text(reserved), symbol=symbol)
        elif side == "sell":
            raise Refused(403, 40310000, "account is not allowed to short")
        if side == "buy":
            cost = qty * (Decimal(str(body["limit_price"])) if body.get("limit_price") else self.market.quote(symbol)[1])
            if cost > self.buying_power():
                raise Refused(403, 40310000, "insufficient buying power", buying_power=text(self.buying_power()), cost_basis=text(cost))
        if (body.get("order_class") or "simple") == "simple":
            self._check_wash(body)

    def _check_wash(self, body: dict):
        for other in self.orders:
            if not other.is_open or other.symbol != body["symbol"] or other.side == body["side"] or other.status == "held":
                continue
            both_limited = other.limit is not None and body.get("limit_price") is not None
            buy, sell = (body, other) if body["side"] == "buy" else (other, body)
            price = lambda one: Decimal(str(one["limit_price"])) if isinstance(one, dict) else one.limit
            if not both_limited or price(buy) >= price(sell):
                raise Refused(403, 40310000, "potential wash trade detected. use complex orders", existing_order_id=other.id,
                              reject_reason="opposite side market/stop order exists")

    def _add_legs(self, order: Order, body: dict):
        other = "sell" if order.side == "buy" else "buy"
        common = {"symbol": order.symbol, "side": other, "qty": order.qty, "time_in_force": order.time_in_force, "order_class": order.order_class,
                  "position_intent": "sell_to_close" if other == "sell" else "buy_to_close"}
        target, stop = body.get("take_profit"), body.get("stop_loss")
        if target and order.order_class != "oco":
            order.legs.append(Order(self, {**common, "type": "limit", "limit_price": target["limit_price"]}, order))
        if target and order.order_class == "oco":
            order.limit = Decimal(str(target["limit_price"]))
        if stop:
            kind = "stop_limit" if stop.get("limit_price") else "stop"
            leg = Order(self, {**common, "type": kind, "stop_price": stop["stop_price"], "limit_price": stop.get("limit_price")}, order)
            base = self.market.last(order.symbol)
            if other == "sell" and leg.stop > base - Decimal("0.01"):
                raise Refused(422, 42210000, f"stop price must not be greater than base price / 1.001 ({base})")
            order.legs.append(leg)
        if order.order_class == "oto" and len(order.legs) != 1:
            raise Refused(422, 42210000, "oto orders require one of take_profit or stop_loss")

    def replace(self, order_id: str, body: dict) -> Order:
        old = self.find(order_id)
        if not old.is_open:
            raise Refused(422, 42210000, f'order is already in "{old.status}" state')
        if old.status in NOT_CHANGEABLE:
            raise Refused(422, 40010001, "unable to replace order, order isn't sent to exchange yet")
        new = Order(self, {"symbol": old.symbol, "side": old.side, "type": old.type, "time_in_force": body.get("time_in_force", old.time_in_force),
                           "qty": body.get("qty", old.qty), "limit_price": body.get("limit_price", old.limit),
                           "stop_price": body.get("stop_price", old.stop), "order_class": old.order_class, "position_intent": old.intent,
                           "client_order_id": body.get("client_order_id")}, old.parent)
        if (new.qty, new.limit, new.stop) == (old.qty, old.limit, old.stop):
            raise Refused(422, 42210000, "order parameters are not changed")
        new.status, new.replaces = "accepted", old.id
        self.names.add(new.client_order_id)
        if old.parent:
            old.parent.legs[old.parent.legs.index(old)] = new
        else:
            self.orders.append(new)
        new.legs = old.legs
        for leg in new.legs:
            leg.parent = new
        self.replaced.append(old)
        self._later(self._swap(old, new))
        return new

    def cancel(self, order_id: str):
        order = self.find(order_id)
        if not order.is_open or order.status == "pending_cancel":
            raise Refused(422, 42210000, f'order is already in "{order.status}" state')
        order.times["cancel_requested_at"] = stamp(self.now(), 6)
        self._later(self._cancel(order))

    def close(self, symbol: str, query) -> Order:
        held = self.held.get(symbol, Decimal(0))
        if not held:
            raise Refused(404, 40410000, f"position not found: {symbol}")
        qty = Decimal(query["qty"]) if "qty" in query else abs(held)
        side = "sell" if held > 0 else "buy"
        return self.submit({"symbol": symbol, "qty": qty, "side": side, "type": "market", "time_in_force": "day",
                            "position_intent": f"{side}_to_close"})

    # Life of an order.

    def _later(self, work):
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _event(self, name: str, order: Order, **more):
        order.updated = self.now()
        execution = None if name.startswith("pending") else str(uuid.uuid4())
        shown = order.shown(digits=9)
        self.tell({"event": name, "event_id": "01KX" + uuid.uuid4().hex[:22].upper(), "at": stamp(self.now()), "timestamp": stamp(self.now()),
                   "execution_id": execution, "order": shown, "venue_hint": {"lane": 3}, **more})

    async def _live(self, order: Order):
        await asyncio.sleep(0.03)
        self._event("pending_new", order)
        await asyncio.sleep(0.05)
        if order.status == "pending_new":
            order.status = "new"
            self._event("new", order)
        if order.type == "limit" and order.limit and not self._is_marketable(order):
            # Rare words of a resting order; the order itself goes on as it was.
            await asyncio.sleep(0.1)
            if order.status == "new":
                self._event("calculated", order)
                self._event("restated", order, previous_execution_id=None)
                self._event("shown_elsewhere", order)

    async def _swap(self, old: Order, new: Order):
        await asyncio.sleep(0.03)
        if not old.is_open:
            new.status = "rejected"
            new.times["failed_at"] = stamp(self.now(), 6)
            self._event("rejected", new)
            return
        was_held = old.status == "held"
        old.status, old.replaced_by = "pending_replace", new.id
        self._event("pending_replace", old)
        await asyncio.sleep(0.05)
        old.status, old.times["replaced_at"] = "replaced", stamp(self.now(), 6)
        self._event("replaced", old)
        new.status = "held" if was_held else "new"
        if not was_held:
            self._event("new", new)

    async def _cancel(self, order: Order):
        await asyncio.sleep(0.03)
        if not order.is_open:
            return
        order.status = "pending_cancel"
        self._event("pending_cancel", order)
        await asyncio.sleep(0.12)
        self._end(order, "canceled")
        # Canceling any member of a group cancels the rest, but for legs that protect what has filled.
        parent = order.parent
        for leg in (parent.legs if parent else order.legs):
            if leg is not order and leg.is_open and not order.filled:
                self._end(leg, "canceled")

    def _end(self, order: Order, status: str):
        if order.is_open:
            order.status = status
            order.times[f"{status}_at"] = stamp(self.now(), 6)
            self._event(status, order)

    def _is_marketable(self, order: Order) -> bool:
        bid, ask = self.market.quote(order.symbol)
        if order.type == "market":
            return True
        if order.type == "limit":
            return order.limit >= ask if order.side == "buy" else order.limit <= bid
        last = self.market.last(order.symbol)
        return last >= order.stop if order.side == "buy" else last <= order.stop

    async def run(self):
        """Looks at every live order again and again."""
        while True:
            await asyncio.sleep(0.04)
            for order in list(self.everything()):
                if order.status in ("new", "partially_filled") and self._is_marketable(order):
                    self._fill(order)

    def _fill(self, order: Order):
        bid, ask = self.market.quote(order.symbol)
        price = ask if order.side == "buy" else bid
        if order.qty is None:
            order.qty = (order.notional / price).quantize(Decimal("0.000000001"), ROUND_DOWN)
        left = order.left()
        # Three pieces of a larger order, one of a small one.
        piece = left if order.filled or left < 3 else (left * 2 / 5).to_integral_value(ROUND_DOWN)
        if order.filled and order.filled < order.qty * 3 / 4 and left > 1 and order.qty >= 3:
            piece = (left / 2).to_integral_value(ROUND_DOWN) or left
        signed = piece if order.side == "buy" else -piece
        before = self.held.get(order.symbol, Decimal(0))
        if before + signed and before * signed >= 0:
            cost = self.average.get(order.symbol, Decimal(0)) * abs(before) + price * piece
            self.average[order.symbol] = cost / abs(before + signed)
        self.held[order.symbol] = before + signed
        if not self.held[order.symbol]:
            del self.held[order.symbol]
        self.cash -= price * signed
        order.filled += piece
        order.paid += price * piece
        is_whole = order.filled == order.qty
        order.status = "filled" if is_whole else "partially_filled"
        if is_whole:
            order.times["filled_at"] = stamp(self.now(), 6)
        self.seen_positions.append((self.now() + LAG, dict(self.held)))
        self._book_fill(order, piece, price)
        self._event("fill" if is_whole else "partial_fill", order, price=text(price), qty=text(piece),
                    position_qty=text(self.held.get(order.symbol, Decimal(0))))
        if is_whole:
            self._after(order)

    def _after(self, order: Order):
        if order.parent is None:
            for leg in order.legs:
                # Of a bracket the stop stays held; the child of an oto is alone and goes live.
                if leg.status == "held" and (leg.type == "limit" or len(order.legs) == 1):
                    leg.status = "new"
                    self._event("new", leg)
        else:
            for leg in order.parent.legs:
                if leg is not order and leg.is_open:
                    leg.status, leg.times["canceled_at"] = "canceled", stamp(self.now(), 6)

    def _book_fill(self, order: Order, piece: Decimal, price: Decimal):
        now = self.now()
        moment = dt.datetime.fromtimestamp(now, dt.timezone.utc)
        name = moment.strftime("%Y%m%d%H%M%S") + f"{moment.microsecond // 1000:03d}::{uuid.uuid4()}"
        self.activities.append({
            "id": name, "activity_type": "FILL", "transaction_time": stamp(now), "type": "fill" if order.filled == order.qty else "partial_fill",
            "price": text(price), "qty": text(piece), "side": order.side, "symbol": order.symbol, "leaves_qty": text(order.left()),
            "order_id": order.id, "cum_qty": text(order.filled), "order_status": order.status, "swap_rate": "1",
        })

    def pay(self, kind: str, symbol: str, amount: str, a_share: str, qty: str, sub: str | None = None):
        """A row that is no trade: a dividend, a fee."""
        self.cash += Decimal(amount)
        now = self.now()
        moment = dt.datetime.fromtimestamp(now, dt.timezone.utc)
        self.activities.append({
            "id": moment.strftime("%Y%m%d") + "000000000::" + str(uuid.uuid4()), "activity_type": kind, "activity_sub_type": sub,
            "date": moment.strftime("%Y-%m-%d"), "created_at": stamp(now, 6), "net_amount": amount, "symbol": symbol, "cusip": "037833100",
            "qty": qty, "per_share_amount": a_share, "price": None, "status": "executed", "currency": "USD", "group_id": "",
            "description": f"{kind} of {symbol}",
        })

    # Views.

    def _reserved(self, symbol: str) -> Decimal:
        """Shares that sell orders hold; a group holds them once."""
        total = Decimal(0)
        for order in self.orders:
            if order.symbol != symbol:
                continue
            if order.side == "sell" and order.is_open:
                total += order.left()
            elif order.parent is None and order.legs and order.filled and any(leg.is_open and leg.side == "sell" for leg in order.legs):
                total += max(leg.left() for leg in order.legs if leg.is_open)
        return total

    def everything(self):
        for order in self.orders:
            yield order
            yield from order.legs

    def find(self, order_id: str) -> Order:
        try:
            uuid.UUID(order_id)
        except ValueError:
            raise Refused(422, 40010001, "order_id is missing") from None
        for order in [*self.everything(), *self.replaced]:
            if order.id == order_id:
                return order
        raise Refused(404, 40410000, f"order not found for {order_id}")

    def named(self, name: str) -> Order:
        for order in [*self.everything(), *self.replaced]:
            if order.client_order_id == name:
                return order
        raise Refused(404, 40410000, f"order not found for {name}")

    def listed(self, query) -> list[dict]:
        wanted, nested = query.get("status", "open"), query.get("nested", "false").lower() == "true"
        symbols = [name for name in query.get("symbols", "").split(",") if name]
        known = list(dict.fromkeys([*self.orders, *self.replaced]))
        rows = known if nested else list(dict.fromkeys([*self.everything(), *self.replaced]))
        if nested:
            rows = [order for order in rows if order.parent is None or order in self.replaced]

        def fits(order: Order) -> bool:
            if symbols and order.symbol not in symbols or query.get("side") not in (None, order.side):
                return False
            # A held leg is in no list but the nested one, under its parent.
            if wanted == "open":
                return order.is_open and (nested or order.status != "held")
            return wanted == "all" or not order.is_open

        rows = [order for order in rows if fits(order)]
        rows.sort(key=lambda order: order.created, reverse=query.get("direction", "desc") == "desc")
        if "after" in query:
            rows = [order for order in rows if order.created > seconds(query["after"])]
        if "until" in query:
            rows = [order for order in rows if order.created < seconds(query["until"])]
        for key in ("after_order_id", "before_order_id"):
            if key in query:
                ids = [order.id for order in rows]
                if query[key] in ids:
                    rows = rows[ids.index(query[key]) + 1:]
        return [order.shown(nested) for order in rows[:int(query.get("limit", 50))]]

    def listed_activities(self, query, kind: str | None) -> list[dict]:
        kinds = [kind] if kind else [name for name in query.get("activity_types", "").split(",") if name]
        rows = [row for row in self.activities if not kinds or row["activity_type"] in kinds]
        if query.get("category"):
            rows = [row for row in rows if (row["activity_type"] == "FILL") == (query["category"] == "trade_activity")]
        when = lambda row: row.get("transaction_time") or row["created_at"]
        if "after" in query:
            rows = [row for row in rows if seconds(when(row)) > seconds(query["after"])]
        if "until" in query:
            rows = [row for row in rows if seconds(when(row)) < seconds(query["until"])]
        if query.get("direction", "desc") == "desc":
            rows = rows[::-1]
        if "page_token" in query:
            ids = [row["id"] for row in rows]
            rows = rows[ids.index(query["page_token"]) + 1:]
        # Pages are shorter than what was asked for, so that a reader of one page misses something.
        return rows[:min(int(query.get("page_size", 100)), 3)]

    def equity(self) -> Decimal:
        return self.cash + sum((self.market.last(symbol) * held for symbol, held in self.held.items()), Decimal(0))

    def buying_power(self) -> Decimal:
        reserved = sum((order.left() * (order.limit or self.market.quote(order.symbol)[1]) for order in self.orders
                        if order.is_open and order.side == "buy" and order.qty is not None), Decimal(0))
        return max(Decimal(0), self.cash * 2 - reserved)

    def account(self) -> dict:
        market_value = self.equity() - self.cash
        power = text(self.buying_power())
        return {
            "id": "e6fe16f3-64a4-4921-8928-cadf02f92f98", "admin_configurations": {}, "user_configurations": None,
            "account_number": self.number, "status": "ACTIVE", "crypto_status": "ACTIVE", "options_approved_level": 3,
            "options_trading_level": 3, "currency": "USD", "buying_power": power, "regt_buying_power": power,
            "effective_buying_power": power, "non_marginable_buying_power": text(self.cash), "options_buying_power": text(self.cash),
            "bod_dtbp": None, "cash": text(self.cash), "accrued_fees": "0", "pending_transfer_in": None,
            "portfolio_value": text(self.equity()), "trading_blocked": False, "transfers_blocked": False, "account_blocked": False,
            "created_at": "2024-02-01T15:14:09.273145Z", "trade_suspended_by_user": False, "multiplier": "2", "shorting_enabled": True,
            "equity": text(self.equity()), "last_equity": "100000", "long_market_value": text(market_value), "short_market_value": "0",
            "position_market_value": text(market_value), "initial_margin": text(market_value / 2), "maintenance_margin": "0",
            "last_maintenance_margin": "0", "sma": "100000", "balance_asof": "2026-11-24", "crypto_tier": 1,
            "intraday_adjustments": "0", "pending_reg_taf_fees": "0", "cash_interest": {"USD": {"opted": False}},
        }

    def positions(self) -> list[dict]:
        """As of a moment ago."""
        now = self.now()
        seen = [held for at, held in self.seen_positions if at <= now][-1]
        return [self._position(symbol, held) for symbol, held in seen.items()]

    def _position(self, symbol: str, held: Decimal) -> dict:
        last, average = self.market.last(symbol), self.average.get(symbol, Decimal(0))
        gain = (last - average) * held
        return {
            "asset_id": str(uuid.uuid5(uuid.NAMESPACE_DNS, symbol)), "symbol": symbol, "exchange": "NASDAQ", "asset_class": "us_equity",
            "asset_marginable": True, "qty": text(held), "avg_entry_price": text(average.quantize(Decimal("0.000001"))),
            "side": "long" if held > 0 else "short", "market_value": text(last * held), "cost_basis": text(average * held),
            "unrealized_pl": text(gain), "unrealized_plpc": None, "unrealized_intraday_pl": text(gain), "unrealized_intraday_plpc": None,
            "current_price": text(last), "lastday_price": None, "change_today": None,
            "qty_available": text(held - self._reserved(symbol)),
        }
