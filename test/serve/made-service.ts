import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type Box, FaceError } from "../../src/core/index.ts";
import { Gallery } from "../../src/gallery/index.ts";
import type { PictureResult, PictureTasks } from "../../src/recognise/index.ts";
import { type App, type AppOptions, createApp, type PictureWorkers } from "../../src/serve/index.ts";
import { judge } from "../../src/verdict/index.ts";
import { CALIBRATION, facesOf, PIPELINE } from "../golden/made-recognizer.ts";

const folder = mkdtempSync(join(tmpdir(), "arcface-serve-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A path in a folder that is there until the file's tests are over. */
export const pathIn = (name: string): string => join(folder, name);

export const clock = (): Date => new Date("2026-06-01T12:00:00Z");

/** The bytes of a made-up picture: `ann-010` is a face at 10°, `party-000+060` two, `nobody` none. */
export const picture = (name: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(`made:${name}`);

/** A recogniser that reads made-up pictures, and how many pictures it was given each time. */
export class MadeRecognition implements PictureWorkers {
  readonly model = PIPELINE.model.id;
  readonly dimension = PIPELINE.model.dimension;
  readonly pipeline = PIPELINE;
  readonly calibration = CALIBRATION;
  readonly uncalibrated = undefined;
  readonly workers: number = 1;
  readonly verdict = (cosine: number) => judge(cosine, { calibration: CALIBRATION });
  readonly batches: number[] = [];
  /** The boxes that were drawn, in order. */
  readonly boxes: Box<"image">[] = [];
  /** The pictures that were looked at, in order. */
  readonly seen: string[] = [];
  /** Held back until it is let go. */
  gate: Promise<void> = Promise.resolve();

  async recognise<T extends keyof PictureTasks>(
    pictures: readonly Uint8Array[],
    task: T,
    boxes?: readonly (Box<"image"> | undefined)[],
  ): Promise<PictureResult<PictureTasks[T]>[]> {
    this.batches.push(pictures.length);
    this.boxes.push(...(boxes ?? []).filter((box) => box !== undefined));
    await this.gate;
    return pictures.map((bytes) => this.#look(bytes, task) as PictureResult<PictureTasks[T]>);
  }

  #look(bytes: Uint8Array, task: keyof PictureTasks): PictureResult<unknown> {
    const text = Buffer.from(bytes).toString("latin1");
    this.seen.push(text);
    if (!text.startsWith("made:"))
      return {
        kind: "failed",
        error: new FaceError("BAD_IMAGE", { where: "image", expected: "a picture", got: "other bytes" }),
      };
    const faces = facesOf(text.slice("made:".length)).map((face) =>
      task === "portraits"
        ? { ...face, crop: Uint8Array.of(255, 216, 255, 217), sharpness: text.includes("soft") ? 5 : 500 }
        : face,
    );
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return { kind: "faces", photograph: { width: 400, height: 200, faces, sha256 } };
  }
}

/** A service over made-up pictures with a gallery of its own. */
export async function madeService(
  name: string,
  options: Partial<AppOptions> = {},
): Promise<{ app: App; gallery: Gallery; recognition: MadeRecognition }> {
  const recognition = new MadeRecognition();
  const gallery = await Gallery.create(`sqlite:${pathIn(`${name}.db`)}`, PIPELINE, { clock });
  afterAll(async () => await gallery.close());
  const app = createApp({
    recognition,
    galleries: { default: { gallery } },
    clock,
    now: () => performance.now(),
    version: "0.0.0",
    ...options,
  });
  return { app, gallery, recognition };
}

/** Pictures and fields as a form. */
export function form(pictures: readonly string[], fields: Record<string, string> = {}): FormData {
  const data = new FormData();
  for (const each of pictures) data.append("pictures", new Blob([picture(each)]), "../../etc/passwd");
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  return data;
}

/** An answer's JSON; tests look into it freely. */
// biome-ignore lint/suspicious/noExplicitAny: schemas of the wire check it where its shape matters
type Json = any;

/** Asks a service without a port. */
export async function ask(
  { fetch }: App,
  method: string,
  path: string,
  body?: FormData | Uint8Array<ArrayBuffer> | object,
  headers: Record<string, string> = {},
): Promise<{ status: number; json: Json; response: Response }> {
  const plain = body !== undefined && !(body instanceof FormData) && !(body instanceof Uint8Array);
  const response = await fetch(
    new Request(`http://127.0.0.1:8080${path}`, {
      method,
      headers: {
        ...(plain && { "Content-Type": "application/json" }),
        ...(body instanceof Uint8Array && { "Content-Type": "image/jpeg" }),
        ...headers,
      },
      ...(body !== undefined && { body: plain ? JSON.stringify(body) : (body as BodyInit) }),
    }),
  );
  const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
  return { status: response.status, json: isJson ? await response.clone().json() : undefined, response };
}
