"""Gradients of one training pass in PyTorch, for `npm run bench gradients`: NET BATCH FOLDER.

Writes each parameter's gradient in float64 to FOLDER/<name>.f64 and in float32 to FOLDER/<name>.f32, both as doubles.
"""

import importlib.util
import pathlib
import sys

import numpy as np
import torch
from torch import nn

from importlib import import_module

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
spec = importlib.util.spec_from_file_location("networks", HERE.parent.parent / "tools" / "make-network-fixtures.py")
networks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(networks)
ArcFace = import_module("torch-training").ArcFace


def small_lenet():
    parts, channels = {}, 1
    for stage, width in enumerate((32, 64, 128), start=1):
        for half in (1, 2):
            parts[f"conv{stage}_{half}"] = nn.Conv2d(channels, width, 3, padding=1)
            parts[f"prelu{stage}_{half}"] = nn.PReLU(width)
            channels = width
        parts[f"pool{stage}"] = nn.MaxPool2d(2)
    return networks.Named(**parts, flatten=nn.Flatten(), fc1=nn.Linear(128 * 9, 128))


NETS = {
    "A": (small_lenet, (1, 28, 28), 128, 10),
    "B": (networks.mobilefacenet, (3, 112, 112), 512, 100),
    "C": (lambda: networks.Iresnet(18), (3, 112, 112), 512, 100),
}


def floats(values, kind):
    return torch.from_numpy(values.astype(np.float32)).to(kind)


def main():
    build, shape, width, classes = NETS[sys.argv[1]]
    batch, folder = int(sys.argv[2]), pathlib.Path(sys.argv[3])
    torch.set_num_threads(2)
    for kind, ending in ((torch.float64, "f64"), (torch.float32, "f32")):
        network = build()
        networks.fill(network)
        network.to(kind).train()
        head = ArcFace(width, classes).to(kind)
        with torch.no_grad():
            head.weight.copy_(floats(networks.noise("head.weight", classes * width) / 10, kind).reshape(classes, width))
        images = floats(networks.noise(sys.argv[4], batch * int(np.prod(shape))), kind).reshape(batch, *shape)
        head(network(images), torch.arange(batch) * 7 % classes).backward()
        for name, value in [*network.named_parameters(), ("head.weight", head.weight)]:
            value.grad.double().numpy().tofile(folder / f"{name}.{ending}")


if __name__ == "__main__":
    main()
