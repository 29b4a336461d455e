#!/usr/bin/env python3
"""Holds `impasto apply` against PyTorch running the same style network: no pixel is off by more than one level of 255.

    tests/method/apply_peer.py IMPASTO [FILE...]

A network of random numbers saved by torch.save in both its file formats, with the running means that old files hold, on
pictures whose sides are multiples of 4 and not; then the files given (networks in the layout of fast_neural_style), where
they are there. Exits with 77, which is a skip, where torch is missing.
"""
import pathlib
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


def make_state(widths, residuals):
    """Numbers whose pictures have every level from 0 to 255."""
    torch.manual_seed(3)
    first, second, third = widths
    state = {}

    def conv(name, into, out, kernel, gain=1.0):
        state[f"{name}.conv2d.weight"] = torch.randn(out, into, kernel, kernel) * gain / (into * kernel * kernel) ** 0.5
        state[f"{name}.conv2d.bias"] = torch.randn(out)

    def norm(name, channels):
        state[f"{name}.weight"] = 1 + 0.3 * torch.randn(channels)
        state[f"{name}.bias"] = 0.3 * torch.randn(channels)
        state[f"{name}.running_mean"] = torch.zeros(channels)
        state[f"{name}.running_var"] = torch.ones(channels)

    for i, (into, out, kernel) in enumerate(((3, first, 9), (first, second, 3), (second, third, 3)), 1):
        conv(f"conv{i}", into, out, kernel)
        norm(f"in{i}", out)
    for block in range(1, residuals + 1):
        for half in (1, 2):
            conv(f"res{block}.conv{half}", third, third, 3)
            norm(f"res{block}.in{half}", third)
    conv("deconv1", third, second, 3)
    norm("in4", second)
    conv("deconv2", second, first, 3)
    norm("in5", first)
    conv("deconv3", first, 3, 9, 60)
    state["deconv3.conv2d.bias"] = torch.tensor([120.0, 130.0, 110.0])
    return state


def run(state, x):
    def conv(name, x, stride=1):
        weight = state[f"{name}.conv2d.weight"].double()
        pad = weight.shape[-1] // 2
        return F.conv2d(F.pad(x, (pad,) * 4, mode="reflect"), weight, state[f"{name}.conv2d.bias"].double(), stride)

    def norm(name, x):
        return F.instance_norm(x, weight=state[f"{name}.weight"].double(), bias=state[f"{name}.bias"].double())

    x = F.relu(norm("in1", conv("conv1", x)))
    x = F.relu(norm("in2", conv("conv2", x, 2)))
    x = F.relu(norm("in3", conv("conv3", x, 2)))
    block = 1
    while f"res{block}.in1.weight" in state:
        y = F.relu(norm(f"res{block}.in1", conv(f"res{block}.conv1", x)))
        x = x + norm(f"res{block}.in2", conv(f"res{block}.conv2", y))
        block += 1
    x = F.relu(norm("in4", conv("deconv1", F.interpolate(x, scale_factor=2))))
    x = F.relu(norm("in5", conv("deconv2", F.interpolate(x, scale_factor=2))))
    return conv("deconv3", x)


def make_photo(width, height):
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 90 * np.sin(0.13 * x * (1 + c) + 0.05 * y + c) + 30 * ((x // 7 + y // 5) % 2) for c in range(3)]
    return np.clip(np.stack(waves, -1), 0, 255).astype(np.uint8)


def compare(program, state, model, photo, folder, *options):
    height, width, _ = photo.shape
    Image.fromarray(photo).save(folder / "photo.png")
    subprocess.run([program, "apply", folder / "photo.png", "--model", model, "-o", folder / "out.png", "-q", *options],
                   check=True)
    x = torch.from_numpy(photo.astype(np.float64)).permute(2, 0, 1)[None]
    x = F.pad(x, (0, -width % 4, 0, -height % 4), mode="reflect")
    with torch.no_grad():
        expected = run(state, x)[0, :, :height, :width].clamp(0, 255).permute(1, 2, 0).numpy()
    got = np.asarray(Image.open(folder / "out.png")).astype(np.float64)
    assert got.shape == expected.shape, f"{got.shape} instead of {expected.shape}"
    worst = np.abs(got - expected).max()
    spread = expected.max() - expected.min()
    print(f"{pathlib.Path(model).name} {width}x{height} {' '.join(options)}: off by at most {worst:.3f} of {spread:.0f}")
    return worst <= 1.0 and spread > 100


def main():
    program, *files = sys.argv[1:]
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        state = make_state((8, 16, 32), 5)
        torch.save(state, folder / "zip.pth")
        torch.save(state, folder / "old.model", _use_new_zipfile_serialization=False)
        good &= compare(program, state, folder / "zip.pth", make_photo(100, 76), folder)
        good &= compare(program, state, folder / "old.model", make_photo(61, 83), folder)
        good &= compare(program, state, folder / "zip.pth", make_photo(123, 262), folder, "--memory", "1")
        for file in files:
            if pathlib.Path(file).is_file():
                good &= compare(program, torch.load(file, map_location="cpu"), file, make_photo(202, 151), folder)
    sys.exit(0 if good else 1)


main()
