#!/usr/bin/env python3
"""What PyTorch makes of the networks of test_parity.c: their numbers, for it to compare.

    torch_parity.py OUT     exit 77 where PyTorch is missing

OUT: arrays of float32 one after another, each after its count as a 64-bit number.
"""
import struct
import sys

try:
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError:
    sys.exit(77)


class Conv(nn.Module):
    def __init__(self, into, out, kernel, stride):
        super().__init__()
        self.pad = nn.ReflectionPad2d(kernel // 2)
        self.conv = nn.Conv2d(into, out, kernel, stride)

    def forward(self, x):
        return self.conv(self.pad(x))


class Johnson(nn.Module):
    def __init__(self, w, residuals):
        super().__init__()
        self.down = nn.ModuleList()
        for into, out, kernel, stride in ((3, w, 9, 1), (w, 2 * w, 3, 2), (2 * w, 4 * w, 3, 2)):
            self.down += [Conv(into, out, kernel, stride), nn.InstanceNorm2d(out, affine=True)]
        self.residual = nn.ModuleList()
        for _ in range(2 * residuals):
            self.residual += [Conv(4 * w, 4 * w, 3, 1), nn.InstanceNorm2d(4 * w, affine=True)]
        self.up = nn.ModuleList()
        for into, out in ((4 * w, 2 * w), (2 * w, w)):
            self.up += [Conv(into, out, 3, 1), nn.InstanceNorm2d(out, affine=True)]
        self.last = Conv(w, 3, 9, 1)

    def forward(self, x):
        for conv, norm in zip(self.down[::2], self.down[1::2]):
            x = F.relu(norm(conv(x)))
        for i in range(0, len(self.residual), 4):
            conv1, norm1, conv2, norm2 = self.residual[i:i + 4]
            x = x + norm2(conv2(F.relu(norm1(conv1(x)))))
        for conv, norm in zip(self.up[::2], self.up[1::2]):
            x = F.relu(norm(conv(F.interpolate(x, scale_factor=2))))
        return self.last(x)


def write(file, tensor):
    values = tensor.detach().float().contiguous().view(-1)
    file.write(struct.pack("<q", values.numel()))
    file.write(values.numpy().astype("<f4").tobytes())


def run(file, net, x, dtype):
    """Input, parameters, pull, output, the gradients of the pull's product with the output."""
    write(file, x)
    write(file, torch.cat([p.view(-1) for p in net.parameters()]))
    net = net.to(dtype)
    x = x.to(dtype).requires_grad_()
    y = net(x)
    pull = torch.randn_like(y)
    (y * pull).sum().backward()
    for tensor in (pull, y, x.grad, torch.cat([p.grad.view(-1) for p in net.parameters()])):
        write(file, tensor)


def main():
    torch.manual_seed(1)
    with open(sys.argv[1], "wb") as file:
        for images, height, width in ((1, 20, 28), (3, 21, 18)):
            net = Johnson(6, 2)
            for p in net.parameters():  # scales and shifts that show
                if p.dim() == 1:
                    nn.init.normal_(p, 0.7, 0.3)
            run(file, net, torch.rand(images, 3, height, width), torch.float64)


main()
