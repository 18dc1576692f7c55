"""Writes what PyTorch computes for one training pass of small networks, and for a few steps of its optimisers.

Run with PyTorch and numpy installed: `python tools/make-training-fixtures.py`. Everything is in float64. Of each tensor
only its length and two inner products with formula noise are kept.
"""

import importlib.util
import json
import pathlib

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
FOLDER = HERE.parent / "src" / "train" / "step" / "fixtures"
spec = importlib.util.spec_from_file_location("networks", HERE / "make-network-fixtures.py")
networks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(networks)
Named, noise = networks.Named, networks.noise


def unit():
    return Named(
        input_layer=nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.PReLU(16)),
        body=nn.Sequential(
            networks.Unit(16, 32, 2, True), networks.Unit(32, 32, 1, True), networks.Unit(32, 32, 2, True)
        ),
        output_layer=nn.Sequential(nn.BatchNorm2d(32), nn.Flatten(), nn.Linear(128, 8), nn.BatchNorm1d(8)),
    ), (3, 8, 8)


def bottleneck():
    return Named(
        conv1=networks.activated(3, 16, 3, 2),
        conv_23=networks.bottleneck(16, 16, 32, 2),
        conv_3=networks.residuals(16, 32, 1),
        conv_6_dw=Named(conv=networks.convolution(16, 16, 4, 1, 16, 0), bn=nn.BatchNorm2d(16)),
        flatten=nn.Flatten(),
        linear=nn.Linear(16, 8, bias=False),
        bn=nn.BatchNorm1d(8),
        unit=networks.UnitLength(),
    ), (3, 16, 16)


def narrow():
    return Named(
        columns=networks.MiddleColumns(),
        conv1=networks.activated(3, 16, 3, 2),
        linear7=Named(conv=networks.convolution(16, 16, (8, 7), 1, 16, 0), bn=nn.BatchNorm2d(16)),
        linear1=Named(conv=networks.convolution(16, 8, 1), bn=nn.BatchNorm2d(8)),
        flatten=nn.Flatten(),
    )


def digest(name, tensor):
    values = tensor.detach().double().numpy().ravel()
    probes = [float(values @ noise(f"{name} probe {i}", values.size)) for i in (1, 2)]
    return [float(np.linalg.norm(values)), *probes]


def training_pass(name, network, shape, batch):
    networks.fill(network)
    network.double().train()
    size = batch * int(np.prod(shape))
    images = torch.from_numpy(noise("images", size).astype(np.float32).astype(np.float64)).reshape(batch, *shape)
    features = network(images)
    weights = torch.from_numpy(noise("loss", features.numel()).astype(np.float32).astype(np.float64))
    loss = (features * weights.reshape(features.shape)).sum() + (features * features).mean()
    loss.backward()
    gradients = {key: digest(key, value.grad) for key, value in network.named_parameters()}
    statistics = {key: digest(key, value) for key, value in network.named_buffers() if "running" in key}
    write(
        name,
        {
            "loss": loss.item(),
            "features": digest("features", features),
            "gradients": gradients,
            "statistics": statistics,
        },
    )


STEPS = 5


def optimised(make, clip=None):
    """A weight and a norm's scale after each of five steps with gradients made by formula."""
    weight = nn.Parameter(torch.from_numpy(noise("weight", 6)))
    scale = nn.Parameter(torch.from_numpy(1 + noise("scale", 2) / 10))
    optimiser = make(weight, scale)
    rows = []
    for step in range(STEPS):
        weight.grad = torch.from_numpy(noise(f"weight gradient {step}", 6))
        scale.grad = torch.from_numpy(noise(f"scale gradient {step}", 2))
        if clip:
            nn.utils.clip_grad_norm_([weight, scale], clip)
        for group in optimiser.param_groups:
            group["lr"] = 0.1 / (1 + step)
        optimiser.step()
        rows.append([*weight.detach().tolist(), *scale.detach().tolist()])
    return rows


def groups(weight, scale):
    return [{"params": [weight], "weight_decay": 0.05}, {"params": [scale], "weight_decay": 0.0}]


def optimisers():
    sgd, adamw = torch.optim.SGD, torch.optim.AdamW
    return {
        "sgd": optimised(lambda *p: sgd(groups(*p), lr=0.1, momentum=0.9)),
        "sgd without momentum": optimised(lambda *p: sgd(groups(*p), lr=0.1)),
        "nesterov": optimised(lambda *p: sgd(groups(*p), lr=0.1, momentum=0.9, nesterov=True)),
        "adamw": optimised(lambda *p: adamw(groups(*p), lr=0.1)),
        "clipped": optimised(lambda *p: sgd(groups(*p), lr=0.1, momentum=0.9), clip=0.5),
    }


def write(name, content):
    (FOLDER / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    training_pass("unit", *unit(), 4)
    training_pass("bottleneck", *bottleneck(), 4)
    training_pass("narrow", narrow(), (3, 16, 30), 4)
    training_pass("lenet++", networks.lenet(), (1, 28, 28), 3)
    write("optimisers", optimisers())
