import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { FaceError, nearestName, parseJson, readTextSync, sentenceOf } from "../core/index.ts";
import { FACE_RULES } from "../recognise/index.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits");
const commit = z.string().regex(/^[0-9a-f]{40}$/, "40 hexadecimal digits");
const triple = z.tuple([z.number(), z.number(), z.number()]);
const side = z.number().int().min(16).max(2048);
const point = z.tuple([z.number(), z.number()]);
const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*(\/[a-z0-9-]+)?$/, "small letters, digits, dashes, one slash");

/** Half-open range of rows or columns. */
const span = z
  .tuple([z.number().int().min(0), z.number().int().positive()])
  .refine(([from, to]) => from < to, "a range that is not empty");

const Arrangement = z.discriminatedUnion("kind", [
  /** Five landmarks to a template by the similarity that fits best, as ArcFace's networks are fed. */
  z.strictObject({
    kind: z.literal("template"),
    /** Templates for 112 pixels, counted from 0 at a pixel's middle; the one whose points come nearest is taken. Absent for ArcFace's. */
    templates: z.array(z.array(point).length(5)).min(1).optional(),
    /** The template drawn together about the middle of the frame. */
    shrink: z.number().min(0.1).max(1).optional(),
  }),
  /** As the pictures of FFHQ lie: by eyes and corners of the mouth, with hair and chin. */
  z.strictObject({ kind: z.literal("ffhq") }),
]);

export const IdentityProtocolSchema = z
  .strictObject({
    magic: z.literal("arcface-identity-protocol"),
    version: z.literal(1),
    id,
    /** Goes up with every change of what is computed. */
    revision: z.number().int().min(1),
    title: z.string().min(1),
    /** The square picture that the convention begins with; its side is null where the network's own is meant. */
    frame: z.strictObject({ arrangement: Arrangement, sidePx: side.nullable() }),
    /** Part of the frame that is gone on with; null for all of it. */
    crop: z.strictObject({ rows: span, columns: span }).nullable(),
    /** The way in which that part reaches the network's size; null where it has it. */
    resize: z
      .strictObject({
        toPx: side,
        method: z.enum(["adaptive-average-pool", "bilinear", "bicubic", "nearest"]),
        /** Of bilinear and bicubic: whether corners fall on corners; null for the others. */
        alignCorners: z.boolean().nullable(),
      })
      .nullable(),
    /** Channel order and normalisation, (byte − mean) / scale; null where the network's own contract says it. */
    feed: z
      .strictObject({
        channels: z.enum(["RGB", "BGR"]),
        mean: triple,
        scale: triple.refine((scale) => scale.every((each) => each !== 0), "no zero"),
      })
      .nullable(),
    /** True if each face is embedded with its mirror image. */
    flip: z.boolean(),
    face: z.enum(FACE_RULES as [string, ...string[]]),
    /** The network that the convention is about; null for any. */
    network: z
      .strictObject({
        /** Id of the network as `arcface inspect` names it, or a name of its own where it is not known here. */
        family: z.string().min(1),
        title: z.string().min(1),
        /** Length of its vectors. */
        dimension: z.number().int().positive(),
        /** Names that its file goes by. */
        files: z.array(z.string().min(1)).min(1),
        /** Known checksums; empty where none is known. */
        sha256: z.array(digest),
        where: z.string().min(1),
      })
      .nullable(),
    /** The public code that says so, at the commit that was read. */
    source: z.array(
      z.strictObject({
        repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
        commit,
        files: z.array(z.string().min(1)).min(1),
        says: z.string().min(1),
      }),
    ),
    notes: z.array(z.string().min(1)),
  })
  .refine(
    ({ frame, crop }) =>
      crop === null || (frame.sidePx !== null && Math.max(crop.rows[1], crop.columns[1]) <= frame.sidePx),
    "a crop inside a frame of a known side",
  )
  .refine(
    ({ frame, resize }) => frame.sidePx !== null || resize === null,
    "a frame of a known side where it is resized",
  );

/** A convention by which identity is measured, as data; `docs/formats.md` describes the file. */
export type IdentityProtocol = z.infer<typeof IdentityProtocolSchema>;

const FOLDER = fileURLToPath(new URL("../../protocols/", import.meta.url));

/** The protocol that is recommended, and taken where none is named. */
export const DEFAULT_PROTOCOL = "default";

let known: readonly IdentityProtocol[] | undefined;

/** The protocols of this package, the recommended one first, the others by name. */
export function identityProtocols(): readonly IdentityProtocol[] {
  known ??= readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .map((name) => readIdentityProtocol(FOLDER + name))
    .sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
  return known;
}

function rank({ id }: IdentityProtocol): number {
  return id === DEFAULT_PROTOCOL ? 0 : 1;
}

/**
 * A protocol by its name, or from a file of one's own: a name that ends in `.json`.
 *
 * Throws    FaceError USAGE for a name that there is not, BAD_FILE for a file that is no protocol
 */
export function identityProtocol(name: string): IdentityProtocol {
  if (name.endsWith(".json")) return readIdentityProtocol(name);
  const found = identityProtocols().find((each) => each.id === name);
  if (found) return found;
  const names = identityProtocols().map((each) => each.id);
  const near = nearestName(name, names);
  throw new FaceError("USAGE", {
    where: "protocol",
    expected: `one of ${names.join(", ")}, or a file ending in .json`,
    got: JSON.stringify(name),
    note: near === undefined ? undefined : `did you mean ${JSON.stringify(near)}?`,
  });
}

/** Reads a protocol's file. Throws FaceError BAD_FILE naming the first field that is wrong. */
export function readIdentityProtocol(path: string): IdentityProtocol {
  let data: unknown;
  try {
    data = parseJson(readTextSync(path));
  } catch (cause) {
    throw new FaceError("BAD_FILE", { where: path, expected: "a protocol in JSON", cause });
  }
  const parsed = IdentityProtocolSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new FaceError("BAD_FILE", {
    where: path,
    expected: "an identity protocol of version 1",
    got: sentenceOf(parsed.error),
  });
}

/**
 * Stands for what a protocol computes: equal for protocols that give the same numbers, whatever they are called and
 * whatever is told about them.
 */
export function protocolDigest({ frame, crop, resize, feed, flip, face, network }: IdentityProtocol): string {
  const plain = { frame, crop, resize, feed, flip, face, family: network?.family ?? null };
  return createHash("sha256").update(canonical(plain)).digest("hex");
}

/** JSON with its keys in order. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`);
  return `{${fields.join(",")}}`;
}
