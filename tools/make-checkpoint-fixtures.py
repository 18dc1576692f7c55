"""Writes the small PyTorch files that src/checkpoints is tested with.

Run with PyTorch and numpy installed: `python tools/make-checkpoint-fixtures.py`. The tensors are counting numbers, not weights.
"""

import argparse
import collections
import io
import json
import pathlib
import pickle
import sys
import types

import numpy
import torch
from torch import nn

FOLDER = pathlib.Path(__file__).parent.parent / "src" / "checkpoints" / "fixtures"


def counting(*shape, dtype=torch.float32, start=0):
    size = 1
    for dim in shape:
        size *= dim
    return torch.arange(start, start + size, dtype=dtype).reshape(shape)


class Wrapped(nn.Module):
    """A user's own class, which no reader will have."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 1, bias=False)
        self.bn = nn.BatchNorm2d(3)
        self.activation = nn.functional.relu
        self.register_buffer("transient", counting(2), persistent=False)
        with torch.no_grad():
            self.conv.weight.copy_(counting(3, 2, 1, 1))


def save(name, value, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    (FOLDER / name).write_bytes(buffer.getvalue())


def main():
    FOLDER.mkdir(exist_ok=True)
    # A class of a module that is not on any list.
    users = types.ModuleType("users_network")
    users.Wrapped = Wrapped
    Wrapped.__module__ = "users_network"
    sys.modules["users_network"] = users

    base = counting(4, 6)
    plain = collections.OrderedDict(
        weight=counting(2, 3, dtype=torch.float32),
        half=counting(4, dtype=torch.float16) / 4 - 0.5,
        brain=counting(4, dtype=torch.bfloat16) * 3,
        double=counting(3, dtype=torch.float64) / 3,
        counter=torch.tensor(41, dtype=torch.int64),
        flags=torch.tensor([True, False, True]),
        bytes=counting(3, dtype=torch.uint8),
        whole=base,
        column=base[:, 2],
        transposed=base[1:3].t(),
        empty=torch.zeros(0, 4),
    )
    save("plain.zip.pth", plain)
    save("plain.legacy.pth", plain, _use_new_zipfile_serialization=False)

    network = Wrapped()
    save("module.zip.pth", network)
    save("module.legacy.pth", network, _use_new_zipfile_serialization=False)

    spread = {f"module.{name}": tensor for name, tensor in network.state_dict().items()}
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    training = {"epoch": 3, "best": numpy.float64(0.5), "args": argparse.Namespace(lr=0.1, out=pathlib.Path("runs"))}
    save("nested.zip.pth", {**training, "state_dict": spread, "optimizer": optimiser.state_dict()})
    save("spread-module.zip.pth", {"model": nn.DataParallel(network)})

    with torch.no_grad():
        for parameter in network.parameters():
            parameter.requires_grad_(False)
    save("unsigned.zip.pth", {"wide": torch.tensor([1, 60000], dtype=torch.uint16)})

    pickles = {}
    for protocol in range(6):
        value = {"text": "é\n'\"", "list": [1, -2, 2**40, 2**70, 1.5, None, True], "tuple": (1, (2, 3, 4, 5))}
        value["bytes"] = b"\x00\xff"
        value["set"] = {1}
        pickles[str(protocol)] = pickle.dumps(value, protocol=protocol).hex()
    (FOLDER / "pickles.json").write_text(json.dumps(pickles, indent=2) + "\n")


if __name__ == "__main__":
    main()
