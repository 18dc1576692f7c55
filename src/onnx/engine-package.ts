import type { FetchedPackage } from "../registry/index.ts";

/** The engine: its processor and WebGPU providers lie in the registry's package, for every platform. */
export const ENGINE_PACKAGE: FetchedPackage = {
  name: "onnxruntime-node",
  platforms: ["linux-x64", "linux-arm64", "darwin-arm64", "win32-x64", "win32-arm64"],
  parts: [
    {
      package: "onnxruntime-node",
      version: "1.30.0",
      integrity:
        "sha512-twhs1C2C/BFkz1yc5OY0KIU2GUq6DURO7hD4bx5Q2Qy3nAMJwRXW8xU3NVczE29VA9lolLOYepoD8fjTGOfIqw==",
      tarballBytes: 113_507_888,
      keep: ["package.json", "dist/", `bin/napi-v6/${process.platform}/${process.arch}/`],
    },
    {
      package: "onnxruntime-common",
      version: "1.30.0",
      integrity:
        "sha512-7fdVWjAID1dVhH/G8qK3APARunV4VkBFoCQAP7qp4Wkab0mrorvmc+sqiT+mKXOzDqdjN5j+/Z9nb4gzNPWcyA==",
      tarballBytes: 66_795,
      keep: ["package.json", "dist/cjs/"],
    },
  ],
};
