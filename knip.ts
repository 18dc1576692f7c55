import { readFileSync } from "node:fs";
import type { KnipConfig } from "knip";

const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as {
  exports: Record<string, string | { default: string }>;
};

/** The doors of the package: everything they export is meant for its users. */
const doors = Object.values(exports).flatMap((door) =>
  typeof door === "string" ? [] : [door.default.replace("./dist/", "src/").replace(/\.js$/, ".ts")],
);

const config: KnipConfig = {
  workspaces: {
    ".": {
      entry: [
        ...doors,
        "bin/*.js",
        // Tools that run before anything else take it as it is built.
        "src/registry/index.ts",
        "src/cli/bin.ts",
        // Started by address, not imported.
        "src/**/*-{worker,thread,process}.ts",
        "src/study/page/page.ts",
        "test/gallery-stress/process.ts",
        "test/fresh-dist.ts",
        "tools/*.{ts,js}",
        "tools/mutate/{switch.js,mutant-runner.ts}",
        "bench/**/*.{ts,mjs}",
        "examples/*.js",
        "test/**/*.test.ts",
      ],
      project: ["src/**/*.ts", "test/**/*.ts", "tools/**/*.{ts,js}", "bench/**/*.ts"],
    },
    web: { project: ["src/**/*.{ts,tsx}"] },
  },
  ignoreExportsUsedInFile: true,
  // Fonts, prebuilt engines and commands of the system are found by name when they are needed; test/layers.test.ts says where.
  exclude: ["duplicates", "unlisted", "binaries", "dependencies", "unresolved"],
};

export default config;
