#!/usr/bin/env python3
"""Makes golden.json: what torch.optim.LBFGS and torch.optim.Adam (PyTorch 1.13) do on small problems.

    tests/optimiser/make_golden.py > tests/optimiser/golden.json

Each run is recorded in float64, the exact trajectory; and in float32, only to say how far PyTorch's own rounding leads
away from it ("spread", the largest deviation up to that point). The test asks of the library that it stays within a
small multiple of that. Instead of the whole x, two projections of it are recorded. The problems are written down again
in test_golden.c.
"""
import json
import sys

import torch
from torch.optim import lbfgs

EVALUATIONS = 60


def quadratic(x):
    """n = 50, condition number about 1000, minimum in part outside [0,1]."""
    i = torch.arange(x.numel(), dtype=x.dtype)
    curvature = 10.0 ** (-3.0 * i / (x.numel() - 1))
    centre = 0.5 + 0.8 * torch.sin(i)
    return 0.5 * (curvature * (x - centre) ** 2).sum() + 0.05 * (torch.cos(i) * x).sum() ** 2


def rosenbrock(x):
    """n = 20, the chained valley, 10 instead of 100 times as steep across as along."""
    return (10 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


PROBLEMS = {"quadratic": (quadratic, 50), "rosenbrock": (rosenbrock, 20)}


def start(n, dtype):
    return 0.5 + 0.4 * torch.cos(3 * torch.arange(n, dtype=torch.float64)).to(dtype)


def projections(x):
    i = torch.arange(x.numel(), dtype=torch.float64)
    x = x.detach().double()
    return float((torch.sin(i + 1) * x).sum()), float((torch.cos(2 * i) * x).sum())


class Closure:
    """The objective, which logs every evaluation as (value, p, q)."""

    def __init__(self, problem, clamp, constant, dtype):
        self.function, n = PROBLEMS[problem]
        self.x = torch.nn.Parameter(start(n, dtype))
        self.clamp, self.constant = clamp, constant
        self.log = []

    def __call__(self):
        if self.clamp:
            with torch.no_grad():
                self.x.clamp_(0, 1)
        self.x.grad = None
        value = self.function(self.x)
        value.backward()
        if self.constant:
            value = value * 0 + 5
        self.log.append((float(value), *projections(self.x)))
        return value


def run_fixed(case, dtype):
    """Every evaluation of `while evaluations < N: optimiser.step(closure)`."""
    closure = Closure(case["problem"], case["clamp"], case["constant"], dtype)
    tolerances = {} if case["constant"] else {"tolerance_grad": -1, "tolerance_change": -1}
    if case["kind"] == "adam":
        optimiser = torch.optim.Adam([closure.x], lr=0.02, betas=(0.9, 0.99), eps=1e-8)
    else:
        optimiser = torch.optim.LBFGS([closure.x], history_size=case["history"], **tolerances)
    while len(closure.log) < EVALUATIONS:
        optimiser.step(closure)
    return closure.log[:EVALUATIONS], None


def run_search(case, dtype, max_iter=1):
    """The iterates (where each step begins), and how many trials the line search from each took."""
    closure = Closure(case["problem"], case["clamp"], False, dtype)
    optimiser = torch.optim.LBFGS([closure.x], history_size=case["history"], tolerance_grad=-1, tolerance_change=-1,
                                  line_search_fn="strong_wolfe", max_iter=max_iter, max_eval=10000)
    begins = []
    while len(closure.log) < EVALUATIONS:
        begins.append(len(closure.log))
        optimiser.step(closure)
    trials = [after - before - 1 for before, after in zip(begins, begins[1:] + [len(closure.log)])]
    return [closure.log[i] for i in begins], trials if max_iter == 1 else closure.log


def check_step_boundaries(case):
    """Where nothing is clamped, max_iter only adds evaluations of points already evaluated."""
    once = lambda log: list(dict.fromkeys(log))
    one, _ = run_search(case, torch.float64)
    _, many = run_search(case, torch.float64, max_iter=20)
    assert set(once(one)[:12]) <= set(many), case


def deviation(a, b):
    return max(abs(u - v) / (1 + abs(u)) for u, v in zip(a, b))


def trajectory(case):
    run = run_search if case["strong_wolfe"] else run_fixed
    exact, trials = run(case, torch.float64)
    rounded, _ = run(case, torch.float32)
    spread, most = [], 0.0
    for k, a in enumerate(exact):
        most = max(most, deviation(a, rounded[k])) if k < len(rounded) else 1.0
        spread.append(float(f"{most:.2g}"))
    if case["strong_wolfe"] and not case["clamp"]:
        check_step_boundaries(case)
    columns = {name: [float(f"{row[i]:.12g}") for row in exact] for i, name in enumerate(("value", "p", "q"))}
    return {**case, **columns, "spread": spread, **({"trials": trials} if trials else {})}


def cases():
    for problem in PROBLEMS:
        for clamp in (False, True):
            for history in (3, 100):
                for search in (False, True):
                    yield dict(kind="lbfgs", problem=problem, clamp=clamp, history=history, strong_wolfe=search,
                               constant=False)
            yield dict(kind="adam", problem=problem, clamp=clamp, history=0, strong_wolfe=False, constant=False)
    # A value that never changes meets the tolerance at every iteration: steps end, and begin where they ended.
    yield dict(kind="lbfgs", problem="quadratic", clamp=True, history=100, strong_wolfe=False, constant=True)


# Functions of one number for the line search alone; test_wolfe.c has the same list. (name, function, first trials)
LINES = [
    ("parabola", lambda t: (t - 3) ** 2, (1, 0.01, 3, 100)),
    ("cosine", lambda t: torch.cos(t + 0.5), (0.1, 1, 10, 40)),
    ("decay", lambda t: torch.exp(-t) + 0.05 * t * t, (0.01, 1, 50)),
    ("kink", lambda t: torch.sqrt((t - 1) ** 2 + 1e-6), (0.03, 0.3, 0.99, 1.001, 1.5, 30, 1000)),
    ("ripples", lambda t: 0.1 * (t - 2) ** 2 + torch.cos(8 * t + 0.3), (0.05, 1, 7, 19, 500)),
    ("quartic", lambda t: t ** 4 - 3 * t ** 3 - t, (0.2, 2, 1000)),
    ("wall", lambda t: torch.exp(10 * (t - 1)) - t, (0.01, 1, 1.5, 3, 5)),
    ("stairs", lambda t: 0.01 * t * t - 2 * t - torch.sin(4 * t), (0.01, 0.1, 0.4, 1, 2.2, 60, 500)),
    ("ledge", lambda t: t ** 4 / 4 - t ** 3 - 0.001 * t + torch.tanh(40 * (t - 2.5)), (0.5, 1, 2.4, 3, 10)),
    ("cliff", lambda t: 0.001 * t * t - t + 19 * torch.sigmoid(20 * (t - 3)), (0.5, 2, 2.7, 4)),
    ("endless", lambda t: -t, (1,)),
]


def line_search(function, first):
    trials = []

    def evaluate(x, t, d):
        point = torch.tensor([float(t)], dtype=torch.float64, requires_grad=True)
        value = function(point).sum()
        value.backward()
        trials.append(float(t))
        return float(value), point.grad

    zero, one = torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    value, slope = evaluate(zero, 0.0, one)
    trials.clear()
    _, _, t, _ = lbfgs._strong_wolfe(evaluate, zero, float(first), one, value, slope, slope.dot(one))
    return {"first": first, "trials": trials, "t": float(t)}


def main():
    lines = [{"name": name, **line_search(function, first)} for name, function, firsts in LINES for first in firsts]
    rows = [trajectory(case) for case in cases()]
    parts = {"lines": lines, "trajectories": rows}
    text = ",\n".join(json.dumps(name) + ": [\n" + ",\n".join(map(json.dumps, part)) + "\n]"
                      for name, part in parts.items())
    sys.stdout.write("{\n" + text + "\n}\n")


main()
