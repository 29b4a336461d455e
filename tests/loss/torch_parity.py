#!/usr/bin/env python3
"""What PyTorch makes of the losses of test_parity.c: values and gradients by automatic differentiation, in double.

    torch_parity.py OUT     exit 77 where PyTorch is missing

OUT: arrays of float32 one after another, each after its count as a 64-bit number. For each loss: activation, style, the
weights of the places of both, and then for each normalisation value and gradient; for the Laplacian loss: picture, content,
and for each pooling value and gradient.
"""
import struct
import sys

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    sys.exit(77)

CHANNELS, HEIGHT, WIDTH, BINS = 19, 24, 21, 512
STYLE_HEIGHT, STYLE_WIDTH = 17, 30
WEIGHT = 2500  # so large that slopes, added to ones by the test, keep their digits


def write(file, tensor):
    values = tensor.detach().float().contiguous().view(-1)
    file.write(struct.pack("<q", values.numel()))
    file.write(values.numpy().astype("<f4").tobytes())


def normalised(how, difference, weights, of_target, counted):
    """difference (C,n) with weights (n); of_target: the target's squares, summed over channels, mean over places."""
    squares = (weights * difference ** 2).sum()
    if how == "mean":
        return squares / (weights.sum() * counted)
    if how == "gatys":
        return squares
    if how == "scaled":
        return (difference.shape[0] / counted) ** 0.5 * squares / ((weights * difference.abs()).sum() + 1e-8)
    return squares / (weights.sum() * of_target)


def distribution(x, weights):
    """Edges and the share of weight below each, of one channel."""
    inside = weights > 0
    low, high = x[inside].min(), x[inside].max()
    step = (high - low) / BINS
    position = (x.float() - low.float()) * (1 / step).float()  # the float decides on which side of an edge a number is
    bins = position.clamp(0, BINS - 1).long()
    counts = torch.zeros(BINS, dtype=torch.float64).index_add_(0, bins, weights)
    below = torch.cat([torch.zeros(1, dtype=torch.float64), counts.cumsum(0)]) / counts.sum()
    return low, step, bins, below


def quantile(low, step, below, rank, above):
    """Ranks to values; at a jump the upper limit if `above`."""
    bins = torch.searchsorted(below[1:].contiguous(), rank + (1e-9 if above else -1e-9), right=above)
    last = bins >= BINS
    bins = bins.clamp(max=BINS - 1)
    width = below[bins + 1] - below[bins]
    share = torch.where(width > 0, (rank - below[bins]) / width.clamp(min=1e-300), torch.zeros_like(rank)).clamp(0, 1)
    return torch.where(last, low + step * BINS, low + step * (bins + share))


def remapped(x, weights, style, style_weights):
    out = torch.empty_like(x)
    for c in range(x.shape[0]):
        low, step, bins, below = distribution(x[c], weights)
        style_low, style_step, _, style_below = distribution(style[c], style_weights)
        start = quantile(style_low, style_step, style_below, below[bins], True)
        end = quantile(style_low, style_step, style_below, below[bins + 1], False)
        out[c] = start + ((x[c] - low) / step - bins) * (end - start)
    return out


def histogram(how, x, style, weights, style_weights):
    target = remapped(x.detach(), weights, style, style_weights)
    of_target = (style_weights * style ** 2).sum() / style_weights.sum()
    return normalised(how, x - target, weights, of_target, CHANNELS)


def statistics(x, weights):
    mean = (weights * x).sum(1) / weights.sum()
    apart = x - mean[:, None]
    return mean, (weights * apart) @ apart.T / weights.sum()


def moments(how, x, style, weights, style_weights):
    both = []
    for values, counts in ((x, weights), (style, style_weights)):
        mean, covariance = statistics(values, counts)
        both.append(torch.cat([mean, (covariance.diagonal() + 1e-5).sqrt()]))
    difference = (both[0] - both[1]).view(2, CHANNELS).T  # (C,2), whose "places" are mean and deviation
    ones = torch.ones(2, dtype=torch.float64)
    if how == "mean":
        return (difference ** 2).sum() / CHANNELS
    return normalised(how, difference, ones, (both[1] ** 2).sum() / 2, CHANNELS)


def wasserstein(how, x, style, weights, style_weights):
    mean, covariance = statistics(x, weights)
    style_mean, style_covariance = statistics(style, style_weights)
    size = style_covariance.trace() + (style_mean ** 2).sum()
    ridge = 1e-5 * style_covariance.trace() / CHANNELS * torch.eye(CHANNELS, dtype=torch.float64)
    covariance, style_covariance = covariance + ridge, style_covariance + ridge
    values, vectors = torch.linalg.eigh(style_covariance)
    root = vectors @ torch.diag(values.sqrt()) @ vectors.T
    cross = torch.linalg.eigvalsh(root @ covariance @ root).sqrt().sum()
    squared = ((mean - style_mean) ** 2).sum() + covariance.trace() + style_covariance.trace() - 2 * cross
    return {"mean": squared / CHANNELS, "gatys": squared, "scaled": squared.sqrt(), "relative": squared / size}[how]


def laplacian(pool, x, content):
    def response(picture):
        pooled = F.avg_pool2d(picture, pool, ceil_mode=True, count_include_pad=False).sum(1, keepdim=True)
        kernel = torch.tensor([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], dtype=torch.float64)[None, None]
        return F.conv2d(F.pad(pooled, (1, 1, 1, 1), mode="replicate"), kernel)
    return ((response(x) - response(content)) ** 2).mean()


def write_results(file, loss, x):
    x = x.clone().requires_grad_()
    value = WEIGHT * loss(x)
    value.backward()
    write(file, value)
    write(file, x.grad)


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    with open(sys.argv[1], "wb") as file:
        for loss in (histogram, moments, wasserstein):
            x = torch.randn(CHANNELS, HEIGHT * WIDTH).clamp(min=-0.3)
            style = (1.5 * torch.randn(CHANNELS, STYLE_HEIGHT * STYLE_WIDTH) + 0.2).clamp(min=0)
            # Soft weights, in 64ths so that sums of them are exact, with places that do not count
            weights = (torch.rand(HEIGHT * WIDTH) * 1.3 - 0.2).clamp(0, 1).mul(64).round() / 64
            style_weights = (torch.rand(STYLE_HEIGHT * STYLE_WIDTH) * 1.3 - 0.2).clamp(0, 1).mul(64).round() / 64
            for tensor in (x, style, weights, style_weights):
                write(file, tensor)
            style, weights, style_weights = style.double(), weights.double(), style_weights.double()
            for how in ("mean", "gatys", "scaled", "relative"):
                write_results(file, lambda at: loss(how, at, style, weights, style_weights), x.double())
        picture, content = torch.rand(1, 3, HEIGHT, WIDTH), torch.rand(1, 3, HEIGHT, WIDTH)
        write(file, picture)
        write(file, content)
        for pool in (1, 2, 4, 16):
            write_results(file, lambda at: laplacian(pool, at, content.double()), picture.double())


main()
