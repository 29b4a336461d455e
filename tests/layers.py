#!/usr/bin/env python3
"""Holds the direction of the dependencies: which folder may include which (doc/architecture.md says why).

    tests/layers.py [ROOT]      prints each include that breaks a rule; exit 1 if there is one
    tests/layers.py --self-test shows on planted violations that each rule can fail
"""
import pathlib
import re
import sys
import tempfile

# Layer -> the layers it may use besides itself and what those use.
USES = {
    "base": [],
    "compute/kernel": ["base"],
    "compute/tensor": ["compute/kernel"],
    "compute/graph": ["compute/tensor", "compute/kernel"],
    "image": ["compute/tensor"],
    "weights": ["compute/tensor"],
    "download": ["base"],
    "optimiser": ["compute/tensor"],
    "network": ["compute/graph", "weights", "download"],
    "feature": ["network", "compute/graph"],
    "loss": ["feature", "compute/graph"],
    "method": ["loss", "optimiser", "image"],
    "video": ["image", "method"],
}
# The public headers belong to the layers that implement them.
PUBLIC = {"image": "image", "picture_list": "image", "model": "network", "method": "method", "recipe": "method", "train": "method", "impasto": "method", "video": "video"}
# Third-party header (first part of its path) -> the only folder that includes it.
THIRD_PARTY = {
    "vips": "src/image", "oneapi": "src/compute/tensor", "jansson.h": "src/base", "openssl": "src/base",
    "zip.h": "src/weights", "curl": "src/download", "lapacke.h": "src/compute/tensor",
}
SYSTEM = re.compile(r"(assert|ctype|errno|fcntl|fenv|float|getopt|glob|inttypes|iso646|libgen|limits|locale|math|poll|"
                    r"pthread|pwd|sched|setjmp|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|"
                    r"stdnoreturn|string|strings|tgmath|threads|time|uchar|unistd|wchar|wctype|dirent|termios|netdb|"
                    r"(sys|netinet|arpa|linux)/\w+)\.h")
INTRINSICS = re.compile(r"(\w*intrin|cpuid|arm_neon|arm_sve)\.h")
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.M)


def closure(layer):
    return {layer}.union(*(closure(used) for used in USES[layer]))


def layer_of(path):
    """The layer of src/<path>, or None."""
    return next((layer for layer in USES if path.startswith(layer + "/")), None)


def fault(path, header, root):
    """What is wrong with `path` (root-relative) including `header`, or None."""
    parts = path.split("/")
    if SYSTEM.fullmatch(header):
        return None
    if INTRINSICS.fullmatch(header):
        return None if path.startswith(("src/base/", "src/compute/kernel/")) else "vector instructions stay in kernel"
    public = re.fullmatch(r"impasto/(\w+)\.h", header)
    if parts[0] == "include":
        return None if public else "a public header includes only public headers and C"
    if parts[0] in ("app", "examples"):
        own = ".." not in header and ((root / path).parent / header).is_file()
        return None if public or own else "applications include <impasto/...> and their own headers only"
    inside = path[len("src/"):]
    layer = layer_of(inside)
    if layer is None:
        return "this folder is in no layer: add it to USES"
    target = PUBLIC.get(public[1], "base") if public else layer_of(header)
    if target is None:
        home = THIRD_PARTY.get(header.split("/")[0])
        if home is None:
            return "not root-relative, or a new library: then add it to THIRD_PARTY and doc/dependencies.md"
        return None if path.startswith(home + "/") else f"only {home} includes this library"
    if target not in closure(layer):
        return f"{layer} may not use {target}"
    mine, other = inside.split("/"), header.split("/")
    if target == "method" and not public and len(mine) > 2 and len(other) > 2 and mine[1] != other[1]:
        return "a method does not know its siblings"
    if layer == "video" and target == "method" and not public and header != "method/method.h":
        return "video knows methods through method.h only"
    return None


def faults(root):
    for top in ("include", "src", "app", "examples"):
        for path in sorted(p for ending in ("c", "h", "inc") for p in (root / top).rglob("*." + ending)):
            name = path.relative_to(root).as_posix()
            for header in INCLUDE.findall(path.read_text()):
                why = fault(name, header, root)
                if why:
                    yield f"{name} includes {header}: {why}"


PLANTED = [
    ("src/base/a.c", "image/read.h"), ("src/compute/kernel/a.c", "compute/tensor/tensor.h"),
    ("src/image/a.c", "weights/weights.h"), ("src/weights/a.c", "compute/graph/graph.h"),
    ("src/optimiser/a.c", "image/read.h"), ("src/network/a.c", "feature/gram.h"), ("src/feature/a.c", "loss/loss.h"),
    ("src/loss/a.c", "optimiser/optimiser.h"), ("src/loss/a.c", "impasto/method.h"),
    ("src/method/texture/a.c", "method/stylise/run.h"), ("src/video/a.c", "method/stylise/run.h"),
    ("src/image/a.c", "oneapi/dnnl/dnnl.h"), ("src/method/texture/a.c", "vips/vips.h"), ("src/base/a.c", "png.h"),
    ("app/cli/a.c", "base/file.h"), ("app/studio/a.c", "../cli/options.h"), ("examples/a.c", "base/error.h"),
    ("include/impasto/a.h", "vips/vips.h"), ("src/loss/a.c", "immintrin.h"), ("src/misc/a.c", "base/error.h"),
]
SOUND = [
    ("src/base/a.c", "impasto/status.h"), ("src/compute/graph/op/a.c", "base/memory.h"), ("src/image/a.c", "vips/vips.h"),
    ("src/method/registry.c", "method/stylise/stylise.h"), ("src/method/texture/a.c", "loss/loss.h"),
    ("src/method/texture/a.c", "method/texture/grow.h"), ("src/video/a.c", "impasto/method.h"),
    ("src/compute/kernel/a.c", "immintrin.h"), ("app/cli/a.c", "impasto/impasto.h"), ("examples/a.c", "stdio.h"),
]


def self_test():
    wrong = []
    for cases, expected in ((PLANTED, 1), (SOUND, 0)):
        for path, header in cases:
            with tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder, path)
                file.parent.mkdir(parents=True)
                file.write_text(f'#include "{header}"\n')
                if len(list(faults(pathlib.Path(folder)))) != expected:
                    wrong.append(f"{path} including {header} is not judged right")
    return wrong


if __name__ == "__main__":
    argument = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent
    found = self_test() if argument == "--self-test" else list(faults(pathlib.Path(argument)))
    print("\n".join(found) or "layers: sound")
    sys.exit(1 if found else 0)
