/**
 * Compiles src/search/kernel/scan.as into src/search/kernel/scan-bytes.ts: `npm run build:wasm`.
 *
 * The compiler is a fixed development dependency, so the same source gives the same bytes on every machine;
 * src/search/kernel/kernel.test.ts holds the shipped bytes against the source.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import asc from "assemblyscript/asc";

const FOLDER = resolve(import.meta.dirname, "..", "src", "search", "kernel");

/** The two builds of the source: with the instructions of every WebAssembly engine here, and with relaxed SIMD. */
const FORMS = ["plain", "relaxed"] as const;

type Modules = Readonly<Record<(typeof FORMS)[number], Uint8Array>>;

/** The modules that the source gives. Throws what the compiler says. */
export async function compileScan(): Promise<Modules> {
  const [plain, relaxed] = await Promise.all(FORMS.map(compileForm));
  return { plain: plain!, relaxed: relaxed! };
}

async function compileForm(form: keyof Modules): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "arcface-wasm-"));
  try {
    // The compiler reads modules by the names it is given, so it is run where the source has a plain one.
    await writeFile(join(folder, "scan.ts"), await readFile(join(FOLDER, "scan.as"), "utf8"));
    const flags =
      "-O3 --noAssert --runtime stub --importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536";
    const { error, stderr } = await asc.main([
      "scan.ts",
      "-o",
      "scan.wasm",
      "--baseDir",
      folder,
      "--enable",
      "simd",
      "--enable",
      "threads",
      ...(form === "relaxed" ? ["--enable", "relaxed-simd"] : []),
      ...flags.split(" "),
    ]);
    if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
    return new Uint8Array(await readFile(join(folder, "scan.wasm")));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The file in the repository for the compiled modules. */
export function asSource(modules: Modules): string {
  const entries = FORMS.map((form) => {
    const lines =
      Buffer.from(modules[form])
        .toString("base64")
        .match(/.{1,100}/g) ?? [];
    return `  ${form}:\n    "${lines.join('" +\n    "')}",`;
  });
  return [
    "// Made from scan.as by `npm run build:wasm`; not edited by hand.",
    "",
    "/** The compiled modules, in base64. */",
    "export const SCAN_BYTES = {",
    ...entries,
    "};",
    "",
  ].join("\n");
}

if (process.argv[1] === import.meta.filename) {
  const modules = await compileScan();
  await writeFile(join(FOLDER, "scan-bytes.ts"), asSource(modules));
  for (const form of FORMS)
    console.log(`src/search/kernel/scan-bytes.ts, ${form}: ${modules[form].length} bytes of WebAssembly`);
}
