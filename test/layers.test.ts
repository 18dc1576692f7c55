import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

/** Folders of src/ from the bottom up: a file imports from lower rows only, never from its own row's neighbours. */
const LAYERS = [
  ["core"],
  ["registry"],
  ["image", "onnx"],
  ["checkpoints", "networks", "photographs"],
  ["models"],
  ["detect", "align"],
  ["embed", "search", "statistics"],
  ["verdict"],
  ["gallery", "autodiff"],
  ["recognise"],
  ["train"],
  ["evaluate", "project", "plot", "cluster"],
  ["study"],
  ["identity", "serve"],
  ["cli"],
];

/** Packages with native code or a large surface, and the one folder that may know them. */
const HOME_OF: Readonly<Record<string, string>> = {
  sharp: "image",
  "heic-decode": "image",
  "csv-parse": "photographs",
  "onnxruntime-common": "onnx",
  pacote: "registry",
  "make-fetch-happen": "models",
  "@npmcli/config": "registry",
  "proper-lockfile": "registry",
  piscina: "recognise",
  usearch: "search",
  hyparquet: "recognise",
  "hyparquet-writer": "recognise",
  "@resvg/resvg-js": "plot",
  "@observablehq/plot": "plot",
  linkedom: "plot",
  "umap-js": "project",
  "@photostructure/sqlite": "gallery",
  pg: "gallery",
  "pg-copy-streams": "gallery",
  "@zilliz/milvus2-sdk-node": "gallery",
  hono: "serve",
  "@hono/node-server": "serve",
  "prom-client": "serve",
  pino: "cli",
  commander: "cli",
  "cli-progress": "cli",
};

/**
 * Files that have to look at the environment below the shells: the engine's telemetry is switched there, in library and CLI,
 * pip's settings are kept there, and where the user wants the engine itself to be kept.
 */
const READS_ENVIRONMENT: ReadonlySet<string> = new Set([
  "core/engine-telemetry.ts",
  "models/pip-index.ts",
  "onnx/engine.ts",
  "registry/cache-folder.ts",
]);

const SOURCE = resolve(import.meta.dirname, "..", "src");
const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter(
  (f) => f.endsWith(".ts") && !f.endsWith(".test.ts"),
);

/** Every import of every file: the file, its folder, and what is named. */
const imports = files.flatMap((file) => {
  const text = readFileSync(join(SOURCE, file), "utf8");
  const folder = file.includes("/") ? file.split("/")[0]! : "";
  return [...text.matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map(([, target]) => ({
    file,
    folder,
    target: target!,
  }));
});

const rowOf = (folder: string): number => LAYERS.findIndex((row) => row.includes(folder));

test("every folder of src has its place in the layers", () => {
  const folders = new Set(files.filter((file) => file.includes("/")).map((file) => file.split("/")[0]!));
  expect([...folders].filter((folder) => rowOf(folder) < 0)).toEqual([]);
});

test("imports point down the layers", () => {
  const upward = imports.flatMap(({ file, folder, target }) => {
    if (!target.startsWith(".") || folder === "") return [];
    const to = relative(SOURCE, resolve(SOURCE, dirname(file), target)).split("/")[0]!;
    return to !== folder && rowOf(to) >= rowOf(folder) ? [`${file} -> ${target}`] : [];
  });
  expect(upward).toEqual([]);
});

test("a folder is entered by its door: index.ts, or a named subfolder's", () => {
  const byWindow = imports.flatMap(({ file, folder, target }) => {
    if (!target.startsWith(".")) return [];
    const path = relative(SOURCE, resolve(SOURCE, dirname(file), target));
    return path.split("/")[0] !== folder && !path.endsWith("/index.ts") && path.includes("/")
      ? [`${file} -> ${target}`]
      : [];
  });
  expect(byWindow).toEqual([]);
});

test("the page in a browser knows the service by its client, the plane of the report's map, and nothing else", () => {
  const page = resolve(SOURCE, "..", "web", "src");
  const reaching = readdirSync(page, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file))
    .flatMap((file) =>
      [...readFileSync(join(page, file), "utf8").matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)]
        .map(([, target]) => relative(SOURCE, resolve(page, dirname(file), target!)))
        .filter((path) => !path.startsWith("../web/src/") && !path.startsWith("serve/client/"))
        .filter((path) => path !== "study/page/plane/index.ts")
        .map((path) => `${file} -> ${path}`),
    );
  expect(reaching).toEqual([]);
});

test("a gallery's store is its own: whoever stands above it reads its records", () => {
  const reaching = files.filter(
    (file) =>
      !file.startsWith("gallery/") && /\bgallery\.store\b/i.test(readFileSync(join(SOURCE, file), "utf8")),
  );
  expect(reaching).toEqual([]);
});

test("each native or large package is imported in one folder", () => {
  const astray = imports.flatMap(({ file, folder, target }) => {
    const name = Object.keys(HOME_OF).find((known) => target === known || target.startsWith(`${known}/`));
    return name !== undefined && HOME_OF[name] !== folder ? [`${file} -> ${target}`] : [];
  });
  expect(astray).toEqual([]);
});

test("a command waits for no drawing, training, study or service that it does not need", () => {
  const LATER = ["plot", "project", "study", "train", "identity", "serve"];
  const eager = files
    .filter((file) => file.startsWith("cli/"))
    .flatMap((file) =>
      [
        ...readFileSync(join(SOURCE, file), "utf8").matchAll(
          /^import (?!type)[^;]*?"((?:\.\.\/)+(\w+)[^"]*)"/gm,
        ),
      ]
        .filter(([, , folder]) => LATER.includes(folder!))
        .map(([, target]) => `${file} -> ${target}`),
    );
  // The flags of the service name its roles and limits, which is little.
  expect(eager.filter((line) => !line.endsWith("/serve/settings/index.ts"))).toEqual([]);
});

test("the engine is loaded in one place, which switches its telemetry off before", () => {
  const loaders = files.filter((file) =>
    /loadPackage\(ENGINE_PACKAGE\)|^import (?!type)[^;]*"onnxruntime-(?:node|common)"/m.test(
      readFileSync(join(SOURCE, file), "utf8"),
    ),
  );
  expect(loaders).toEqual(["onnx/engine.ts"]);
});

/**
 * Files that import each other round, which may be so: because their mathematics is mutual, because they define one type by
 * the other, or because a thread and whoever starts it agree on messages. Anything else is one file too many.
 */
const CIRCLES: readonly (readonly string[])[] = [
  // The derivative of each is made of the other.
  ["autodiff/ops/cos.ts", "autodiff/ops/sin.ts"],
  ["autodiff/ops/gather-rows.ts", "autodiff/ops/scatter-rows.ts"],
  ["autodiff/ops/pad.ts", "autodiff/ops/slice.ts"],
  ["autodiff/ops/max-pool-gradient.ts", "autodiff/ops/max-pool.ts"],
  ["autodiff/ops/multiply.ts", "autodiff/ops/plane-dot.ts"],
  [
    "autodiff/ops/conv2d-input-gradient.ts",
    "autodiff/ops/conv2d-weight-gradient.ts",
    "autodiff/ops/conv2d.ts",
  ],
  // A value knows the operation that gives it and the tape it is on.
  ["autodiff/operation.ts", "autodiff/tape.ts", "autodiff/value.ts"],
  // A thread's or process's messages, and who sends them.
  ["models/prepare.ts", "models/trial.ts"],
  ["recognise/crop-pool.ts", "recognise/crop-worker.ts"],
  ["recognise/pool-worker.ts", "recognise/pool.ts"],
  // Options of the whole and of its half are checked in one place.
  [
    "recognise/face-finder.ts",
    "recognise/pipeline-of.ts",
    "recognise/recognizer-options.ts",
    "recognise/recognizer.ts",
  ],
  // A checkpoint is one kind of file, and is opened as one.
  ["models/model-file.ts", "models/prepare-checkpoint.ts"],
  // A database is opened by looking at its state, which is asked of an opened one.
  [
    "gallery/sqlite/connection.ts",
    "gallery/sqlite/integrity.ts",
    "gallery/sqlite/own-log.ts",
    "gallery/sqlite/schema.ts",
    "gallery/sqlite/write-ahead-log.ts",
  ],
];

test("files import each other round only where that is meant", () => {
  const targets = new Map<string, string[]>(files.map((file) => [file, []]));
  for (const { file, target } of imports)
    if (target.startsWith("."))
      targets.get(file)!.push(relative(SOURCE, resolve(SOURCE, dirname(file), target)));
  expect(circlesOf(targets)).toEqual([...CIRCLES].map((circle) => [...circle].sort()).sort());
});

/** Groups of more than one file in which each leads to each (Tarjan's strongly connected components), sorted. */
function circlesOf(targets: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const visit = (file: string): void => {
    order.set(file, order.size);
    lowest.set(file, order.get(file)!);
    open.push(file);
    for (const target of targets.get(file) ?? []) {
      if (!targets.has(target)) continue;
      if (!order.has(target)) visit(target);
      if (open.includes(target)) lowest.set(file, Math.min(lowest.get(file)!, lowest.get(target)!));
    }
    if (lowest.get(file) !== order.get(file)) return;
    const circle = open.splice(open.indexOf(file));
    if (circle.length > 1) found.push(circle.sort());
  };
  for (const file of targets.keys()) if (!order.has(file)) visit(file);
  return found.sort();
}

/** The place where threads are started one at a time: a run, an experiment, a command, a file that is tried. */
const STARTS_ONE: ReadonlySet<string> = new Set([
  "image/read-heic.ts",
  "cli/run-command.ts",
  "models/trial-process.ts",
  "recognise/embeddings/parquet-process.ts",
  "study/mnist/reproduce-mnist.ts",
  "train/run/train.ts",
]);
/** The place where they are counted by whoever starts them. */
const COUNTED_IN: Readonly<Record<string, string>> = {
  "project/tsne/run-on-threads.ts": "project/tsne/tsne.ts",
  "search/scan-threads.ts": "search/exact-index.ts",
};

/** Files that parse text which is not a file from outside: the page's own data, a gallery's columns, a copy of a value. */
const PARSES_ITS_OWN: readonly RegExp[] = [
  /^core\/bounded-text\.ts$/,
  /^study\/page\//,
  /^gallery\//,
  // The events of the service that a client has chosen.
  /^serve\/client\//,
  /^models\/converted-card\.ts$/,
];

test("text from outside is read by what bounds its length and depth", () => {
  const readers = files.filter((file) => {
    const text = readFileSync(join(SOURCE, file), "utf8");
    return /JSON\.parse\(|createInterface\(|readFile(Sync)?\([^)]*"(utf-?8|latin1)"/.test(text);
  });
  const elsewhere = readers.filter((file) => !PARSES_ITS_OWN.some((own) => own.test(file)));
  // The kernel's and the checkout's own files.
  expect(elsewhere.sort()).toEqual([
    "cli/checkout-commit.ts",
    "cli/commands/doctor.ts",
    "train/file-lock.ts",
  ]);
});

test("whoever starts threads asks how many there may be", () => {
  const starters = files.filter((file) =>
    /new Worker\(|new Piscina\b|OpNumThreads: (?!1\b)/.test(readFileSync(join(SOURCE, file), "utf8")),
  );
  expect(starters).toContain("recognise/ordered-pool.ts");
  const uncounted = starters.filter(
    (file) =>
      !STARTS_ONE.has(file) &&
      !readFileSync(join(SOURCE, COUNTED_IN[file] ?? file), "utf8").includes("threadCount("),
  );
  expect(uncounted).toEqual([]);
});

test("nothing below the shells reads the environment, the clock or unseeded randomness", () => {
  const readers = files.filter((file) => {
    if (file.startsWith("cli/") || READS_ENVIRONMENT.has(file)) return false;
    // The environment of a process of its own is passed on whole, and not read.
    const text = readFileSync(join(SOURCE, file), "utf8").replace("env: { ...process.env,", "env: {");
    // Examples in comments are what a shell of the reader's may do.
    const code = text.replace(/^\s*\* .*$/gm, "");
    return /process\.env|Math\.random|Date\.now|new Date\(\)/.test(code);
  });
  expect(readers).toEqual([]);
});

test("bytes are compared as bytes: a TextDecoder reads UTF-8 only, since its latin1 is windows-1252", () => {
  const decoders = files.flatMap((file) => {
    const text = readFileSync(join(SOURCE, file), "utf8");
    return [...text.matchAll(/new TextDecoder\(\s*"([^"]+)"/g)]
      .filter(([, encoding]) => encoding !== "utf-8")
      .map(([found]) => `${file}: ${found}`);
  });
  expect(decoders).toEqual([]);
});
