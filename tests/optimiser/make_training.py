#!/usr/bin/env python3
"""Makes training.json: ten steps of torch.optim.Adam and AdamW (PyTorch 1.13) in float64, with clipping and weight decay.

    tests/optimiser/make_training.py > tests/optimiser/training.json

Parameters are two tensors of 24 and 16 numbers; the second ("biases") decays only where "all" says so. The gradient of step
k is cos(0.7 i + 1.3 k) 10^-(i mod 4) + x_i / 10; test_training.c writes it down again. Each row has the norm before
clipping, the learning rate of every step and x after steps 1 and 10.
"""
import json
import sys

import torch

N, FIRST, STEPS = 40, 24, 10
BASE = {"kind": "Adam", "decay": 0.0, "all": True, "clip": 0.0, "rate": 0.01, "schedule": "constant", "beta2": 0.999}
CASES = [
    {},
    {"decay": 0.1},
    {"decay": 0.1, "kind": "AdamW"},
    {"decay": 0.3, "kind": "AdamW", "all": False},
    {"decay": 0.3, "all": False, "clip": 0.5},
    {"clip": 0.5, "schedule": "cosine"},
    {"kind": "AdamW", "decay": 0.05, "clip": 2.25, "schedule": "steps", "beta2": 0.9},
    {"schedule": "linear", "rate": 0.1},
]


def scheduler(name, optimiser):
    make = torch.optim.lr_scheduler
    if name == "cosine":
        return make.CosineAnnealingLR(optimiser, STEPS, eta_min=0.001)
    if name == "steps":
        return make.StepLR(optimiser, 4, 0.5)
    if name == "linear":
        return make.LinearLR(optimiser, 1.0, 0.01, STEPS)
    return make.ConstantLR(optimiser, 1.0, 1)


def run(case):
    i = torch.arange(N, dtype=torch.float64)
    x = torch.sin(2 * i)
    parts = [torch.nn.Parameter(x[:FIRST].clone()), torch.nn.Parameter(x[FIRST:].clone())]
    groups = [{"params": [parts[0]]}, {"params": [parts[1]], "weight_decay": case["decay"] if case["all"] else 0.0}]
    optimiser = getattr(torch.optim, case["kind"])(groups, lr=case["rate"], betas=(0.9, case["beta2"]),
                                                   weight_decay=case["decay"])
    schedule = scheduler(case["schedule"], optimiser)
    row = dict(case, norms=[], rates=[])
    for k in range(STEPS):
        gradient = torch.cos(0.7 * i + 1.3 * k) * 10.0 ** -(i % 4) + torch.cat([p.detach() for p in parts]) / 10
        parts[0].grad, parts[1].grad = gradient[:FIRST].clone(), gradient[FIRST:].clone()
        row["norms"].append(float(torch.nn.utils.clip_grad_norm_(parts, case["clip"] or float("inf"))))
        row["rates"].append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
        if k in (0, STEPS - 1):
            row["x%d" % (k + 1)] = [round(float(v), 9) for p in parts for v in p.detach()]
    return row


if __name__ == "__main__":
    json.dump([run({**BASE, **case}) for case in CASES], sys.stdout, indent=0)
    print()
