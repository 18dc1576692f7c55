"""Exact search with Faiss IndexFlatIP, one thread, asked line by line by search.bench.ts.

Arguments: file of vectors, file of queries (float32, row-major), dimension.
Each line of standard input is "FIRST COUNT K": the queries to search for in one call; each answer is one line of JSON
with the milliseconds inside the call and the ids found.
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
index = faiss.IndexFlatIP(dimension)
stored = np.memmap(vectors, dtype=np.float32, mode="r").reshape(-1, dimension)
for first in range(0, len(stored), 50_000):
    index.add(np.ascontiguousarray(stored[first : first + 50_000]))
questions = np.fromfile(queries, dtype=np.float32).reshape(-1, dimension)
print(json.dumps({"version": faiss.__version__, "vectors": index.ntotal}), flush=True)
for line in sys.stdin:
    first, count, k = map(int, line.split())
    asked = np.ascontiguousarray(questions[first : first + count])
    start = time.perf_counter()
    _, ids = index.search(asked, k)
    milliseconds = (time.perf_counter() - start) * 1000
    print(json.dumps({"ms": milliseconds, "ids": ids.tolist()}), flush=True)
