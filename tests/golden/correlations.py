#!/usr/bin/env python3
"""Makes the golden correlations of daily returns: pandas takes the returns, numpy and scipy correlate them.

    python3 tests/golden/correlations.py data ../shared/data tests/golden

Made with numpy 2.4.6, pandas 3.1.1, scipy 1.17.1. One row a pair and session: rho of the simple daily returns of
the last 60 sessions, split-adjusted, empty where either lacks one of the 60. A session is a date on which any of
the symbols has a bar; a return needs bars on two of them in a row.
"""
import sys
from itertools import combinations
from pathlib import Path

import numpy
import pandas
from scipy import stats

SESSIONS = 60
# Where a window begins or ends to be whole: listings, the hole of QQQ, the session that EEM lacks, splits.
BOKEH = (["AAPL", "FB", "GOOG", "IBM", "MSFT"], 60, ["2000-05-24", "2000-05-25", "2012-08-13", "2012-08-14"])
LEAN = (
    ["SPY", "AAPL", "IBM", "AIG", "QQQ", "EEM", "GOOGL", "USO", "BNO"],
    300,
    ["2003-08-14", "2003-08-15", "2003-11-10", "2003-11-11", "2003-11-12", "2004-11-30", "2004-12-01", "2008-07-24",
     "2009-07-01", "2011-06-17", "2011-06-20", "2014-06-09", "2020-04-29", "2020-08-31"],
)


def returns(folder, prefix, symbols):
    actions = pandas.read_csv(folder / "corporate_actions.csv", parse_dates=["ex_date"])
    closes = {}
    for symbol in symbols:
        bars = pandas.read_csv(folder / f"{prefix}_{symbol}_daily.csv", index_col="timestamp", parse_dates=True)
        close = bars["close"].astype(float)
        for split in actions[(actions.symbol == symbol) & (actions.kind == "split")].itertuples():
            close[close.index < split.ex_date] /= float(split.ratio_or_amount)
        closes[symbol] = close
    return pandas.DataFrame(closes).sort_index().pct_change(fill_method=None)


def rows(folder, prefix, symbols, step, dates):
    table = returns(folder, prefix, symbols)
    wanted = set(table.index[step::step]) | {pandas.Timestamp(date) for date in dates}
    for date in sorted(wanted & set(table.index)):
        window = table.loc[:date].tail(SESSIONS)
        for a, b in combinations(symbols, 2):
            rho = ""
            if len(window) == SESSIONS and window[[a, b]].notna().all(axis=None):
                rho = numpy.corrcoef(window[a], window[b])[0, 1]
                assert abs(rho - stats.pearsonr(window[a], window[b]).statistic) < 1e-12
                rho = repr(float(rho))
            yield f"{date.date()},{a},{b},{rho}\n"


def main(own, shared, out):
    for folder, prefix, cases in [(own, "bokeh", BOKEH), (shared, "lean", LEAN)]:
        text = "date,a,b,rho\n" + "".join(rows(Path(folder), prefix, *cases))
        (Path(out) / f"correlations_{prefix}.csv").write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
