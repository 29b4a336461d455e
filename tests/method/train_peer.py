#!/usr/bin/env python3
"""Holds ten steps of `impasto train style` against the same training written in PyTorch.

    tests/method/train_peer.py IMPASTO MODEL

The one photograph is its own mirror image and as large as the crop, so that every batch is the same. The network begins
with what a training of one step with next to no learning rate leaves. Compared are the losses of each step and the weights
after the last, as far as ten steps of Adam moved them. Exits with 77, which is a skip, where torch or the model is missing.
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
    from PIL import Image
    from johnson_torch import features, gram, perceptual_loss
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

SIDE, BATCH, STEPS = 48, 2, 10
CONTENT_WEIGHT, STYLE_WEIGHT = 1e5, 1e8
STYLE_LAYERS, CONTENT_LAYER = ["relu1_2", "relu2_2", "relu3_3"], "relu2_2"


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    length, = struct.unpack("<Q", data[:8])
    tensors = {}
    for name, entry in json.loads(data[8:8 + length]).items():
        if name != "__metadata__":
            first, end = entry["data_offsets"]
            values = np.frombuffer(data[8 + length + first:8 + length + end], np.float32).astype(np.float64)
            tensors[name] = torch.from_numpy(values.reshape(entry["shape"]).copy())
    return tensors


def train(net, vgg, photo, style):
    for tensor in net.values():
        tensor.requires_grad_()
    optimiser = torch.optim.Adam(list(net.values()), 1e-3)
    found = features(style, vgg)
    grams = {layer: gram(found[layer]) for layer in STYLE_LAYERS}
    photos = photo.expand(BATCH, -1, -1, -1)
    content = CONTENT_LAYER, features(photos, vgg)[CONTENT_LAYER]
    rows = []
    for _ in range(STEPS):
        optimiser.zero_grad()
        content_loss, style_loss = perceptual_loss(net, vgg, photos, content, grams, (CONTENT_WEIGHT, STYLE_WEIGHT))
        (content_loss + style_loss).backward()
        rows.append((content_loss.item(), style_loss.item()))
        optimiser.step()
    return rows


def picture(path, pixel, width, height):
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    values = np.clip(np.stack([pixel(x, y, c) for c in range(3)], -1), 0, 255).astype(np.uint8)
    Image.fromarray(values).save(path)
    return torch.from_numpy(values.astype(np.float64)).permute(2, 0, 1)[None]


def main():
    program, model = sys.argv[1:]
    if not pathlib.Path(model).is_file():
        print(f"skipped: there is no {model}")
        sys.exit(77)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "photos").mkdir()
        half = (SIDE - 1) / 2
        photo = picture(folder / "photos" / "one.png",
                        lambda x, y, c: 128 + 90 * np.cos((x - half) * 0.3 * (c + 1)) * np.sin(y * 0.2 + c), SIDE, SIDE)
        style = picture(folder / "style.png", lambda x, y, c: 128 + 100 * np.sin(x * 0.5 + c) * np.cos(y * 0.7 - c), 60, 40)

        def call(output, *options):
            subprocess.run([program, "train", "style", "--style", folder / "style.png", "--photos", folder / "photos",
                            "-o", output, "-m", model, "--style-layers", ",".join(STYLE_LAYERS), "--content-layers",
                            CONTENT_LAYER, "--content-weight", str(CONTENT_WEIGHT), "--style-weight", str(STYLE_WEIGHT),
                            "--style-size", "60", "--crop", str(SIDE), "--largest", "1", "--batch", str(BATCH), "--width",
                            "0.25", "--average-decay", "0", "-q", *options], check=True)

        call(folder / "first.safetensors", "--steps", "1", "--learning-rate", "1e-9")
        call(folder / "last.safetensors", "--steps", str(STEPS), "--log", folder / "log.csv")
        vgg = {name: tensor.double() for name, tensor in torch.load(model, map_location="cpu").items()}
        first = read_safetensors(folder / "first.safetensors")
        net = {name: tensor.clone() for name, tensor in first.items()}
        expected = train(net, vgg, photo, style)
        with open(folder / "log.csv", encoding="ascii") as file:
            got = [(float(row["content"]), float(row["style"])) for row in csv.DictReader(file)]
        last = read_safetensors(folder / "last.safetensors")
    worst = max(abs(a / b - 1) for mine, its in zip(got, expected) for a, b in zip(mine, its))
    # A bias before an instance normalisation has no gradient but rounding, which Adam makes steps of: not compared.
    compared = [name for name in net if not name.endswith("conv2d.bias") or name == "deconv3.conv2d.bias"]
    apart = sum(((last[name] - net[name]) ** 2).sum().item() for name in compared)
    moved = sum(((net[name] - first[name]) ** 2).sum().item() for name in compared)
    print(f"{len(got)} steps: losses within {worst:.2g}; weights apart by {(apart / moved) ** 0.5:.2g} of the way they went; "
          f"style {got[0][1]:.4g} to {got[-1][1]:.4g}")
    sys.exit(0 if len(got) == STEPS and worst < 1e-3 and (apart / moved) ** 0.5 < 0.25 else 1)


with torch.enable_grad():
    main()
