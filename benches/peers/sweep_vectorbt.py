"""The grid of benches/sweep.rs in vectorbt: 500,000 minute bars, 100 pairs of averages, ATR stop, 5 bps, 100 shares.

usage: sweep_vectorbt.py BARS.csv [--engine rust|numba] [--rounds N]

Averages once a window, crosses and the portfolio of 20 pairs at a time (more would need gigabytes), final value and
number of orders; compiling and reading the file are not counted. vectorbt checks a stop from the bar after the entry
and lets it win over an exit due at the open, so its trades differ a little from ours.
"""

import argparse
import time

import numpy as np
import pandas as pd
import vectorbt as vbt

PAIRS = [(5 * fast, 20 * slow) for fast in range(1, 11) for slow in range(3, 13)]
AT_ONCE = 20


def crosses(fast, slow, warm_up):
    """Bars at whose open an entry and an exit are due."""
    above, below = fast > slow, fast < slow
    up, down = np.zeros(len(fast), bool), np.zeros(len(fast), bool)
    up[2:] = above[1:-1] & ~above[:-2]
    down[2:] = below[1:-1] & ~below[:-2]
    up[: warm_up + 2] = down[: warm_up + 2] = False
    return up, down


def sweep(bars, engine):
    close, opening = bars["close"].to_numpy(), bars["open"].to_numpy()
    windows = sorted({window for pair in PAIRS for window in pair})
    means = {window: vbt.MA.run(bars["close"], window).ma.to_numpy() for window in windows}
    atr = vbt.ATR.run(bars["high"], bars["low"], bars["close"], window=14, ewm=False).atr.to_numpy()
    stop = np.full(len(bars), np.nan)
    stop[1:] = 1 - (close - 2 * atr)[:-1] / opening[1:]
    stop[stop <= 0] = 1e-9
    column = lambda values: np.ascontiguousarray(values.reshape(-1, 1))
    final, orders = 0.0, 0
    for first in range(0, len(PAIRS), AT_ONCE):
        some = PAIRS[first : first + AT_ONCE]
        pairs = [crosses(means[fast], means[slow], slow) for fast, slow in some]
        entries, exits = (np.column_stack(side) for side in zip(*pairs))
        portfolio = vbt.Portfolio.from_signals(
            pd.DataFrame(np.broadcast_to(close[:, None], entries.shape), copy=False),
            entries,
            exits,
            price=opening[:, None],
            open=column(opening),
            high=column(bars["high"].to_numpy()),
            low=column(bars["low"].to_numpy()),
            sl_stop=column(stop),
            stop_entry_price="price",
            size=100.0,
            fees=0.0005,
            init_cash=1_000_000.0,
            freq="1min",
            engine=engine,
        )
        final += portfolio.final_value().sum()
        orders += portfolio.orders.count().sum()
    return final, orders


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("bars")
    options.add_argument("--engine", default="rust", choices=["rust", "numba"])
    options.add_argument("--rounds", type=int, default=3)
    options = options.parse_args()
    vbt.settings["engine"] = options.engine
    bars = pd.read_csv(options.bars).iloc[:500_000]
    sweep(bars.iloc[:2_000], options.engine)
    seconds = []
    for _ in range(options.rounds):
        start = time.perf_counter()
        final, orders = sweep(bars, options.engine)
        seconds.append(time.perf_counter() - start)
    rate = len(bars) * len(PAIRS) / min(seconds) / 1e6
    print(f"vectorbt {vbt.__version__} {options.engine}: {rate:.1f} M bar-evaluations/s ({int(orders)} orders, {final:.2f})")


if __name__ == "__main__":
    main()
