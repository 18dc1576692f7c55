"""Search with Faiss, one thread, asked line by line by search.bench.ts.

Arguments: file of vectors, file of queries (float32, row-major), dimension.
Each line of standard input is "WAY FIRST COUNT K": the queries to search for in one call; each answer is one line of JSON
with the milliseconds inside the call, by the clock and of the processor, and the ids found. Ways:

flat     IndexFlatIP, which compares with everything
rabitq   IndexRaBitQFastScan: one bit a dimension, approximate

Faiss computes a flat batch as one matrix product (BLAS) from so many queries on as distance_compute_blas_threshold says. The
default of 1.15 leaves batches of 64 to the slower way, so each size of batch is tried both ways and given the faster.
"""
import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import faiss  # noqa: E402
import numpy as np  # noqa: E402

vectors, queries, dimension = sys.argv[1], sys.argv[2], int(sys.argv[3])
faiss.omp_set_num_threads(1)
stored = np.memmap(vectors, dtype=np.float32, mode="r").reshape(-1, dimension)
questions = np.fromfile(queries, dtype=np.float32).reshape(-1, dimension)


def filled(index):
    for first in range(0, len(stored), 50_000):
        index.add(np.ascontiguousarray(stored[first : first + 50_000]))
    return index


def quantised():
    if not hasattr(faiss, "IndexRaBitQFastScan"):
        return None
    index = faiss.IndexRaBitQFastScan(dimension, faiss.METRIC_INNER_PRODUCT)
    index.train(np.ascontiguousarray(stored[:20_000]))
    return filled(index)


ways = {"flat": filled(faiss.IndexFlatIP(dimension)), "rabitq": quantised()}
there = [name for name, index in ways.items() if index is not None]
print(json.dumps({"version": faiss.__version__, "ways": there}), flush=True)


def search(index, asked, k):
    start, busy = time.perf_counter(), time.process_time()
    _, ids = index.search(asked, k)
    return (time.perf_counter() - start) * 1000, (time.process_time() - busy) * 1000, ids


def fastest_threshold(index, asked, k):
    """The threshold with the least processor time of three: as it is, always BLAS, or never."""
    timed = []
    for threshold in (default_threshold, 1, 1 << 30):
        faiss.cvar.distance_compute_blas_threshold = threshold
        search(index, asked, k)
        timed.append((min(search(index, asked, k)[1] for _ in range(2)), threshold))
    return min(timed)[1]


default_threshold = faiss.cvar.distance_compute_blas_threshold
threshold_of = {}
for line in sys.stdin:
    way, first, count, k = line.split()
    first, count, k = int(first), int(count), int(k)
    asked = np.ascontiguousarray(questions[first : first + count])
    if way == "flat" and count not in threshold_of:
        threshold_of[count] = fastest_threshold(ways[way], asked, k)
    faiss.cvar.distance_compute_blas_threshold = threshold_of.get(count, default_threshold)
    milliseconds, busy, ids = search(ways[way], asked, k)
    answer = {"ms": milliseconds, "cpu": busy, "ids": ids.tolist(), "default": default_threshold}
    answer["blasFrom"] = faiss.cvar.distance_compute_blas_threshold
    print(json.dumps(answer), flush=True)
