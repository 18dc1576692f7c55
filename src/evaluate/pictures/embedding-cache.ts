import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import { asUnitVector } from "../../core/index.ts";
import { type Pipeline, sha256 } from "../../models/index.ts";
import type { PictureFace } from "./picture-face.ts";

const VERSION = 1;

const Header = z.strictObject({
  magic: z.literal("arcface-evaluation"),
  version: z.literal(VERSION),
  key: z.string(),
  entries: z.number().int().min(0),
});
const Line = z.union([
  z.strictObject({
    sha256: z.string(),
    embedding: z.string(),
    norm: z.number(),
    score: z.number(),
    box: z.array(z.number()).length(4).optional(),
  }),
  z.strictObject({ sha256: z.string(), noFace: z.literal(true) }),
]);

type EmbeddedLine = Exclude<z.infer<typeof Line>, { noFace: true }>;

/**
 * Faces of pictures that were embedded before, by the pictures' bytes, so that a second run over the same pictures
 * computes nothing twice. One file for everything that changes a vector; a derived file, which may be deleted.
 */
export class EmbeddingCache {
  readonly #path: string;
  readonly #key: string;
  readonly #dimension: number;
  readonly #known: Map<string, PictureFace>;
  #changed = false;

  private constructor(path: string, key: string, dimension: number, known: Map<string, PictureFace>) {
    this.#path = path;
    this.#key = key;
    this.#dimension = dimension;
    this.#known = known;
  }

  /**
   * @param folder of such files; made when it is not there
   * @param choice what else a face depends on: which one of a picture, the smallest looked for
   */
  static async open(
    folder: string,
    pipeline: Pipeline,
    choice: Readonly<Record<string, unknown>>,
  ): Promise<EmbeddingCache> {
    const key = sha256(new TextEncoder().encode(JSON.stringify([VERSION, pipeline, choice])));
    const path = join(folder, `${key}.jsonl`);
    const { dimension } = pipeline.model;
    const known = await readFile(path, "utf8").then(
      (text) => parse(text, key, dimension),
      () => new Map<string, PictureFace>(),
    );
    return new EmbeddingCache(path, key, dimension, known);
  }

  get(sha256OfPicture: string): PictureFace | undefined {
    return this.#known.get(sha256OfPicture);
  }

  /** Keeps a face, or that there is none. A picture that could not be read is tried again next time. */
  set(sha256OfPicture: string, face: PictureFace): void {
    if (face.kind === "unreadable") return;
    this.#known.set(sha256OfPicture, face);
    this.#changed = true;
  }

  /** Writes what is new, whole or not at all. A cache that cannot be written costs time at the next run, nothing else. */
  async save(): Promise<void> {
    if (!this.#changed) return;
    const header = {
      magic: "arcface-evaluation",
      version: VERSION,
      key: this.#key,
      entries: this.#known.size,
    };
    const lines = [...this.#known].map(([digest, face]) => JSON.stringify(encode(digest, face)));
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      await writeFileAtomic(this.#path, `${[JSON.stringify(header), ...lines].join("\n")}\n`);
      this.#changed = false;
    } catch {
      // As the line above says.
    }
  }

  /** Length of the vectors in it. */
  get dimension(): number {
    return this.#dimension;
  }
}

function encode(digest: string, face: PictureFace): z.infer<typeof Line> {
  if (face.kind !== "face") return { sha256: digest, noFace: true };
  const bytes = Buffer.from(Float32Array.from(face.embedding).buffer);
  const { norm, score, box } = face;
  return {
    sha256: digest,
    embedding: bytes.toString("base64"),
    norm,
    score,
    ...(box && { box: [box.x, box.y, box.width, box.height] }),
  };
}

/** Whatever is wrong with a derived file, it can be made again: nothing of it is used then. */
function parse(text: string, key: string, dimension: number): Map<string, PictureFace> {
  const known = new Map<string, PictureFace>();
  try {
    const lines = text.split("\n");
    const header = Header.parse(JSON.parse(lines[0]!));
    if (header.key !== key || lines.length !== header.entries + 2) return known;
    for (const text of lines.slice(1, -1)) {
      const line = Line.parse(JSON.parse(text));
      known.set(line.sha256, "noFace" in line ? { kind: "no-face" } : decode(line, dimension));
    }
    return known;
  } catch {
    return new Map();
  }
}

function decode(line: EmbeddedLine, dimension: number): PictureFace {
  const bytes = Buffer.from(line.embedding, "base64");
  if (bytes.length !== 4 * dimension) throw new Error("another dimension");
  const values = new Float32Array(dimension);
  for (let i = 0; i < dimension; i++) values[i] = bytes.readFloatLE(4 * i);
  const { norm, score } = line;
  const [x, y, width, height] = line.box ?? [];
  const box = line.box && { box: { x: x!, y: y!, width: width!, height: height! } };
  return { kind: "face", embedding: asUnitVector(values), norm, score, ...box };
}
