"""The statistics of `alphaflow overfit` once more, in plain Python, from the definitions of the papers.

Run in the root of the repository: python3 tests/golden/overfit.py > tests/golden/overfit.json
"""
import csv
import itertools
import json
import math
import random
import statistics as st
from statistics import NormalDist

BLOCKS, RESAMPLES, GAMMA = 8, 2000, 0.5772156649015329
Z, PHI = NormalDist().inv_cdf, NormalDist().cdf

rows = list(csv.DictReader(open("data/trials_ma_crossover_ibm.csv")))
names = [name for name in rows[0] if name != "date"]
trials = [[float(row[name]) for row in rows] for name in names]
days, count = len(rows), len(trials)


def sharpe(values):
    return st.fmean(values) / st.stdev(values)


def overfitting():
    length = days // BLOCKS
    cut = [[trial[days % BLOCKS:][i * length:(i + 1) * length] for i in range(BLOCKS)] for trial in trials]
    logits, losses = [], 0
    for inside in itertools.combinations(range(BLOCKS), BLOCKS // 2):
        outside = [block for block in range(BLOCKS) if block not in inside]
        seen = [sharpe(sum((trial[block] for block in inside), [])) for trial in cut]
        unseen = [sharpe(sum((trial[block] for block in outside), [])) for trial in cut]
        own = unseen[seen.index(max(seen))]
        rank = sum(value < own for value in unseen) + (unseen.count(own) + 1) / 2
        logits.append(math.log(rank / (count + 1 - rank)))
        losses += own < 0
    return {
        "pbo": sum(value <= 0 for value in logits) / len(logits),
        "combinations": len(logits),
        "mean_logit": st.fmean(logits),
        "median_logit": st.median(logits),
        "prob_oos_loss": losses / len(logits),
    }


def deflation():
    sharpes = [sharpe(trial) for trial in trials]
    best = sharpes.index(max(sharpes))
    own, mean = sharpes[best], st.fmean(trials[best])
    second, third, fourth = (sum((v - mean) ** k for v in trials[best]) / days for k in (2, 3, 4))
    skew, kurtosis = third / second**1.5, fourth / second**2
    unit = (1 - GAMMA) * Z(1 - 1 / count) + GAMMA * Z(1 - 1 / (count * math.e))
    expected = unit * math.sqrt(st.variance(sharpes))
    spread = 1 - skew * own + (kurtosis - 1) / 4 * own**2
    return {
        "best_trial": best,
        "best_sharpe": own,
        "best_skew": skew,
        "best_kurtosis": kurtosis,
        "sharpe_variance": st.variance(sharpes),
        "expected_max_sharpe": expected,
        "probabilistic_sharpe": PHI(own * math.sqrt((days - 1) / spread)),
        "deflated_sharpe": PHI((own - expected) * math.sqrt((days - 1) / spread)),
        "min_track_record": 1 + spread * (Z(0.95) / own) ** 2,
        "min_backtest_observations": (unit / own) ** 2,
    }


def independent():
    standard = []
    for trial in trials:
        mean, deviation = st.fmean(trial), st.pstdev(trial)
        standard.append([(value - mean) / deviation for value in trial])
    pairs = itertools.combinations(standard, 2)
    average = st.fmean(sum(a * b for a, b in zip(*pair)) / days for pair in pairs)
    return {"independent_trials": average + (1 - average) * count}


def luck():
    """White's and Hansen's tests: blocks start on any day, geometric lengths, drawn day by day."""
    random.seed(5)
    stop = 1 / max(5, round(days ** (1 / 3)))
    means, deviations, root = [st.fmean(t) for t in trials], [st.stdev(t) for t in trials], math.sqrt(days)
    ratios = [root * mean / deviation for mean, deviation in zip(means, deviations)]
    hopeless = -math.sqrt(2 * math.log(math.log(days)))
    pulls = {
        "spa_lower": lambda ratio: min(ratio, 0),
        "spa": lambda ratio: ratio if ratio <= hopeless else 0,
        "spa_upper": lambda ratio: 0,
    }
    reached = dict.fromkeys(["reality_check", *pulls], 1)
    for _ in range(RESAMPLES):
        picked = []
        for _ in range(days):
            fresh = not picked or random.random() < stop
            picked.append(random.randrange(days) if fresh else (picked[-1] + 1) % days)
        luck = [root * (sum(t[day] for day in picked) / days - mean) for t, mean in zip(trials, means)]
        reached["reality_check"] += max(luck) >= root * max(means)
        for key, pull in pulls.items():
            scaled = (value / deviation + pull(ratio) for value, deviation, ratio in zip(luck, deviations, ratios))
            reached[key] += max(0, *scaled) >= max(0, *ratios)
    return {key: value / (RESAMPLES + 1) for key, value in reached.items()}


print(json.dumps({"exact": overfitting() | deflation() | independent(), "resampled": luck()}, indent=2))
