"""PyTorch's side of `npm run bench train`: NET; a line with a number of steps in, milliseconds a step and of processor time out."""

import math
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


def small_lenet():
    layers, channels = [], 1
    for width in (32, 64, 128):
        for _ in range(2):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.PReLU(width)]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 9, 128)), 128


def block(i, o, k, s, p, g, active=True):
    layers = [nn.Conv2d(i, o, k, s, p, groups=g, bias=False), nn.BatchNorm2d(o)]
    return layers + [nn.PReLU(o)] if active else layers


class Residual(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.layers(x)


class Unit(nn.Module):
    def forward(self, x):
        return F.normalize(x)


def mobile_face_net():
    def bottleneck(i, o, inner, s):
        return block(i, inner, 1, 1, 0, 1) + block(inner, inner, 3, s, 1, inner) + block(inner, o, 1, 1, 0, 1, False)

    layers = block(3, 64, 3, 2, 1, 1) + block(64, 64, 3, 1, 1, 64) + bottleneck(64, 64, 128, 2)
    layers += [Residual(*bottleneck(64, 64, 128, 1)) for _ in range(4)] + bottleneck(64, 128, 256, 2)
    layers += [Residual(*bottleneck(128, 128, 256, 1)) for _ in range(6)] + bottleneck(128, 128, 512, 2)
    layers += [Residual(*bottleneck(128, 128, 256, 1)) for _ in range(2)] + block(128, 512, 1, 1, 0, 1)
    layers += block(512, 512, 7, 1, 0, 512, False) + [nn.Flatten(), nn.Linear(512, 512, bias=False)]
    return nn.Sequential(*layers, nn.BatchNorm1d(512), Unit()), 512


class Excitation(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(c, c // 16, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(c // 16, c, 1, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return x * self.gate(x)


class Branches(nn.Module):
    def __init__(self, residual, shortcut):
        super().__init__()
        self.residual, self.shortcut = residual, shortcut

    def forward(self, x):
        return self.residual(x) + self.shortcut(x)


def iresnet18():
    layers, channels = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64)], 64
    for width in (64, 128, 256, 512):
        for s in (2, 1):
            residual = nn.Sequential(
                nn.BatchNorm2d(channels),
                nn.Conv2d(channels, width, 3, 1, 1, bias=False),
                nn.BatchNorm2d(width),
                nn.PReLU(width),
                nn.Conv2d(width, width, 3, s, 1, bias=False),
                nn.BatchNorm2d(width),
            )
            projected = nn.Sequential(nn.Conv2d(channels, width, 1, s, bias=False), nn.BatchNorm2d(width))
            layers.append(Branches(residual, projected if s == 2 else nn.Identity()))
            channels = width
    last = [nn.BatchNorm2d(512), nn.Flatten(), nn.Linear(512 * 49, 512), nn.BatchNorm1d(512)]
    last[-1].weight.requires_grad = False
    return nn.Sequential(*layers, *last), 512


def ir_se_50():
    layers, channels = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64)], 64
    for width, count in ((64, 3), (128, 4), (256, 14), (512, 3)):
        for i in range(count):
            s = 2 if i == 0 else 1
            residual = nn.Sequential(
                nn.BatchNorm2d(channels),
                nn.Conv2d(channels, width, 3, 1, 1, bias=False),
                nn.PReLU(width),
                nn.Conv2d(width, width, 3, s, 1, bias=False),
                nn.BatchNorm2d(width),
                Excitation(width),
            )
            if channels == width:
                shortcut = nn.MaxPool2d(1, s)
            else:
                shortcut = nn.Sequential(nn.Conv2d(channels, width, 1, s, bias=False), nn.BatchNorm2d(width))
            layers.append(Branches(residual, shortcut))
            channels = width
    last = [nn.BatchNorm2d(512), nn.Dropout(0.6), nn.Flatten(), nn.Linear(512 * 49, 512), nn.BatchNorm1d(512), Unit()]
    return nn.Sequential(*layers, *last), 512


class ArcFace(nn.Module):
    def __init__(self, width, classes, scale=30.0, margin=0.5):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(classes, width) * 0.1)
        self.scale, self.margin = scale, margin

    def forward(self, features, labels):
        cosine = F.linear(F.normalize(features), F.normalize(self.weight)).clamp(-1 + 1e-7, 1 - 1e-7)
        sine = torch.sqrt(1 - cosine * cosine)
        moved = cosine * math.cos(self.margin) - sine * math.sin(self.margin)
        within = cosine > math.cos(math.pi - self.margin)
        target = torch.where(within, moved, cosine - math.sin(math.pi - self.margin) * self.margin)
        own = F.one_hot(labels, cosine.shape[1]).to(cosine.dtype)
        return F.cross_entropy(self.scale * (cosine + own * (target - cosine)), labels)


NETS = {
    "A": (small_lenet, 128, 10, (1, 28, 28)),
    "B": (mobile_face_net, 32, 100, (3, 112, 112)),
    "C": (iresnet18, 16, 100, (3, 112, 112)),
    "IR-SE-50": (ir_se_50, 8, 100, (3, 112, 112)),
}


def main():
    build, batch, classes, shape = NETS[sys.argv[1]]
    torch.set_num_threads(int(sys.argv[2]) if len(sys.argv) > 2 else 2)
    torch.manual_seed(0)
    torch.set_flush_denormal(True)
    network, width = build()
    head = ArcFace(width, classes)
    network.train()
    parameters = [p for p in [*network.parameters(), *head.parameters()] if p.requires_grad]
    optimiser = torch.optim.SGD(parameters, lr=0.01, momentum=0.9, weight_decay=5e-4)
    images = torch.rand(batch, *shape) * 2 - 1
    labels = torch.arange(batch) * 7 % classes

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss = head(network(images), labels)
        loss.backward()
        optimiser.step()
        return loss

    print(f"ready {torch.__version__}", flush=True)
    for line in sys.stdin:
        if line.strip() == "memory":
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, flush=True)
            continue
        start, busy = time.perf_counter(), time.process_time()
        for _ in range(int(line)):
            loss = step()
        took = [time.perf_counter() - start, time.process_time() - busy]
        print(*(seconds * 1000 / int(line) for seconds in took), loss.item(), flush=True)


if __name__ == "__main__":
    main()
