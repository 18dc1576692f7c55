import type { CheckpointCard, EmbedCard, FusionCard } from "../card.ts";
import {
  EXPO,
  EXPO_ASSETS,
  EXPO_LICENCE,
  EXPO_PROVENANCE,
  FACEPLUGIN,
  FR_LICENCE,
  FR_PROVENANCE,
  MS1M,
} from "./sources.ts";

export const MOBILEFACENET_192: EmbedCard = {
  id: "mobilefacenet-192",
  title: "MobileFaceNet, 192 dimensions",
  task: "embed",
  files: [
    {
      name: "MobileFaceNet.tflite",
      bytes: 5233396,
      sha256: "d8ba40c0127fb8ca9917e8fddc79bbbda063657bc92a496d34da0bc8a760443b",
      source: { ...EXPO, path: `${EXPO_ASSETS}/MobileFaceNet.tflite` },
    },
  ],
  licence: EXPO_LICENCE,
  provenance: EXPO_PROVENANCE,
  contract: {
    template: "arcface-5-point",
    input: {
      name: "input",
      layout: "NCHW",
      sizePx: 112,
      channels: "RGB",
      mean: [127.5, 127.5, 127.5],
      scale: [127.5, 127.5, 127.5],
    },
    output: { name: "embeddings", dimension: 192, normalized: false },
  },
};

export const FR_FEATURE_512: EmbedCard = {
  id: "fr-feature-512",
  title: "fr_feature, a MobileFaceNet of 512 dimensions",
  task: "embed",
  files: [
    {
      name: "fr_feature.onnx",
      bytes: 4884269,
      sha256: "87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581",
      source: { ...FACEPLUGIN, path: "package/model/fr_feature.onnx" },
    },
  ],
  licence: FR_LICENCE,
  provenance: FR_PROVENANCE,
  contract: {
    template: "arcface-5-point",
    input: {
      name: "input",
      layout: "NCHW",
      sizePx: 112,
      channels: "BGR",
      mean: [127.5, 127.5, 127.5],
      scale: [128, 128, 128],
      maxBatch: 1,
    },
    output: { name: "output", dimension: 512, normalized: false },
  },
};

export const MOBILEFACENET_128: EmbedCard = {
  id: "mobilefacenet-128",
  title: "MobileFaceNet of foamliu, 128 dimensions",
  task: "embed",
  files: [
    {
      name: "MobileFaceNet.onnx",
      bytes: 3998070,
      sha256: "b7120c095d60094f28a4a54ba6a8bf51b297a6273fb40ef6350dfec1f63d9507",
      source: {
        kind: "url",
        url: "https://github.com/foamliu/MobileFaceNet/raw/a6cc9032a659b615f477833e1a70b5e7931bcccc/weights/MobileFaceNet.onnx",
      },
    },
  ],
  licence: {
    id: "Apache-2.0",
    commercial: "unknown",
    note: "The repository's licence file is Apache-2.0.",
    trainingData: MS1M,
  },
  provenance: "foamliu/MobileFaceNet at commit a6cc903, trained with ArcFace on MS1M.",
  contract: {
    template: "arcface-5-point",
    input: {
      name: "input0",
      layout: "NCHW",
      sizePx: 112,
      channels: "RGB",
      mean: [123.675, 116.28, 103.53],
      scale: [58.395, 57.12, 57.375],
      maxBatch: 1,
    },
    output: { name: "output0", dimension: 128, normalized: false },
  },
};

export const FR_FEATURE_AND_MOBILEFACENET: FusionCard = {
  id: `${FR_FEATURE_512.id}+${MOBILEFACENET_192.id}`,
  title: "fr_feature and MobileFaceNet side by side, 704 dimensions",
  task: "fusion",
  files: [],
  networks: [FR_FEATURE_512.id, MOBILEFACENET_192.id],
  licence: {
    id: "MIT",
    commercial: "unknown",
    note: `${FR_FEATURE_512.id}: ${FR_LICENCE.note} ${MOBILEFACENET_192.id}: ${EXPO_LICENCE.note}`,
    trainingData: "Not stated, of either.",
  },
  provenance: `${FR_FEATURE_512.id}: ${FR_PROVENANCE} ${MOBILEFACENET_192.id}: ${EXPO_PROVENANCE}`,
};

export const W600K_R50: EmbedCard = {
  id: "w600k-r50",
  title: "InsightFace buffalo_l, iResNet-50, 512 dimensions",
  task: "embed",
  files: [
    {
      name: "w600k_r50.onnx",
      bytes: 174383860,
      sha256: "4c06341c33c2ca1f86781dab0e829f88ad5b64be9fba56e56bc9ebdefc619e43",
      source: {
        kind: "url",
        url: "https://huggingface.co/immich-app/buffalo_l/resolve/main/recognition/model.onnx",
      },
    },
  ],
  licence: {
    id: "LicenseRef-InsightFace-non-commercial",
    commercial: "forbidden",
    note: "InsightFace gives its trained models for non-commercial research only.",
    trainingData: "WebFace600K: photographs from the web, for research.",
  },
  provenance:
    "InsightFace, trained on WebFace600K. Size, sha256 and contract as public code cites them; not run here.",
  contract: {
    template: "arcface-5-point",
    input: {
      name: "input.1",
      layout: "NCHW",
      sizePx: 112,
      channels: "RGB",
      mean: [127.5, 127.5, 127.5],
      scale: [127.5, 127.5, 127.5],
    },
    output: { name: "683", dimension: 512, normalized: false },
  },
};

const HALVES = { mean: [127.5, 127.5, 127.5], scale: [127.5, 127.5, 127.5] } satisfies {
  mean: [number, number, number];
  scale: [number, number, number];
};

export const IR_SE_50: CheckpointCard = {
  id: "ir-se-50",
  title: "IR-SE-50 of TreB1eN, 512 dimensions",
  task: "checkpoint",
  files: [],
  network: "ir-se-50",
  fileNames: ["model_ir_se50.pth"],
  source: {
    kind: "manual",
    instructions:
      "model_ir_se50.pth is not downloaded from here: its author links it (OneDrive, Baidu) in the README of github.com/TreB1eN/InsightFace_Pytorch under Pretrained Models; give the path of the file as --model. Its checksum is not known here: it is recognised by its network and its name.",
  },
  licence: {
    id: "MIT",
    commercial: "unknown",
    note: "The repository's licence file is MIT; it does not speak of the weights, which are linked from its README.",
    trainingData: MS1M,
  },
  provenance:
    "TreB1eN/InsightFace_Pytorch, trained with ArcFace on MS1M-refined; used as identity loss by pSp, e4e and FaceShifter's reimplementations. Figures are not measured here.",
  presets: [
    {
      id: "bgr",
      channels: "BGR",
      ...HALVES,
      note: "As trained: OpenCV's channel order, (x/255 − 0.5)/0.5.",
    },
    {
      id: "rgb",
      channels: "RGB",
      ...HALVES,
      note: "As pSp, e4e and FaceShifter feed it: RGB in [−1, 1]. Not the order of its training.",
    },
  ],
  crops: [
    {
      pipeline: "pSp, e4e",
      fromPx: 256,
      arrangement: "FFHQ",
      rows: [35, 223],
      columns: [32, 220],
      toPx: 112,
      resample: "adaptive-average-pool",
      preset: "rgb",
    },
    {
      pipeline: "FaceShifter",
      fromPx: 256,
      arrangement: "FFHQ-like, as its own alignment gives",
      rows: [19, 237],
      columns: [19, 237],
      toPx: 112,
      resample: "bilinear-align-corners",
      preset: "rgb",
    },
  ],
};
