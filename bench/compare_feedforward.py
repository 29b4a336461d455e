#!/usr/bin/env python3
"""One-pass networks beside the same in PyTorch, on this machine: a training step, and pictures made.

    compare_feedforward.py BUILD SOURCE [--threads 2] [--rounds 3]

The two programs run in turn, so that what else the machine does falls on both. Training: Johnson's network of full width,
four photographs of 256x256, losses of VGG-19 at relu1_2, relu2_2, relu3_3 and relu2_2; medians of the steps after the
first. Pictures: the network alone (`bench_network`, and PyTorch's forward pass), and the command on files, from its start
to the written picture. The best of all rounds. Without torch or VGG-19 there is nothing to compare: exit code 77.
"""
import argparse
import csv
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

SKIP = 77
PYTHON = "/usr/bin/python3"  # Debian's python3-torch is installed for this one
try:
    import numpy as np
    import torch
    from PIL import Image
except ImportError as missing:
    if sys.executable != PYTHON and pathlib.Path(PYTHON).is_file():
        sys.exit(subprocess.run([PYTHON, *sys.argv]).returncode)
    print(f"skipped: {missing}")
    sys.exit(SKIP)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "method"))
from johnson_torch import features, gram, perceptual_loss, random_state, run  # noqa: E402

STYLE_LAYERS, CONTENT_LAYER = ["relu1_2", "relu2_2", "relu3_3"], "relu2_2"
STEPS = 5


def photo(path, width, height):
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 90 * np.sin(0.013 * x * (1 + c) + 0.05 * y + c) + 30 * ((x // 17 + y // 23) % 2) for c in range(3)]
    pixels = np.clip(np.stack(waves, -1), 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1)[None]


def gaps(seconds):
    return [b - a for a, b in zip(seconds, seconds[1:])]


def train_ours(options, folder):
    (folder / "photos").mkdir(exist_ok=True)
    for i in range(4):
        photo(folder / "photos" / f"{i}.png", 300, 280)
    subprocess.run([options.impasto, "train", "style", "--style", folder / "style.png", "--photos", folder / "photos", "-o",
                    folder / "trained.safetensors", "-m", options.vgg, "--style-layers", ",".join(STYLE_LAYERS),
                    "--content-layers", CONTENT_LAYER, "--style-size", "256", "--steps", str(STEPS), "--threads",
                    str(options.threads), "--log", folder / "train.csv", "-q"], check=True)
    with open(folder / "train.csv", encoding="ascii") as file:
        return gaps([float(row["seconds"]) for row in csv.DictReader(file)])


def train_pytorch(vgg, folder):
    net = {name: tensor.requires_grad_() for name, tensor in random_state((32, 64, 128), 5).items()
           if "running" not in name}
    optimiser = torch.optim.Adam(list(net.values()), 1e-3)
    photos = photo(folder / "style.png", 256, 256).repeat(4, 1, 1, 1)
    seconds = []
    with torch.no_grad():
        found = features(photos[:1], vgg, "relu3_3")
        grams = {layer: gram(found[layer]) for layer in STYLE_LAYERS}
    for _ in range(STEPS):
        with torch.no_grad():
            target = features(photos, vgg, CONTENT_LAYER)[CONTENT_LAYER]
        optimiser.zero_grad()
        sum(perceptual_loss(net, vgg, photos, (CONTENT_LAYER, target), grams, (1, 1))).backward()
        optimiser.step()
        seconds.append(time.monotonic())
    return gaps(seconds)


def network_ours(options, channels, width, height):
    text = subprocess.run([options.build / "bench" / "bench_network", "johnson", str(channels), "1", str(height),
                           str(width), "infer"], check=True, capture_output=True, text=True).stdout
    return float(text.split("sum")[-1].split()[0]) / 1e3


def timed(call):
    begin = time.monotonic()
    call()
    return time.monotonic() - begin


def pictures(options, folder, channels, width, height):
    state = random_state((channels, 2 * channels, 4 * channels), 5)
    torch.save(state, folder / "style.pth")
    x = photo(folder / "photo.png", width, height)
    command = [options.impasto, "apply", folder / "photo.png", "--model", folder / "style.pth", "-o", folder / "out.png",
               "--threads", str(options.threads), "-q"]
    best = [float("inf")] * 3
    with torch.no_grad():
        for _ in range(options.rounds):
            now = [timed(lambda: run(state, x)), network_ours(options, channels, width, height),
                   timed(lambda: subprocess.run(command, check=True))]
            best = [min(a, b) for a, b in zip(best, now)]
    return best


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    options.impasto = options.build / "impasto"
    options.vgg = options.source.resolve().parent / "shared" / "models" / "vgg19-torch-convention.pth"
    if not options.vgg.is_file():
        print(f"skipped: there is no {options.vgg.name} in shared/models beside the checkout")
        sys.exit(SKIP)
    torch.set_num_threads(options.threads)
    vgg = torch.load(options.vgg, map_location="cpu")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        ours, theirs = [], []
        for _ in range(options.rounds):
            theirs += train_pytorch(vgg, folder)
            ours += train_ours(options, folder)
        a, b = statistics.median(theirs), statistics.median(ours)
        print(f"training step, 4 of 256x256, VGG-19 to relu3_3: PyTorch {torch.__version__} {a:.3f} s, impasto {b:.3f} s: "
              f"{a / b:.1f} times faster", flush=True)
        for text, channels, width, height in (("full width", 32, 1024, 1024), ("width 0.25", 8, 1920, 1080)):
            a, b, c = pictures(options, folder, channels, width, height)
            print(f"{text}, {width}x{height}: PyTorch {a:.3f} s, impasto {b:.3f} s: {a / b:.1f} times faster, "
                  f"{1 / b:.1f} a second; the whole command with files {c:.3f} s", flush=True)


main()
