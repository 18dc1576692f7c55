"""Writes the small PyTorch files that src/checkpoints is tested with.

Run with PyTorch and numpy installed: `python tools/make-checkpoint-fixtures.py`, or with the names of the fixtures that
are wanted: `… everyday mixed`. The tensors are counting numbers, not weights.
"""

import argparse
import collections
import io
import json
import pathlib
import pickle
import sys
import types
import warnings
import zipfile

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


def users_module():
    """A class of a module that is not on any list."""
    users = types.ModuleType("users_network")
    users.Wrapped = Wrapped
    Wrapped.__module__ = "users_network"
    sys.modules["users_network"] = users


def plain_tensors():
    base = counting(4, 6)
    return collections.OrderedDict(
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


def plain():
    tensors = plain_tensors()
    save("plain.zip.pth", tensors)
    save("plain.legacy.pth", tensors, _use_new_zipfile_serialization=False)


def module():
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


def everyday():
    """What a training script puts beside the weights; `torch.load(weights_only=True)` reads the first five."""
    weight = nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([weight], 0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, [8, 14, 20])
    value = {
        "state_dict": collections.OrderedDict([("conv.weight", counting(2, 3))]),
        "lr_scheduler": schedule.state_dict(),
        "sizes": [torch.Size([2, 3]), torch.device("cpu"), torch.device("cuda", 1), torch.float16, torch.strided],
        "numbers": [1 + 2j, {1, 2}, bytearray(b"ab"), b"cd"],
        "bytes": torch.get_rng_state()[:2],
        "history": collections.defaultdict(list, loss=[0.5]),
        "last": collections.deque([1, 2], maxlen=5),
        "epochs": range(3),
        "best": numpy.float32(0.5),
        "array": numpy.arange(3.0),
        "config": types.SimpleNamespace(out=pathlib.Path("runs")),
    }
    save("everyday.zip.pth", value)
    save("everyday.legacy.pth", value, _use_new_zipfile_serialization=False)


def mixed():
    """Tensors of every kind that is not read, beside two that are."""
    warnings.filterwarnings("ignore")
    kinds = {
        "first": counting(2),
        "sparse": torch.tensor([[0.0, 1.0]]).to_sparse(),
        "rows": torch.tensor([[0.0, 1.0]]).to_sparse_csr(),
        "meta": torch.empty(3, device="meta"),
        "quantised": torch.quantize_per_tensor(counting(3), 0.5, 0, torch.qint8),
        "complex": torch.tensor([1 + 2j]),
        "eight": counting(4).to(torch.float8_e4m3fn),
        "turned": torch.tensor([1 + 2j]).conj().imag,
        "last": counting(3),
    }
    save("mixed.zip.pth", kinds)
    save("mixed.legacy.pth", kinds, _use_new_zipfile_serialization=False)


class Scripted(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = 2.0
        self.body = nn.Sequential(nn.Conv2d(2, 3, 1, bias=False), nn.BatchNorm2d(3))
        with torch.no_grad():
            self.body[0].weight.copy_(counting(3, 2, 1, 1))

    def forward(self, x):
        return self.body(x) * self.scale


def script():
    warnings.filterwarnings("ignore")
    program = torch.jit.script(Scripted().eval())
    torch.jit.save(program, str(FOLDER / "script.pt"))
    torch.jit.save(torch.jit.freeze(program), str(FOLDER / "frozen.pt"))
    for name in ("script.pt", "frozen.pt"):
        # The listing for debuggers is most of the file.
        repack(FOLDER / name, FOLDER / name, zipfile.ZIP_STORED, lambda entry: not entry.endswith(".debug_pkl"))


def repack(path, out, method, wanted=lambda entry: True):
    with zipfile.ZipFile(path) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist() if wanted(name)]
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in parts:
            archive.writestr(zipfile.ZipInfo(name), data, method)


def deflated():
    repack(FOLDER / "plain.zip.pth", FOLDER / "deflated.zip.pth", zipfile.ZIP_DEFLATED)


def wrapped():
    names = ["_orig_mod.stem.weight", "_orig_mod.body.0._orig_mod.conv.weight", "_orig_mod.body.1.module.weight"]
    save("compiled.zip.pth", {name: counting(1, start=i) for i, name in enumerate(names)})
    save("averaged.zip.pth", {"model": {"weight": counting(2)}, "ema": {"weight": counting(2, start=7)}})
    save("twins.zip.pth", {"student": {"weight": counting(2)}, "teacher": {"weight": counting(2, start=7)}})


def pickles():
    pickles = {}
    for protocol in range(6):
        value = {"text": "é\n'\"", "list": [1, -2, 2**40, 2**70, 1.5, None, True], "tuple": (1, (2, 3, 4, 5))}
        value["bytes"] = b"\x00\xff"
        value["set"] = {1}
        pickles[str(protocol)] = pickle.dumps(value, protocol=protocol).hex()
    (FOLDER / "pickles.json").write_text(json.dumps(pickles, indent=2) + "\n")


FIXTURES = (plain, module, everyday, mixed, script, deflated, wrapped, pickles)


def main(names):
    FOLDER.mkdir(exist_ok=True)
    users_module()
    for fixture in FIXTURES:
        if not names or fixture.__name__ in names:
            fixture()


if __name__ == "__main__":
    main(sys.argv[1:])
