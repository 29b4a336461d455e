"""Writes golden.h: numbers for the tests of resizing and colour, computed by Pillow and numpy.

    python3 tests/image/golden.py > tests/image/golden.h
"""
import numpy as np
from PIL import Image


def picture(width, height, salt):
    """(3,height,width) of 8-bit values; golden_picture() in fixture.h makes the same."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    return np.moveaxis((x * 37 + y * 91 + c * 53 + x * y * (11 + salt) + salt * c * x) % 256, 2, 0) / 255.0


def from_srgb(v):
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def to_srgb(v):
    v = np.clip(v, 0, 1)
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055)


def lanczos(plane, width, height):
    return np.asarray(Image.fromarray(plane.astype(np.float32), "F").resize((width, height), Image.LANCZOS), np.float64)


def resize(image, width, height):
    linear = width * height < image.shape[1] * image.shape[2]
    planes = [lanczos(from_srgb(p) if linear else p, width, height) for p in image]
    return np.stack([to_srgb(p) if linear else np.clip(p, 0, 1) for p in planes])


def moments(image, weight):
    flat = image.reshape(3, -1)
    w = weight.ravel() / weight.sum()
    mean = flat @ w
    centred = flat - mean[:, None]
    return flat, mean, (centred * w) @ centred.T + 1e-5 * np.eye(3)


def power(matrix, exponent):
    values, vectors = np.linalg.eigh(matrix)
    return vectors @ np.diag(values ** exponent) @ vectors.T


def match(style, content, mode, ws, wc):
    flat, ms, cs = moments(style, ws)
    _, mc, cc = moments(content, wc)
    if mode == "mean":
        a = np.diag(np.sqrt(np.diag(cc) / np.diag(cs)))
    elif mode == "cholesky":
        a = np.linalg.cholesky(cc) @ np.linalg.inv(np.linalg.cholesky(cs))
    elif mode == "pca":
        a = power(cc, 0.5) @ power(cs, -0.5)
    else:
        a = power(cs, -0.5) @ power(power(cs, 0.5) @ cc @ power(cs, 0.5), 0.5) @ power(cs, -0.5)
    return np.clip(a @ (flat - ms[:, None]) + mc[:, None], 0, 1).reshape(style.shape)


def histogram(style, content, ws, wc):
    out = np.empty_like(style)
    for c in range(3):
        def ranks(plane, weight):
            values, index = np.unique(plane.ravel(), return_inverse=True)
            share = np.bincount(index, weight.ravel()) / weight.sum()
            return values, np.cumsum(share) - share / 2, index
        _, rs, index = ranks(style[c], ws)
        vc, rc, _ = ranks(content[c], wc)
        out[c] = np.interp(rs, rc, vc)[index].reshape(style[c].shape)
    return out


def show(name, array):
    numbers = ", ".join(f"{v:.7f}f" for v in array.ravel())
    print(f"static const float {name}[] = {{{numbers}}};")


print("/* Made by golden.py. */\n#ifndef IMP_TESTS_IMAGE_GOLDEN_H\n#define IMP_TESTS_IMAGE_GOLDEN_H\n// clang-format off")
show("golden_shrunk_7x5_to_3x2", resize(picture(7, 5, 0), 3, 2))
show("golden_shrunk_40x23_to_5x3", resize(picture(40, 23, 1), 5, 3))
show("golden_enlarged_5x3_to_8x7", resize(picture(5, 3, 0), 8, 7))
show("golden_mixed_9x4_to_4x6", resize(picture(9, 4, 2), 4, 6))
S, C = picture(6, 5, 3) * 0.5 + 0.2, picture(4, 7, 1) * 0.6 + 0.1
ws, wc = np.ones((5, 6)), np.ones((7, 4))
wa = (np.arange(30).reshape(5, 6) % 4) / 3.0
for mode in ("mean", "cholesky", "pca", "symmetric"):
    show(f"golden_match_{mode}", match(S, C, mode, ws, wc))
show("golden_match_cholesky_alpha", match(S, C, "cholesky", wa, wc))
show("golden_match_histogram", histogram(picture(6, 5, 3), picture(4, 7, 1), ws, wc))
print("#endif")
