#!/usr/bin/env python3
"""Holds the patch loss against the same loss written in PyTorch, in double precision.

    tests/loss/patch_peer.py PATCH_PEER

All patches by unfold, all pairs by one product, the gradient by autograd with the nearest patches detached: value, gradient.
Exits with 77, which is a skip, where torch is missing.
"""
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
    import torch.nn.functional as F
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

MEAN, GATYS, SCALED, RELATIVE = range(4)
CASES = [  # normalisation, C, guides, size, stride, style stride, weighted, (H, W), styles
    (MEAN, 64, 0, 3, 1, 1, False, (28, 37), [(31, 25)]),
    (GATYS, 40, 0, 3, 1, 1, True, (20, 33), [(16, 21), (30, 12)]),
    (SCALED, 32, 3, 3, 1, 1, True, (24, 24), [(20, 20), (15, 18)]),
    (RELATIVE, 128, 0, 5, 1, 2, False, (18, 23), [(26, 22)]),
    (MEAN, 16, 2, 3, 2, 1, True, (25, 50), [(22, 41), (12, 12), (9, 30)]),
    (RELATIVE, 48, 0, 1, 1, 1, True, (13, 29), [(24, 18)]),
]


def features(generator, channels, side):
    """Like those behind a ReLU: smooth, many zeros."""
    noise = torch.randn(1, channels, side[0] + 2, side[1] + 2, generator=generator, dtype=torch.float64)
    return F.relu(F.avg_pool2d(noise, 3, 1) * 3 + 0.2).float()


def patches(x, size, stride):
    """(count, C size^2)"""
    if x.shape[1] == 0:
        return torch.zeros(patches(torch.zeros(1, 1, *x.shape[2:]), size, stride).shape[0], 0, dtype=x.dtype)
    return F.unfold(x, size, stride=stride)[0].T


def peer(case, own, guidance, weights, styles):
    normalisation, channels, _, size, stride, style_stride, weighted, _, _ = case
    x = own.double().requires_grad_(True)
    mine = patches(x, size, stride)
    theirs = torch.cat([patches(style.double(), size, style_stride) for style, _ in styles])
    with torch.no_grad():
        guided = torch.cat([mine, patches(guidance.double(), size, stride)], 1)
        others = torch.cat([theirs, torch.cat([patches(g.double(), size, style_stride) for _, g in styles])], 1)
        norm = others.norm(dim=1)
        scores = guided @ others.T * torch.where(norm > 0, 1 / norm, torch.zeros_like(norm))
        nearest = scores.argmax(1)
    difference = mine - theirs[nearest]
    counts = torch.ones(len(mine), 1, dtype=torch.float64)
    if weighted:
        half = size // 2
        inner = weights[half:weights.shape[0] - half, half:weights.shape[1] - half]
        counts = inner[::stride, ::stride].reshape(-1, 1).double()
    squares = (counts * difference ** 2).sum()
    value = {MEAN: lambda: squares / (counts.sum() * mine.shape[1]), GATYS: lambda: squares,
             SCALED: lambda: squares / ((counts * difference.abs()).sum() + 1e-8),
             RELATIVE: lambda: squares / (counts.sum() * (theirs ** 2).sum(1).mean())}[normalisation]()
    value.backward()
    return value.item(), x.grad[0].numpy()


def check(command, folder, index, case):
    normalisation, channels, guides, size, stride, style_stride, weighted, side, sides = case
    generator = torch.Generator().manual_seed(index)
    make_guidance = lambda at: torch.rand(1, guides, *at, generator=generator)
    own, guidance, weights = features(generator, channels, side), make_guidance(side), torch.rand(side, generator=generator)
    styles = [(features(generator, channels, at), make_guidance(at)) for at in sides]
    numbers = [normalisation, channels, guides, size, stride, style_stride, int(weighted), *side, len(sides)]
    data = struct.pack(f"<{10 + 2 * len(sides)}i", *numbers, *(n for at in sides for n in at))
    arrays = [own, guidance] + ([weights] if weighted else []) + [array for style in styles for array in style]
    (folder / "in").write_bytes(data + b"".join(array.numpy().astype("<f4").tobytes() for array in arrays))
    subprocess.run([command, folder / "in", folder / "out"], check=True)
    made = (folder / "out").read_bytes()
    value, gradient = struct.unpack("<d", made[:8])[0], np.frombuffer(made[8:], "<f4").reshape(channels, *side)
    expected, slopes = peer(case, own, guidance, weights, styles)
    apart = abs(value / expected - 1), np.abs(gradient - slopes).max() / np.abs(slopes).max()
    print(f"case {index}: value {value:.6g}, within {apart[0]:.1e}; gradient within {apart[1]:.1e}")
    return max(apart) < 1e-4


def main():
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        good = [check(sys.argv[1], pathlib.Path(name), index, case) for index, case in enumerate(CASES)]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
