import type { FetchedPackage } from "../../registry/index.ts";

/** SQLite for Node.js versions without one of their own. */
export const DRIVER_PACKAGE: FetchedPackage = {
  name: "@photostructure/sqlite",
  platforms: [
    "linux-x64",
    "linux-x64-musl",
    "linux-arm64",
    "linux-arm64-musl",
    "darwin-x64",
    "darwin-arm64",
    "win32-x64",
    "win32-arm64",
  ],
  parts: [
    {
      package: "@photostructure/sqlite",
      version: "1.2.1",
      integrity:
        "sha512-DfWwnfp9t4kCorSWsL0/d9pNvAC6n7kYWs239r325WeRllRg9FlTtVgdzz/P8HG1RM5VwCwn6FPp1a42q2gAMQ==",
      tarballBytes: 12_312_542,
      keep: ["package.json", "dist/index.cjs", `prebuilds/${process.platform}-${process.arch}/`],
    },
    {
      package: "node-gyp-build",
      version: "4.8.4",
      integrity:
        "sha512-LA4ZjwlnUblHVgq0oBF3Jl/6h/Nvs5fzBLwdEF4nuxnFdsfajde4WfxtJr3CaiH+F6ewcIB/q4jQ4UzPyid+CQ==",
      tarballBytes: 5_449,
      keep: ["package.json", "index.js", "node-gyp-build.js"],
    },
  ],
};
