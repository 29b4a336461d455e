#!/usr/bin/env python3
"""Holds `impasto reconstruct` against the same optimisation written in PyTorch, in double precision.

    tests/method/reconstruct_peer.py IMPASTO

A small VGG of random weights, L-BFGS: the losses of each evaluation, the PSNR, and the best picture. It begins with the picture
itself, from which the regularisers pull it away; from a flat one rounding would decide what pooling takes. Exits with 77, which is a skip, where torch is missing.
"""
import csv
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
    import torch.nn.functional as F
    from PIL import Image
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

WIDTH, HEIGHT, STEPS = 44, 35, 10
MEAN = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64).view(1, 3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64).view(1, 3, 1, 1)
COLOUR, STEP = 80 / 255, 80 / 255 / 6.5  # B and V of Mahendran, Vedaldi 2016
CASES = [  # start, layer, alpha, its weight, beta, the weight of total variation
    ("content", "relu2_1", 6, 0.5, 2, 0.3),
    ("grey", "conv1_2", 2, 0.02, 1, 0.05),
    ("content", "pool1", 7, 3, 3, 0.01),
]


def make_weights():
    generator = torch.Generator().manual_seed(1)
    weights, before = {}, 3
    for name, channels in (("conv1_1", 64), ("conv1_2", 64), ("conv2_1", 128)):
        deviation = (2 / (9 * before)) ** 0.5
        weights[name + ".weight"] = torch.randn(channels, before, 3, 3, generator=generator) * deviation
        weights[name + ".bias"] = torch.randn(channels, generator=generator) * 0.1
        before = channels
    return weights


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        values = tensor.float().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def activation(x, layer, weights):
    x = (x - MEAN) / DEVIATION
    for block, index in ((1, 1), (1, 2), (2, 1)):
        name = f"conv{block}_{index}"
        if block == 1 and index == 1:
            x = F.pad(x, (1, 1, 1, 1), mode="replicate")
        x = F.conv2d(x, weights[name + ".weight"], weights[name + ".bias"], padding=0 if index == 1 and block == 1 else 1)
        if layer == name:
            return x
        x = F.relu(x)
        if layer == f"relu{block}_{index}":
            return x
        if block == 1 and index == 2:
            x = F.max_pool2d(x, 2)
            if layer == "pool1":
                return x
    raise ValueError(layer)


def losses(x, target, case, weights):
    _, layer, alpha, alpha_weight, beta, tv_weight = case
    wanted = activation(target, layer, weights)
    feature = ((activation(x, layer, weights) - wanted) ** 2).sum() / (wanted ** 2).sum()
    strong = alpha_weight * (((x - MEAN).abs() / COLOUR) ** alpha).mean()
    across = F.pad(x[..., 1:] - x[..., :-1], (0, 1))
    down = F.pad(x[..., 1:, :] - x[..., :-1, :], (0, 0, 0, 1))
    rest = 1e-4 if beta < 2 else 0
    squares = (across ** 2 + down ** 2) / STEP ** 2 + rest
    tv = tv_weight * ((squares ** (beta / 2)).mean() - rest ** (beta / 2))
    return feature, strong, tv


def optimise(target, case, weights):
    """The rows of the log, and the best picture."""
    x = target if case[0] == "content" else MEAN.float().double().expand_as(target)
    x = x.contiguous().clone().requires_grad_(True)
    optimiser = torch.optim.LBFGS([x], lr=1, max_iter=STEPS, max_eval=STEPS, history_size=20, tolerance_grad=1e-7)
    rows, best, least = [], None, float("inf")

    def closure():
        nonlocal best, least
        with torch.no_grad():
            x.clamp_(0, 1)
        optimiser.zero_grad()
        parts = losses(x, target, case, weights)
        total = sum(parts)
        (total * x.numel()).backward()
        psnr = -10 * torch.log10(((x - target) ** 2).mean().clamp(min=1e-12))
        rows.append([float(v) for v in (total, *parts, psnr)])
        if float(total) < least:
            least, best = float(total), x.detach().clone()
        return total * x.numel()

    optimiser.step(closure)
    return rows, best


def check(command, folder, target, case, weights):
    start, layer, alpha, alpha_weight, beta, tv_weight = case
    subprocess.run([command, "reconstruct", folder / "photo.png", "-o", folder / "out.png", "--log", folder / "log.csv",
                    "--bit-depth", "16", "--layer", layer, "--model", folder / "vgg.safetensors", "--model-input", "torchvision",
                    "--init", start, "-n", str(STEPS), "--alpha", str(alpha), "--alpha-weight",
                    str(alpha_weight), "--tv-beta", str(beta), "--tv-weight", str(tv_weight), "--quiet"], check=True)
    with open(folder / "log.csv", newline="") as file:
        rows = [[float(row[name]) for name in ("total", "feature", "alpha", "tv", "psnr")] for row in csv.DictReader(file)]
    expected, picture = optimise(target, case, weights)
    if len(rows) != STEPS:
        return f"{layer}: {len(rows)} evaluations"
    apart = max(abs(a - b) / (abs(b) + 1e-7) for row, other in zip(rows, expected) for a, b in zip(row, other))
    made = np.asarray(Image.open(folder / "out.png").convert("RGB"), np.float64) / 255
    pixels = np.abs(made - picture[0].permute(1, 2, 0).numpy()).max() * 255
    print(f"{layer}: losses within {apart:.1e}, the picture within {pixels:.2f} of 255 levels, {rows[-1][4]:.2f} dB")
    return f"{layer}: too far apart" if not apart < 2e-3 or not pixels < 4 else None


def main():
    command = sys.argv[1]
    torch.set_num_threads(1)
    weights = make_weights()
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    waves = [127 + 110 * np.sin(0.2 * x + 0.3 * c) * np.cos(0.25 * y - c) for c in range(3)]
    photo = np.stack(waves, -1).round().astype(np.uint8)
    target = torch.from_numpy(photo.astype(np.float64) / 255).permute(2, 0, 1)[None]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_safetensors(folder / "vgg.safetensors", weights)
        Image.fromarray(photo).save(folder / "photo.png")
        double = {key: value.double() for key, value in weights.items()}
        wrong = [fault for case in CASES if (fault := check(command, folder, target, case, double))]
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
