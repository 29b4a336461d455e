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
    from johnson_torch import random_state, run
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)


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
        expected = run({name: tensor.double() for name, tensor in state.items()}, x)[0, :, :height, :width].clamp(0, 255).permute(1, 2, 0).numpy()
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
        state = random_state((8, 16, 32), 5)
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
