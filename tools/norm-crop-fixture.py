"""Prints the faces of src/align/fixtures/norm-crop.json, a line of JSON each: where the corners of a crop lie when
landmarks are fitted to the template as scikit-image estimates a similarity (Umeyama) and the fit is inverted, which is
what InsightFace's norm_crop does. Needs NumPy.
"""
import json

import numpy as np

TEMPLATE = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])
# A face in millimetres: eyes, nose tip, mouth corners.
FACE = np.array([[-31.5, -34, 0], [31.5, -34, 0], [0, 0, 28], [-25, 32, 4], [25, 32, 4]], float)


def umeyama(source, target):
    count, d = source.shape
    mean_source, mean_target = source.mean(0), target.mean(0)
    s, t = source - mean_source, target - mean_target
    covariance = t.T @ s / count
    signs = np.ones(d)
    if np.linalg.det(covariance) < 0:
        signs[-1] = -1
    u, singular, v = np.linalg.svd(covariance)
    rotation = u @ np.diag(signs) @ v
    scale = (singular @ signs) / s.var(0).sum()
    matrix = np.eye(d + 1)
    matrix[:d, :d] = scale * rotation
    matrix[:d, d] = mean_target - scale * rotation @ mean_source
    return matrix


def turned(yaw, roll=7, scale=2.3, place=(211.0, 164.0)):
    y, r = np.deg2rad(yaw), np.deg2rad(roll)
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(r), -np.sin(r)], [np.sin(r), np.cos(r)]])
    return np.round(scale * (FACE @ about_y.T)[:, :2] @ about_z.T + np.array(place), 4)


for yaw in (0, 30, 60):
    landmarks = turned(yaw)
    for size in (112, 224, 128):
        ratio = size / 112 if size % 112 == 0 else size / 128
        template = TEMPLATE * ratio + np.array([0 if size % 112 == 0 else 8 * ratio, 0])
        inverse = np.linalg.inv(umeyama(landmarks, template))
        last = size - 1
        corners = np.array([[0, 0, 1], [last, 0, 1], [0, last, 1], [last, last, 1]]) @ inverse.T
        print(json.dumps({"yaw": yaw, "size": size, "landmarks": landmarks.tolist(), "corners": np.round(corners[:, :2], 4).tolist()}))
