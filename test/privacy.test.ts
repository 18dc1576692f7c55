import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { halfPhotographs, store } from "./pack.ts";

/** True if system calls can be watched here: Linux, with strace, in a container that lets it. */
const watched = spawnSync("strace", ["-f", "-o", "/dev/null", "true"]).status === 0;

const ROOT = join(import.meta.dirname, "..");
const BIN = join(ROOT, "bin", "arcface.js");
/** The places that the engine writes into and asks for when it reports. */
const MAKER = /onnxruntime\.db|deviceid|DeveloperTools|events\.data\.microsoft/i;

let folder: string;
let people: string;
let photographs: string[];
/** A cache folder of the test's own, whose models are the shared store's. */
let cache: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-privacy-"));
  photographs = Object.values(await halfPhotographs());
  for (const id of ["mtcnn-rfb", "fr-feature-512", "mobilefacenet-192", "mnist"]) await store.pull(id);
  cache = join(folder, "cache");
  await mkdir(cache);
  await symlink(join(store.home, "models"), join(cache, "models"));
  people = join(folder, "people");
  for (const [person, path] of photographs.entries()) {
    await mkdir(join(people, `person ${person}`), { recursive: true });
    for (let n = 0; n < 2; n++)
      await sharp(path)
        .rotate()
        .resize(480)
        .jpeg({ quality: 80 + n })
        .toFile(join(people, `person ${person}`, `${n}.jpg`));
  }
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A program's doings outside its process: files it made or changed, and addresses it reached for. */
interface Traces {
  readonly code: number;
  readonly said: string;
  readonly written: readonly string[];
  readonly sockets: readonly string[];
  /** The contents of its home folder afterwards. */
  readonly home: readonly string[];
}

/** Runs a program with a fresh home under strace. */
async function watch(command: readonly string[], env: Record<string, string> = {}): Promise<Traces> {
  const home = await mkdtemp(join(folder, "home-"));
  const log = join(home, "..", "trace.log");
  // Nothing else of this process's environment: the engine is silent by itself where a variable (CI, TF_BUILD,
  // GITHUB_ACTIONS, …) tells of a build machine, and the watch would prove nothing there.
  const surroundings = { PATH: process.env["PATH"]!, HOME: home, ARCFACE_HOME: cache };
  const calls =
    "trace=open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,symlink,connect,sendto,sendmsg,bind";
  let said = "";
  const code = await promisify(execFile)(
    "strace",
    [
      "-f",
      "--seccomp-bpf",
      "-qq",
      "-s",
      "300",
      "-e",
      calls,
      "-e",
      "signal=none",
      "-o",
      log,
      process.execPath,
      ...command,
    ],
    { cwd: folder, env: { ...surroundings, ...env }, maxBuffer: 2 ** 26 },
  ).then(
    ({ stdout, stderr }) => {
      said = stdout + stderr;
      return 0;
    },
    (failed: { code: number; stdout: string; stderr: string }) => {
      said = failed.stdout + failed.stderr;
      return failed.code;
    },
  );
  const lines = (await readFile(log, "utf8")).split("\n");
  const written = lines.flatMap((line) => {
    if (/ = -1 E/.test(line)) return [];
    const [, call, path] =
      /\b(open|openat|creat|mkdir|mkdirat|rename|renameat|renameat2|link|symlink)\((?:AT_FDCWD, )?"([^"]+)"/.exec(
        line,
      ) ?? [];
    if (!path || !call) return [];
    return !call.startsWith("open") || /O_WRONLY|O_RDWR|O_CREAT/.test(line) ? [path] : [];
  });
  const sockets = lines.filter((line) => /AF_INET6?\b/.test(line));
  const found = await readdir(home, { recursive: true });
  return { code, said, written: [...new Set(written)], sockets, home: found };
}

/** Files that lie outside the folders a command was given. */
function elsewhere({ written }: Traces): string[] {
  const own = [folder, "/dev/", "/proc/", "/sys/"];
  return written.filter((path) => path.startsWith("/") && !own.some((place) => path.startsWith(place)));
}

function expectQuiet(traces: Traces): void {
  expect(elsewhere(traces)).toEqual([]);
  expect(traces.sockets).toEqual([]);
  expect(traces.home).toEqual([]);
}

const KINDS: readonly (readonly [kind: string, args: () => readonly string[]])[] = [
  ["inference", () => ["compare", photographs[0]!, photographs[1]!]],
  ["a pool", () => ["embed", people, "--out", join(folder, "faces.jsonl")]],
  ["search", () => ["search", photographs[0]!, "--in", people]],
  ["a gallery's making", () => ["gallery", "create", "--gallery", `sqlite:${join(folder, "p.db")}`]],
  [
    "enrolment",
    () => ["gallery", "enrol", "--people", people, "--force", "--gallery", `sqlite:${join(folder, "p.db")}`],
  ],
  [
    "identifying",
    () => ["gallery", "identify", photographs[2]!, "--gallery", `sqlite:${join(folder, "p.db")}`],
  ],
  [
    "training",
    () => [
      ...["train", "--data", people, "--out", join(folder, "run"), "--network", "mobilefacenet"],
      ...["--batch", "4", "--steps", "1"],
    ],
  ],
  ["a study", () => ["study", people, "--no-why", "--out", join(folder, "study")]],
  ["a look at a network", () => ["inspect", join(folder, "run", "model.onnx")]],
  ["a look at the machine", () => ["doctor"]],
];

describe.skipIf(!watched)(
  "nothing leaves the machine and nothing is left in a fresh home [needs strace]",
  () => {
    test.each(KINDS)(
      "by %s",
      async (_, args) => {
        const traces = await watch([BIN, ...args()]);
        expect(traces.code, traces.said).toBeLessThan(2);
        expectQuiet(traces);
      },
      180_000,
    );

    /** Programs that use the library, by how the engine comes to be loaded. */
    const photograph = (): string => JSON.stringify(photographs[0]);
    const home = (): string => JSON.stringify(cache);
    const PROGRAMS: readonly (readonly [how: string, source: () => string])[] = [
      [
        "on the main thread",
        () => `import { ModelStore, Recognizer } from "arcface-ts";
await using recognizer = await Recognizer.open({ store: new ModelStore({ home: ${home()} }) });
await recognizer.faces(${photograph()});`,
      ],
      [
        "in a worker that loads the library before the main thread does",
        () => `import { isMainThread, Worker } from "node:worker_threads";
if (isMainThread) new Worker(new URL(import.meta.url));
else {
  const { ModelStore, Recognizer } = await import("arcface-ts");
  await using recognizer = await Recognizer.open({ store: new ModelStore({ home: ${home()} }) });
  await recognizer.faces(${photograph()});
}`,
      ],
      [
        "in a worker of a worker",
        () => `import { isMainThread, Worker, workerData } from "node:worker_threads";
if (isMainThread || workerData === 1) new Worker(new URL(import.meta.url), { workerData: isMainThread ? 1 : 2, env: {} });
else {
  const { ModelStore, RecognizerPool } = await import("arcface-ts");
  await using pool = await RecognizerPool.open({ store: new ModelStore({ home: ${home()} }) });
  for await (const _ of pool.faces([${photograph()}]));
}`,
      ],
      ...["train", "project", "cluster", "networks", "evaluate", "gallery", "study"].map(
        (door) =>
          [
            `behind the door of arcface-ts/${door}`,
            () => `await import("arcface-ts/${door}");
const { ModelStore, Recognizer } = await import("arcface-ts");
await using recognizer = await Recognizer.open({ store: new ModelStore({ home: ${home()} }) });`,
          ] as const,
      ),
    ];
    test.each(PROGRAMS)(
      "by a program that uses the library %s",
      async (_, source) => {
        // Inside the package, so that it finds itself by its name.
        const program = join(ROOT, "dist", `privacy-${process.pid}.test.mjs`);
        const transpiled = source().replaceAll("await using", "const");
        await writeFile(program, transpiled);
        try {
          const traces = await watch([program]);
          expect(traces.code, traces.said).toBe(0);
          expectQuiet(traces);
        } finally {
          await rm(program);
        }
      },
      180_000,
    );

    test("but does once the user has set ORT_DISABLE_TELEMETRY to 0: the watch sees what there is to see", async () => {
      // The engine writes in a thread of its own, which a short command may not wait for: one of several is seen.
      let seen = "";
      for (let attempt = 0; attempt < 5 && !MAKER.test(seen); attempt++) {
        const traces = await watch([BIN, "compare", photographs[0]!, photographs[1]!], {
          ORT_DISABLE_TELEMETRY: "0",
        });
        expect(traces.code, traces.said).toBeLessThan(2);
        seen += [...traces.home, ...traces.written, ...traces.sockets].join("\n");
      }
      expect(seen).toMatch(MAKER);
    }, 180_000);
  },
);

test("the user's own setting is left alone, and it is set where there is none", () => {
  const ask = (env: Record<string, string>): string => {
    const { ORT_DISABLE_TELEMETRY: _, ...rest } = process.env;
    const program = `await import(${JSON.stringify(join(ROOT, "dist", "index.js"))}); console.log(process.env.ORT_DISABLE_TELEMETRY)`;
    return spawnSync(process.execPath, ["--input-type=module", "-e", program], { env: { ...rest, ...env } })
      .stdout.toString()
      .trim();
  };
  expect(existsSync(join(ROOT, "dist", "index.js"))).toBe(true);
  expect(ask({})).toBe("1");
  expect(ask({ ORT_DISABLE_TELEMETRY: "0" })).toBe("0");
});
