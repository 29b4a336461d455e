"""Johnson's network with instance normalisation and VGG's features, in PyTorch, for what compares with them."""
import torch
import torch.nn.functional as F

MEAN = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64).view(1, 3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64).view(1, 3, 1, 1)


def random_state(widths, residuals):
    """Numbers whose pictures have every level from 0 to 255, with the running means that old files hold."""
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
    """The picture (N,3,H,W) in 0..255 restyled, in the precision of both."""
    def conv(name, x, stride=1):
        weight = state[f"{name}.conv2d.weight"]
        x = F.pad(x, (weight.shape[-1] // 2,) * 4, mode="reflect")
        return F.conv2d(x, weight, state[f"{name}.conv2d.bias"], stride)

    def norm(name, x):
        return F.instance_norm(x, weight=state[f"{name}.weight"], bias=state[f"{name}.bias"])

    for name, number, stride in (("conv1", 1, 1), ("conv2", 2, 2), ("conv3", 3, 2)):
        x = F.relu(norm(f"in{number}", conv(name, x, stride)))
    block = 1
    while f"res{block}.in1.weight" in state:
        y = F.relu(norm(f"res{block}.in1", conv(f"res{block}.conv1", x)))
        x = x + norm(f"res{block}.in2", conv(f"res{block}.conv2", y))
        block += 1
    for name, number in (("deconv1", 4), ("deconv2", 5)):
        x = F.relu(norm(f"in{number}", conv(name, F.interpolate(x, scale_factor=2))))
    return conv("deconv3", x)


def features(x, vgg, last=None):
    """The activations, by name, of torchvision's VGG-19 up to `last` or as far as the file goes; x in 0..255."""
    found, number = {}, 0
    x = (x / 255 - MEAN.to(x.dtype)) / DEVIATION.to(x.dtype)
    for block, convs in enumerate((2, 2, 4, 4, 4), 1):
        for index in range(1, convs + 1):
            if f"features.{number}.weight" not in vgg:
                return found
            x = F.relu(F.conv2d(x, vgg[f"features.{number}.weight"], vgg[f"features.{number}.bias"], padding=1))
            found[f"relu{block}_{index}"] = x
            if f"relu{block}_{index}" == last:
                return found
            number += 2
        x = F.max_pool2d(x, 2)
        number += 1
    return found


def gram(x):
    flat = x.flatten(2)
    return flat @ flat.transpose(1, 2) / (x.shape[1] * x.shape[2] * x.shape[3])


def perceptual_loss(net, vgg, photos, content, grams, weights):
    """Content and style, weighted, of what the network makes of the photographs: content (layer, target), grams by
    layer."""
    layer, target = content
    found = features(run(net, photos), vgg, max(list(grams) + [layer]))
    content_loss = weights[0] * F.mse_loss(found[layer], target)
    style_loss = weights[1] * sum(F.mse_loss(gram(found[name]), its.expand(len(photos), -1, -1))
                                  for name, its in grams.items())
    return content_loss, style_loss
