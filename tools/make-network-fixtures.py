"""Writes what PyTorch computes for every network of src/networks, with weights made by a formula.

Run with PyTorch and numpy installed: `python tools/make-network-fixtures.py [ID ...]`. The networks are written here
from their layer tables; test/formula-weights.ts makes the same weights from the same formula, so that no weights
need to be kept.
"""

import hashlib
import json
import math
import pathlib
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

FOLDER = pathlib.Path(__file__).parent.parent / "src" / "networks" / "fixtures"

# --- The formula -------------------------------------------------------------------------------------------------


def hash_text(text):
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def noise(name, length):
    """Numbers in [-1, 1) that depend on the name alone."""
    with np.errstate(over="ignore"):
        h = np.arange(length, dtype=np.uint32) * np.uint32(0x9E3779B1)
        h ^= np.uint32(hash_text(name))
        h ^= h >> np.uint32(16)
        h *= np.uint32(0x85EBCA6B)
        h ^= h >> np.uint32(13)
        h *= np.uint32(0xC2B2AE35)
        h ^= h >> np.uint32(16)
    return (h >> np.uint32(8)).astype(np.float64) / 2**23 - 1


def formula(name, tensor, slopes, norms):
    u = noise(name, tensor.numel())
    owner, _, kind = name.rpartition(".")
    if owner in norms:
        values = {"weight": 1 + u / 10, "running_var": 1 + u / 2}.get(kind, u / 10)
    elif owner in slopes:
        values = 0.25 + u / 10
    elif kind == "weight":
        # Dense 3x3 convolutions at half size: they sum up over the blocks of deep residual networks.
        dense = tensor.dim() == 4 and tensor.shape[1] > 3 and tensor.shape[2] == 3
        values = u * (math.sqrt(3 / (tensor.numel() / tensor.shape[0])) * (0.5 if dense else 1))
    else:
        values = u / 10
    return torch.from_numpy(values.astype(np.float32)).reshape(tensor.shape)


def fill(network):
    slopes = {name for name, module in network.named_modules() if isinstance(module, nn.PReLU)}
    norms = {
        name for name, module in network.named_modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)
    }
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if tensor.dtype == torch.float32:
                tensor.copy_(formula(name, tensor, slopes, norms))


# --- The networks ------------------------------------------------------------------------------------------------


class Unit(nn.Module):
    """A unit of IR and IR-SE networks."""

    def __init__(self, channels, width, stride, squeeze):
        super().__init__()
        if channels == width:
            self.shortcut_layer = nn.MaxPool2d(1, stride)
        else:
            self.shortcut_layer = nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))
        parts = [
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, width, 3, 1, 1, bias=False),
            nn.PReLU(width),
            nn.Conv2d(width, width, 3, stride, 1, bias=False),
            nn.BatchNorm2d(width),
        ]
        self.res_layer = nn.Sequential(*parts, *([Gate(width)] if squeeze else []))

    def forward(self, x):
        return self.res_layer(x) + self.shortcut_layer(x)


class Gate(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1 = nn.Conv2d(width, width // 16, 1, bias=False)
        self.fc2 = nn.Conv2d(width // 16, width, 1, bias=False)

    def forward(self, x):
        mean = x.mean((2, 3), keepdim=True)
        return x * torch.sigmoid(self.fc2(torch.relu(self.fc1(mean))))


class Ir(nn.Module):
    DEPTHS = {50: (3, 4, 14, 3), 100: (3, 13, 30, 3), 152: (3, 8, 36, 3)}

    def __init__(self, depth, squeeze):
        super().__init__()
        self.input_layer = nn.Sequential(nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64))
        self.output_layer = nn.Sequential(
            nn.BatchNorm2d(512), nn.Dropout(0.6), nn.Flatten(), nn.Linear(512 * 49, 512), nn.BatchNorm1d(512)
        )
        units, channels = [], 64
        for count, width in zip(self.DEPTHS[depth], (64, 128, 256, 512)):
            for i in range(count):
                units.append(Unit(channels, width, 2 if i == 0 else 1, squeeze))
                channels = width
        self.body = nn.Sequential(*units)

    def forward(self, x):
        return F.normalize(self.output_layer(self.body(self.input_layer(x))), eps=0)


class Block(nn.Module):
    """A block of iResNets."""

    def __init__(self, channels, width, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.prelu = nn.PReLU(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.downsample = None
        if stride != 1:
            self.downsample = nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        y = self.bn3(self.conv2(self.prelu(self.bn2(self.conv1(self.bn1(x))))))
        return y + (x if self.downsample is None else self.downsample(x))


class Iresnet(nn.Module):
    DEPTHS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 14, 3), 100: (3, 13, 30, 3), 200: (6, 26, 60, 6)}

    def __init__(self, depth):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.prelu = nn.PReLU(64)
        channels = 64
        for stage, (count, width) in enumerate(zip(self.DEPTHS[depth], (64, 128, 256, 512)), start=1):
            blocks = [Block(channels if i == 0 else width, width, 2 if i == 0 else 1) for i in range(count)]
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
            channels = width
        self.bn2 = nn.BatchNorm2d(512)
        self.fc = nn.Linear(512 * 49, 512)
        self.features = nn.BatchNorm1d(512)

    def forward(self, x):
        x = self.prelu(self.bn1(self.conv1(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.features(self.fc(self.bn2(x).flatten(1)))


class Named(nn.Module):
    """A sequence whose parts have names."""

    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        for part in self.children():
            x = part(x)
        return x


class Residual(nn.Module):
    """x + f(x), with f's parameters named as if it stood alone."""

    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        y = x
        for part in self.children():
            y = part(y)
        return x + y


def convolution(channels, width, kernel, stride=1, groups=1, padding=None):
    padding = (kernel - 1) // 2 if padding is None else padding
    return nn.Conv2d(channels, width, kernel, stride, padding, groups=groups, bias=False)


def activated(channels, width, kernel, stride=1, groups=1):
    conv = convolution(channels, width, kernel, stride, groups)
    return Named(conv=conv, bn=nn.BatchNorm2d(width), prelu=nn.PReLU(width))


def bottleneck(channels, width, inner, stride, kind=Named):
    return kind(
        conv=activated(channels, inner, 1),
        conv_dw=activated(inner, inner, 3, stride, inner),
        project=Named(conv=convolution(inner, width, 1), bn=nn.BatchNorm2d(width)),
    )


def residuals(channels, inner, count):
    return Named(model=nn.Sequential(*(bottleneck(channels, channels, inner, 1, Residual) for _ in range(count))))


class UnitLength(nn.Module):
    def forward(self, x):
        return F.normalize(x, eps=0)


def mobilefacenet():
    return Named(
        conv1=activated(3, 64, 3, 2),
        conv2_dw=activated(64, 64, 3, 1, 64),
        conv_23=bottleneck(64, 64, 128, 2),
        conv_3=residuals(64, 128, 4),
        conv_34=bottleneck(64, 128, 256, 2),
        conv_4=residuals(128, 256, 6),
        conv_45=bottleneck(128, 128, 512, 2),
        conv_5=residuals(128, 256, 2),
        conv_6_sep=activated(128, 512, 1),
        conv_6_dw=Named(conv=convolution(512, 512, 7, 1, 512, 0), bn=nn.BatchNorm2d(512)),
        flatten=nn.Flatten(),
        linear=nn.Linear(512, 512, bias=False),
        bn=nn.BatchNorm1d(512),
        unit=UnitLength(),
    )


def relu6(channels, width, kernel, stride=1, groups=1):
    return nn.Sequential(convolution(channels, width, kernel, stride, groups), nn.BatchNorm2d(width), nn.ReLU6())


def foamliu():
    blocks, channels = [], 64
    for factor, width, count, first in ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1)):
        for i in range(count):
            stride, inner = (first if i == 0 else 1), channels * factor
            conv = nn.Sequential(
                relu6(channels, inner, 1),
                relu6(inner, inner, 3, stride, inner),
                convolution(inner, width, 1),
                nn.BatchNorm2d(width),
            )
            blocks.append((Residual if stride == 1 and channels == width else Named)(conv=conv))
            channels = width
    return Named(
        conv1=relu6(3, 64, 3, 2),
        dw_conv=Named(
            depthwise=convolution(64, 64, 3, 1, 64),
            bn1=nn.BatchNorm2d(64),
            relu1=nn.ReLU(),
            pointwise=convolution(64, 64, 1),
            bn2=nn.BatchNorm2d(64),
            relu2=nn.ReLU(),
        ),
        features=nn.Sequential(*blocks),
        conv2=relu6(128, 512, 1),
        gdconv=Named(depthwise=convolution(512, 512, 7, 1, 512, 0), bn=nn.BatchNorm2d(512)),
        conv3=nn.Conv2d(512, 128, 1),
        bn=nn.BatchNorm2d(128),
        flatten=nn.Flatten(),
    )


class MiddleColumns(nn.Module):
    def forward(self, x):
        return x[:, :, :, 8:-8]


def narrow():
    def activated_by(filter):
        return Named(conv=filter, bn=nn.BatchNorm2d(filter.out_channels), prelu=nn.PReLU(filter.out_channels))

    blocks, channels = [], 64
    for factor, width, count, first in ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1)):
        for i in range(count):
            stride, inner = (first if i == 0 else 1), channels * factor
            conv = nn.Sequential(
                convolution(channels, inner, 1),
                nn.BatchNorm2d(inner),
                nn.PReLU(inner),
                convolution(inner, inner, 3, stride, inner),
                nn.BatchNorm2d(inner),
                nn.PReLU(inner),
                convolution(inner, width, 1),
                nn.BatchNorm2d(width),
            )
            blocks.append((Residual if stride == 1 and channels == width else Named)(conv=conv))
            channels = width
    return Named(
        columns=MiddleColumns(),
        conv1=activated_by(convolution(3, 64, 3, 2)),
        dw_conv1=activated_by(convolution(64, 64, 3, 1, 64)),
        blocks=nn.Sequential(*blocks),
        conv2=activated_by(convolution(128, 512, 1)),
        linear7=Named(conv=convolution(512, 512, (7, 6), 1, 512, 0), bn=nn.BatchNorm2d(512)),
        linear1=Named(conv=convolution(512, 128, 1), bn=nn.BatchNorm2d(128)),
        flatten=nn.Flatten(),
    )


def layers(*parts, kind=Named):
    return kind(layers=nn.Sequential(*parts))


def mbf_activated(channels, width, kernel, stride=1, groups=1):
    return layers(convolution(channels, width, kernel, stride, groups), nn.BatchNorm2d(width), nn.PReLU(width))


def mbf_bottleneck(channels, width, inner, stride, kind=Named):
    return layers(
        mbf_activated(channels, inner, 1),
        mbf_activated(inner, inner, 3, stride, inner),
        layers(convolution(inner, width, 1), nn.BatchNorm2d(width)),
        kind=kind,
    )


def mbf(counts, scale):
    narrow, wide = 64 * scale, 128 * scale

    def repeated(width, inner, count):
        return layers(*(mbf_bottleneck(width, width, inner, 1, Residual) for _ in range(count)))

    stem = mbf_activated(narrow, narrow, 3, 1, 64) if counts[0] == 1 else repeated(narrow, 128, counts[0])
    return Named(
        layers=nn.Sequential(
            mbf_activated(3, narrow, 3, 2),
            stem,
            mbf_bottleneck(narrow, narrow, 128, 2),
            repeated(narrow, 128, counts[1]),
            mbf_bottleneck(narrow, wide, 256, 2),
            repeated(wide, 256, counts[2]),
            mbf_bottleneck(wide, wide, 512, 2),
            repeated(wide, 256, counts[3]),
        ),
        conv_sep=mbf_activated(wide, 512, 1),
        features=layers(
            layers(convolution(512, 512, 7, 1, 512, 0), nn.BatchNorm2d(512)),
            nn.Flatten(),
            nn.Linear(512, 512, bias=False),
            nn.BatchNorm1d(512),
        ),
    )


def lenet():
    parts, channels = {}, 1
    for stage, width in enumerate((32, 64, 128), start=1):
        for half in (1, 2):
            parts[f"conv{stage}_{half}"] = nn.Conv2d(channels, width, 5, 1, 2)
            parts[f"prelu{stage}_{half}"] = nn.PReLU()
            channels = width
        parts[f"pool{stage}"] = nn.MaxPool2d(2)
    return Named(**parts, flatten=nn.Flatten(), fc1=nn.Linear(128 * 9, 2), prelu_fc1=nn.PReLU())


def digit_net():
    parts, channels = {}, 1
    for stage, width in enumerate((16, 32, 64), start=1):
        for half in (1, 2):
            parts[f"conv{stage}_{half}"] = nn.Conv2d(channels, width, 3, 1, 1, bias=False)
            parts[f"bn{stage}_{half}"] = nn.BatchNorm2d(width)
            parts[f"prelu{stage}_{half}"] = nn.PReLU(width)
            channels = width
        parts[f"pool{stage}"] = nn.MaxPool2d(2)
    return Named(**parts, flatten=nn.Flatten(), fc=nn.Linear(64 * 9, 128, bias=False), bn_fc=nn.BatchNorm1d(128))


NETWORKS = {
    **{f"ir-{depth}": (lambda depth=depth: Ir(depth, False)) for depth in Ir.DEPTHS},
    **{f"ir-se-{depth}": (lambda depth=depth: Ir(depth, True)) for depth in Ir.DEPTHS},
    **{f"iresnet-{depth}": (lambda depth=depth: Iresnet(depth)) for depth in Iresnet.DEPTHS},
    "mobilefacenet": mobilefacenet,
    "mobilefacenet-foamliu": foamliu,
    "mobilefacenet-112x96": narrow,
    "mbf": lambda: mbf((1, 4, 6, 2), 2),
    "mbf-large": lambda: mbf((2, 8, 12, 4), 4),
    "lenet++": lenet,
    "digit-net": digit_net,
}


def main(ids):
    FOLDER.mkdir(exist_ok=True)
    torch.set_num_threads(1)
    for key in ids or NETWORKS:
        network = NETWORKS[key]().eval()
        fill(network)
        shape = (1, 1, 28, 28) if key in ("lenet++", "digit-net") else (1, 3, 112, 112)
        picture = torch.from_numpy(noise("input", math.prod(shape)).astype(np.float32)).reshape(shape)
        with torch.no_grad():
            embedding = network(picture)[0]
        lines = sorted(f"{name} {list(tensor.shape)}" for name, tensor in network.state_dict().items())
        text = "\n".join(lines)
        fixture = {
            "network": key,
            "tensors": len(lines),
            "names": hashlib.sha256(text.encode()).hexdigest(),
            "embedding": [float(f"{value:.7g}") for value in embedding.tolist()],
        }
        (FOLDER / f"{key}.json").write_text(json.dumps(fixture) + "\n")
        print(key, len(lines), sum(p.numel() for p in network.parameters()), embedding.std().item())


if __name__ == "__main__":
    main(sys.argv[1:])
