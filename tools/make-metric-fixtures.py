"""Writes src/statistics/fixtures/metrics.json: figures of scikit-learn and a 10-fold accuracy in NumPy on made-up
scores, quantiles of SciPy, and beta distributions of mpmath at 40 digits (SciPy 1.10 has 10 right ones for some).

    python3 tools/make-metric-fixtures.py      (scikit-learn 1.2.1, SciPy 1.10.1, NumPy 1.24.2, mpmath 1.2.1)
"""
import json
import os

import mpmath
import numpy as np
from scipy import special, stats
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.model_selection import KFold

rng = np.random.default_rng(6)


def fold_accuracy(distances, same, folds):
    """Accuracy per fold with the threshold that is best on the others, grid 0, 0.01, ..., 3.99."""
    grid = np.arange(0, 4, 0.01)
    accuracies, chosen = [], []
    for train, test in KFold(folds, shuffle=False).split(distances):
        on_train = [np.mean((distances[train] < t) == same[train]) for t in grid]
        best = int(np.argmax(on_train))
        chosen.append(float(grid[best]))
        accuracies.append(float(np.mean((distances[test] < grid[best]) == same[test])))
    return {"mean": float(np.mean(accuracies)), "std": float(np.std(accuracies)), "accuracies": accuracies, "thresholds": chosen}


def scored(name, scores, same):
    fpr, tpr, thresholds = roc_curve(same, scores, drop_intermediate=False)
    # Largest TPR within each FAR.
    tar = {str(far): float(max(tpr[fpr <= far * (1 + 1e-12)])) for far in (0.1, 0.01, 0.001)}
    distances = 2 - 2 * scores
    result = {
        "name": name,
        "scores": scores.tolist(),
        "same": same.astype(int).tolist(),
        "auc": float(roc_auc_score(same, scores)),
        "tar": tar,
        "roc": {"fpr": fpr.tolist(), "tpr": tpr.tolist(), "thresholds": thresholds[1:].tolist()},
        "folds": fold_accuracy(distances, same, 10),
    }
    return result


def share_below(x, a, b):
    """The share of a beta distribution below x: for whole a and b a sum over the shorter tail of a binomial one."""
    if a != int(a) or b != int(b):
        return mpmath.betainc(a, b, 0, x, regularized=True)
    if a > b:
        return 1 - share_below(1 - x, b, a)
    trials, term = int(a + b - 1), mpmath.exp((a + b - 1) * mpmath.log1p(-x))
    below = term
    for k in range(1, int(a)):
        term *= x / (1 - x) * (trials - k + 1) / k
        below += term
    return 1 - below


def exact_quantile(share, a, b):
    """SciPy's quantile polished by Newton's method at 40 digits."""
    x = mpmath.mpf(float(stats.beta.ppf(share, a, b)))
    for _ in range(4):
        density = mpmath.exp((a - 1) * mpmath.log(x) + (b - 1) * mpmath.log1p(-x) - mpmath.log(mpmath.beta(a, b)))
        x -= (share_below(x, a, b) - mpmath.mpf(share)) / density
    return float(x)


mpmath.mp.dps = 40
same = rng.random(430) < 0.5
smooth = np.where(same, rng.normal(0.6, 0.2, 430), rng.normal(0.15, 0.2, 430))
ties = np.round(smooth * 20) / 20
sets = [
    scored("two overlapping normal distributions", np.round(smooth, 6), same),
    scored("many ties", ties, same),
    scored("no relation", np.round(rng.random(200), 3), rng.random(200) < 0.3),
]

intervals = []
for events, trials in [(0, 10), (10, 10), (1, 10), (5, 10), (3, 3000), (2968, 3000), (0, 3000), (1, 10**8), (37, 10**8), (50_000, 100_000), (10**8 - 1, 10**8), (999, 1000)]:
    low = 0.0 if events == 0 else exact_quantile(0.025, events, trials - events + 1)
    high = 1.0 if events == trials else exact_quantile(0.975, events + 1, trials - events)
    intervals.append({"events": events, "trials": trials, "low": low, "high": high})

betas = [
    {"x": x, "a": a, "b": b, "value": float(share_below(mpmath.mpf(x), a, b))}
    for x, a, b in [(0.5, 2, 3), (0.01, 1, 1), (0.3, 0.5, 0.5), (0.999, 30, 2), (1e-4, 3, 29998), (0.25, 100, 300), (0.9, 400, 20)]
]
quantiles = [{"share": p, "value": float(special.ndtri(p))} for p in (1e-12, 1e-6, 0.001, 0.07, 0.075, 0.3, 0.5, 0.6, 0.93, 0.999999)]

out = os.path.join(os.path.dirname(__file__), "..", "src", "evaluate", "metrics", "fixtures", "metrics.json")
with open(out, "w") as file:
    json.dump({"sets": sets, "intervals": intervals, "betas": betas, "probit": quantiles}, file, separators=(",", ":"))
    file.write("\n")
