"""Writes what PyTorch makes of pictures by every protocol that measures identity: crop, resize, network input.

Run with PyTorch and numpy: `python tools/make-identity-fixtures.py [SHARED]`. The conventions are written here anew from
the formulas that protocols/*.json name, with PyTorch's own pooling and interpolation. Pictures are made by a formula,
which src/identity/protocol-input.test.ts has too, so none need to be kept. With SHARED, the folder with
models/mobilefacenet.pt, cosines of a real network are written besides.

`python tools/make-identity-fixtures.py --save FOLDER` writes what `npm run bench identity -- networks --folder FOLDER`
compares: the networks of the protocols whose weights cannot be had, with weights by a formula, as PyTorch saves them, the
pictures, and the vectors that PyTorch gives.
"""

import importlib.util
import json
import pathlib
import sys

import numpy as np
import torch
from torch.nn import functional as F

ROOT = pathlib.Path(__file__).parent.parent
TO = ROOT / "src" / "identity" / "fixtures" / "pytorch.json"
PICTURES = 10
SAMPLES = 48


def picture(number, side):
    """Bytes [side, side, 3]: waves and a grid of hard edges."""
    y, x, c = np.meshgrid(np.arange(side), np.arange(side), np.arange(3), indexing="ij")
    wave = np.sin(x * (0.11 + 0.013 * number) + c) * np.cos(y * (0.07 + 0.009 * number) - number)
    edges = ((x * 3 + y * (2 + number) + 40 * c) // 17) % 2
    return np.floor(127.5 + 90 * wave + 37 * (2 * edges - 1) + 0.5).clip(0, 255).astype(np.uint8)


HALVES = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def tensor(pixels, statistics, bgr=False):
    values = torch.from_numpy(pixels[:, :, ::-1].copy() if bgr else pixels).permute(2, 0, 1)[None].float() / 255
    mean, deviation = (torch.tensor(each).view(1, 3, 1, 1) for each in statistics)
    return (values - mean) / deviation


def psp(pixels):
    return F.adaptive_avg_pool2d(tensor(pixels, HALVES)[:, :, 35:223, 32:220], (112, 112))


def faceshifter(pixels):
    part = tensor(pixels, HALVES)[:, :, 19:237, 19:237]
    return F.interpolate(part, (112, 112), mode="bilinear", align_corners=True)


PROTOCOLS = {
    "psp": (256, psp),
    "e4e": (256, psp),
    "faceshifter": (256, faceshifter),
    "simswap": (224, lambda p: F.interpolate(tensor(p, IMAGENET), size=(112, 112))),
    "simswap/training": (224, lambda p: F.interpolate(tensor(p, IMAGENET), size=(112, 112), mode="bicubic")),
    "ghost": (224, lambda p: F.interpolate(tensor(p, HALVES), scale_factor=0.5, mode="bilinear", align_corners=True)),
    "instantid": (112, lambda p: tensor(p, HALVES)),
    "ir-se-50/rgb": (112, lambda p: tensor(p, HALVES)),
    "ir-se-50/bgr": (112, lambda p: tensor(p, HALVES, bgr=True)),
}
# A picture of another side reaches the frame by pooling, as e4e's and pSp's outputs do.
LARGER = {"psp": 1024, "faceshifter": 512}


def sampled(values):
    flat = values.flatten()
    at = (np.arange(SAMPLES) * 7919 + 13) % flat.numel()
    return {
        "samples": [float(f"{v:.8g}") for v in flat[torch.from_numpy(at)].tolist()],
        "sum": float(f"{flat.double().sum().item():.9g}"),
        "squares": float(f"{flat.double().square().sum().item():.9g}"),
    }


def networks_here():
    spec = importlib.util.spec_from_file_location("networks", ROOT / "tools" / "make-network-fixtures.py")
    networks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(networks)
    return networks


def network(shared):
    made = networks_here().foamliu().eval()
    made.load_state_dict(torch.load(pathlib.Path(shared) / "models" / "mobilefacenet.pt", map_location="cpu"))
    return made


# Protocols by the network that they are about; SimSwap's is known here by no layer table.
SAVED = {
    "ir-se-50": ("psp", "e4e", "faceshifter", "ir-se-50/rgb", "ir-se-50/bgr"),
    "iresnet-100": ("ghost", "instantid"),
}


def save(folder):
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    networks, vectors = networks_here(), {}
    for side in {side for side, _ in PROTOCOLS.values()}:
        for i in range(PICTURES):
            (folder / f"{side}-{i}.rgb").write_bytes(picture(i, side).tobytes())
    for name, protocols in SAVED.items():
        made = (networks.Ir(50, True) if name == "ir-se-50" else networks.Iresnet(100)).eval()
        networks.fill(made)
        torch.save(made.state_dict(), folder / f"{name}.pth")
        for protocol in protocols:
            side, make = PROTOCOLS[protocol]
            with torch.no_grad():
                found = F.normalize(torch.cat([made(make(picture(i, side))) for i in range(PICTURES)]))
            cosines = found[:1] @ found.T
            print(name, protocol, [round(v, 4) for v in cosines[0].tolist()])
            vectors[protocol] = {"network": name, "side": side, "vectors": found.tolist()}
    (folder / "vectors.json").write_text(json.dumps(vectors))


def main(shared):
    torch.set_num_threads(1)
    fixture = {"torch": torch.__version__.split("+")[0], "protocols": {}, "larger": {}, "cosines": {}}
    net = network(shared) if shared else None
    for name, (side, make) in PROTOCOLS.items():
        inputs = [make(picture(i, side)) for i in range(PICTURES)]
        assert all(each.shape == (1, 3, 112, 112) for each in inputs)
        fixture["protocols"][name] = {"side": side, "pictures": [sampled(each) for each in inputs]}
        if net:
            with torch.no_grad():
                vectors = F.normalize(torch.cat([net(each) for each in inputs]))
            fixture["cosines"][name] = [round(v, 7) for v in (vectors[:1] @ vectors.T)[0].tolist()]
        print(name, fixture["cosines"].get(name))
    for name, side in LARGER.items():
        large = torch.from_numpy(picture(1, side)).permute(2, 0, 1)[None].float()
        frame = F.adaptive_avg_pool2d(large, (256, 256))[0].permute(1, 2, 0).numpy()
        fixture["larger"][name] = {"side": side, **sampled(PROTOCOLS[name][1](frame))}
    TO.write_text(json.dumps(fixture) + "\n")
    print(TO.stat().st_size, "bytes")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--save"]:
        save(pathlib.Path(sys.argv[2]))
    else:
        main(sys.argv[1] if len(sys.argv) > 1 else None)
