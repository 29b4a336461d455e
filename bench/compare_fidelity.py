#!/usr/bin/env python3
"""How well a small network stands in for VGG-19: pictures made with both, judged by VGG-19 in PyTorch.

    bench/compare_fidelity.py IMPASTO SHARED [--models NAME=FILE,...] [--size 256] [--evaluations 150] [--weights 0.003,0.03,0.3]
                              [--pairs 8] [--preset gatys] [--keep FOLDER]

For every pair of a photograph and a painting, every model and every factor on the preset's style weight, `stylize` runs
with the same preset and number of evaluations; ../shared/peer/judge.py then tells the style and content losses of the
result. Along the factors each model has a curve; the table gives the small network's style loss over VGG's at the same
content loss (interpolated between logarithms, where the curves meet; * where one had to be prolonged), and the ratio of
the times. `random` is a network of the same shape with random weights: the floor.
"""
import argparse
import json
import math
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import time

PAIRS = [("tubingen.jpg", "starry_night.jpg"), ("golden_gate.jpg", "the_scream.jpg"), ("kodim21.png", "wave.jpg"),
         ("kodim15.png", "woman-with-hat-matisse.jpg"), ("chelsea.png", "udnie.jpg"),
         ("sagarmatha.png", "signac_calanque.jpg"), ("kodim05.png", "composition_vii.jpg"),
         ("astronaut.png", "met-436965.webp")]


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    length, = struct.unpack("<Q", data[:8])
    return json.loads(data[8:8 + length]), data[8 + length:]


def write_random(path, like):
    """The same tensors with numbers drawn as He et al. 2015 draw them; float32."""
    header, _ = read_safetensors(like)
    draw = random.Random(1)
    out, data = {"__metadata__": header.get("__metadata__", {})}, bytearray()
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        shape = entry["shape"]
        count = math.prod(shape)
        fan = math.prod(shape[1:]) if len(shape) > 1 else 1
        deviation = 0 if name.endswith(".bias") else math.sqrt((1 if "projection" in name else 2) / fan)
        out[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * count]}
        data += struct.pack(f"<{count}f", *(draw.gauss(0, deviation) for _ in range(count)))
    text = json.dumps(out).encode()
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + bytes(data))


def at_content(curve, content):
    """log style on a curve of (content, style) at that content loss, and whether it was prolonged."""
    points = sorted((math.log(c), math.log(s)) for c, s in curve)
    x = math.log(content)
    low = max((i for i in range(len(points) - 1) if points[i][0] <= x), default=0)
    (x0, y0), (x1, y1) = points[low], points[low + 1]
    return y0 + (y1 - y0) * (x - x0) / max(x1 - x0, 1e-9), not points[0][0] <= x <= points[-1][0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("impasto")
    parser.add_argument("shared", type=pathlib.Path)
    parser.add_argument("--models", default="")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--evaluations", type=int, default=150)
    parser.add_argument("--preset", default="gatys")
    parser.add_argument("--style-weight", type=float, default=1e6, help="what the factors multiply")
    parser.add_argument("--weights", default="0.003,0.03,0.3")
    parser.add_argument("--pairs", type=int, default=len(PAIRS))
    parser.add_argument("--keep", type=pathlib.Path)
    args = parser.parse_args()
    vgg = args.shared / "models" / "vgg19-torch-convention.pth"
    factors = [float(text) for text in args.weights.split(",")]
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        models = {"vgg": vgg}
        models.update(dict(part.split("=") for part in args.models.split(",") if part) or {"builtin": "builtin"})
        first = next(name for name in models if name != "vgg")
        if pathlib.Path(models[first]).is_file():
            write_random(folder / "random.safetensors", models[first])
            models["random"] = folder / "random.safetensors"
        rows, ratios, speeds = [], [], []
        for content, style in PAIRS[:args.pairs]:
            curves, seconds = {}, {}
            for name, model in models.items():
                results = []
                for factor in factors:
                    out = folder / f"{pathlib.Path(content).stem}-{pathlib.Path(style).stem}-{name}-{factor}.png"
                    weight = (args.style_weight) * factor
                    if not out.exists():
                        begin = time.monotonic()
                        subprocess.run([args.impasto, "stylize", args.shared / "images" / "content" / content,
                                        args.shared / "images" / "style" / style, "-m", model, "-s", str(args.size),
                                        "--preset", args.preset, "-n", str(args.evaluations), "--style-weight",
                                        str(weight), "-o", out, "-q"], check=True)
                        seconds[name] = seconds.get(name, 0) + time.monotonic() - begin
                    results.append(out)
                judged = subprocess.run(["/usr/bin/python3", args.shared / "peer" / "judge.py", "--weights", vgg,
                                         "--content", args.shared / "images" / "content" / content, "--style",
                                         args.shared / "images" / "style" / style, "--size", str(args.size), *results],
                                        check=True, capture_output=True, text=True).stdout.splitlines()[2:]
                curves[name] = [(row["content"], row["style"]) for row in map(json.loads, judged)]
            line = [f"{pathlib.Path(content).stem} / {pathlib.Path(style).stem}"]
            for name in list(models)[1:]:
                logs, far = [], False
                for wanted, its in curves["vgg"]:
                    value, prolonged = at_content(curves[name], wanted)
                    logs.append(value - math.log(its))
                    far |= prolonged
                ratio = math.exp(sum(logs) / len(logs))
                line.append(f"{ratio:.2f}{'*' if far else ''}")
                if name == first:
                    ratios.append(ratio)
            if seconds.get("vgg") and seconds.get(first):
                speeds.append(seconds["vgg"] / seconds[first])
                line.append(f"{speeds[-1]:.1f}")
            print("| " + " | ".join(line) + " |", "; ".join(
                f"{name} " + " ".join(f"{c:.3f}/{s:.4f}" for c, s in curve) for name, curve in curves.items()), flush=True)
        if ratios:
            print(f"style loss over VGG's at equal content: mean {sum(ratios) / len(ratios):.2f}, worst {max(ratios):.2f}"
                  + (f"; times faster: mean {sum(speeds) / len(speeds):.1f}" if speeds else ""))


main()
