"""t-SNE by scikit-learn or openTSNE on points in a file; bench/tsne.bench.ts runs it beside arcface.

python3 tsne.py sklearn|opentsne POINTS.npy LAYOUT.f32 THREADS
"""

import json
import resource
import sys
import time

import numpy as np

name, points_path, layout_path, threads = sys.argv[1:]
points = np.load(points_path)
if name == "sklearn":
    import sklearn
    from sklearn.manifold import TSNE

    version = sklearn.__version__
    newer = tuple(int(part) for part in version.split(".")[:2]) >= (1, 5)
    iterations = {"max_iter" if newer else "n_iter": 1000}
    model = TSNE(
        perplexity=30, init="pca", learning_rate="auto", n_jobs=int(threads), random_state=1, **iterations
    )
    started = time.perf_counter()
    layout = model.fit_transform(points)
    seconds = time.perf_counter() - started
    own = float(model.kl_divergence_)
else:
    import openTSNE

    version = openTSNE.__version__
    # 250 exaggerated iterations come before these.
    model = openTSNE.TSNE(perplexity=30, n_iter=750, n_jobs=int(threads), random_state=1)
    started = time.perf_counter()
    layout = model.fit(points)
    seconds = time.perf_counter() - started
    own = float(layout.kl_divergence)
np.asarray(layout, dtype="<f4").tofile(layout_path)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"version": version, "seconds": seconds, "ownDivergence": own, "peakMb": peak}))
