"""PyTorch's side of bench/network-inference.bench.ts.

Prints PyTorch's version, then reads lines "NETWORK BATCH" and answers each with the milliseconds of one forward pass.
One thread, evaluation mode, the networks of tools/make-network-fixtures.py.
"""

import importlib.util
import pathlib
import sys
import time

import torch

ROOT = pathlib.Path(__file__).parent.parent.parent
spec = importlib.util.spec_from_file_location("fixtures", ROOT / "tools" / "make-network-fixtures.py")
fixtures = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fixtures)


def main():
    torch.set_num_threads(1)
    print(torch.__version__, flush=True)
    networks = {}
    for line in sys.stdin:
        key, batch = line.split()
        if key not in networks:
            networks[key] = fixtures.NETWORKS[key]().eval()
            fixtures.fill(networks[key])
        pictures = torch.zeros(int(batch), 3, 112, 112).uniform_(-1, 1)
        with torch.inference_mode():
            start = time.perf_counter()
            networks[key](pictures)
            print(f"{1000 * (time.perf_counter() - start):.3f}", flush=True)


main()
