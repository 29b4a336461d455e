#!/usr/bin/env python3
"""Runs the scripts of cases/ against the command and compares what they print with the .out file beside each.

    run.py PROGRAM [NAME...]             exit 1 when any differs; the difference is printed
    run.py PROGRAM --update [NAME...]    writes what they print as what is expected; read the diff before committing
    run.py PROGRAM --real ...            the scripts of real/, for the real methods; those of cases/ are for the one of invert.c

A script runs under `sh` in an empty folder with small pictures in it; `impasto` is the program under test. Standard output
and standard error are both compared, in the order written. Times and speeds are written as '#'.
"""
import difflib
import json
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile
import zlib

HERE = pathlib.Path(__file__).resolve().parent


def png(width, height, pixel, bits=8):
    """An RGB picture; pixel(x, y) gives three numbers."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    form = ">3B" if bits == 8 else ">3H"
    rows = b"".join(b"\0" + b"".join(struct.pack(form, *pixel(x, y)) for x in range(width)) for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b""))


def make_pictures(folder):
    (folder / "photo.png").write_bytes(png(12, 8, lambda x, y: (20 * x, 30 * y, 100)))
    (folder / "painting.png").write_bytes(png(6, 6, lambda x, y: (40 * y, 200, 40 * x)))
    (folder / "deep.png").write_bytes(png(5, 4, lambda x, y: (10000 * x, 9000 * y, 777), bits=16))


def make_network(path):
    """conv1_1 and conv1_2 of a VGG, of random weights."""
    numbers, header, data = random.Random(1), {}, b""
    for name, inputs in (("conv1_1", 3), ("conv1_2", 64)):
        for kind, shape, size in (("weight", [64, inputs, 3, 3], (2 / (9 * inputs)) ** 0.5), ("bias", [64], 0.1)):
            count = 64 * inputs * 9 if kind == "weight" else 64
            values = struct.pack(f"<{count}f", *(numbers.gauss(0, size) for _ in range(count)))
            header[f"{name}.{kind}"] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
            data += values
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def environment(program, folder):
    commands = folder / ".bin"
    commands.mkdir()
    (commands / "impasto").symlink_to(program)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LC_") and key != "COLUMNS"}
    return kept | {"PATH": f"{commands}:{os.environ['PATH']}", "LANG": "C", "LC_ALL": "C", "TERM": "dumb",
                   "HOME": str(folder), "IMPASTO_TESTS": str(HERE)}


def run_case(program, script):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make_pictures(folder)
        if script.parent.name == "real":
            make_network(folder / "vgg.safetensors")
        done = subprocess.run(["sh", str(script)], cwd=folder, env=environment(program, folder), timeout=120,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode(errors="backslashreplace").replace(name, "FOLDER")
    text = re.sub(r"/impasto-\w{6}/", "/impasto-######/", text)
    text = re.sub(r"in [0-9.]+ s \([0-9.e+-]+/s\)", "in # s (#/s)", text)
    return re.sub(r"(restyled|already|skipped) in [0-9.]+ s", r"\1 in # s", text)


def main():
    program, *names = sys.argv[1:]
    update = "--update" in names
    cases = HERE / ("real" if "--real" in names else "cases")
    names = [name for name in names if not name.startswith("--")]
    failed = 0
    scripts = [script for script in sorted(cases.glob("*.sh")) if not names or script.stem in names]
    for script in scripts:
        got = run_case(os.path.abspath(program), script)
        expected_file = script.with_suffix(".out")
        expected = expected_file.read_text() if expected_file.exists() else ""
        if update:
            expected_file.write_text(got)
        elif got != expected:
            failed += 1
            print(f"--- {script.stem}")
            print("".join(difflib.unified_diff(expected.splitlines(True), got.splitlines(True), "expected", "got")))
    print(f"{len(scripts) - failed} of {len(scripts)} cases passed")
    return 1 if failed or not scripts else 0


if __name__ == "__main__":
    sys.exit(main())
