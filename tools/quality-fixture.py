"""
Measures made pictures with the formulas of PyPI's ofiqpy (MIT), which follow the reference implementation OFIQ 1.1, and
writes what src/recognise/face-quality.test.ts compares with. No photograph and no network is in it.

  pip install --no-deps ofiqpy opencv-python-headless numpy onnxruntime && python tools/quality-fixture.py
"""
import json
import math
import types
from pathlib import Path

import numpy as np
from ofiqpy.measures import geometry, pixel

SIDE = 112
MARGIN = round(SIDE / 6)


def picture(kind: int) -> np.ndarray:
    """Values that TypeScript makes again: RGB of a pixel from its place alone."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.int64)
    r = (x * (3 + kind) + y * 7 + kind * 29) % 256
    g = (x * 5 + y * (2 + kind) + (x * y) // (3 + kind)) % 256
    b = (x * 2 + y * 3 + kind * 41) % 256
    scale = [1.0, 0.3, 1.0][kind]
    shift = [0, 0, 120][kind]
    values = np.stack([r, g, b], axis=-1)
    return np.minimum(255, np.floor(values * scale) + shift).astype(np.uint8)


def session(rgb: np.ndarray) -> types.SimpleNamespace:
    region = np.zeros((SIDE, SIDE), np.uint8)
    region[MARGIN : SIDE - MARGIN, MARGIN : SIDE - MARGIN] = 1
    return types.SimpleNamespace(
        aligned_face=rgb[:, :, ::-1].copy(), landmarked_region=region, occlusion_mask=region
    )


def eyes(left: tuple[int, int], right: tuple[int, int], yaw: float) -> dict:
    landmarks = [(0, 0)] * 98
    for i, point in ((60, left), (64, left), (68, right), (72, right)):
        landmarks[i] = point
    found = geometry.inter_eye_distance(types.SimpleNamespace(landmarks=landmarks, pitch=yaw))
    return {"left": left, "right": right, "yaw": yaw, "interEyePx": found.raw}


def raw(value) -> float:
    assert math.isfinite(value.raw)
    return float(value.raw)


rows = []
for kind in range(3):
    s = session(picture(kind))
    rows.append(
        {
            "contrast": raw(pixel.luminance_variance(s)),
            "underexposed": raw(pixel.under_exposure(s)),
            "overexposed": raw(pixel.over_exposure(s)),
            "dynamicRange": raw(pixel.dynamic_range(s)),
        }
    )
out = {"pictures": rows, "eyes": [eyes((10, 20), (73, 20), 0.0), eyes((40, 52), (90, 60), 33.0)]}
path = Path(__file__).parent.parent / "src/recognise/fixtures/quality.json"
path.write_text(json.dumps(out, indent=2) + "\n")
