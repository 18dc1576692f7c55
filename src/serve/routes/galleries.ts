import { randomUUID } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { FaceError, momentOf } from "../../core/index.ts";
import type { Effect, Erasure } from "../../gallery/index.ts";
import { exportGallery } from "../../recognise/index.ts";
import { withoutFolders } from "../jobs/failure-of.ts";
import { type Handlers, type Served, served } from "../service.ts";

/** Galleries as a whole: their size, their log, what is taken back, and what is forgotten. */
export const GALLERIES: Handlers<
  "collections" | "collection" | "log" | "undo" | "forget" | "prune" | "export"
> = {
  collections: async (service, { caller }) => ({
    collections: await Promise.all(
      [...service.collections.values()]
        .filter(({ name }) => caller.gallery === null || caller.gallery === name)
        .map(describe),
    ),
  }),

  collection: async (service, asked) => await describe(served(service, asked)),

  log: async (service, asked) => {
    const { after, limit } = asked.query;
    const entries = await served(service, asked).gallery.records.log({ after, limit });
    return {
      entries: entries.map((entry) => ({ ...entry, effects: entry.effects.map(effectOnWire) })),
      next: entries.length < limit ? null : String(entries.at(-1)!.sequence),
    };
  },

  undo: async (service, asked) => {
    const { sequence, result } = await served(service, asked).gallery.undo(asked.body.sequence);
    return { sequence, undone: result.sequence, kind: result.kind };
  },

  forget: async (service, asked) => {
    const { persons, names } = asked.body;
    if (persons.length + names.length === 0)
      throw new FaceError("USAGE", { where: "forget", expected: "persons or names", got: "neither" });
    return receipt(await served(service, asked).gallery.forget([...persons, ...names]));
  },

  prune: async (service, asked) => {
    const { deletedBefore } = asked.body;
    const before = deletedBefore === undefined ? undefined : momentOf("deletedBefore", deletedBefore);
    const { gallery } = served(service, asked);
    const erasure = await gallery.prune(before ? { deletedBefore: before } : {});
    return { receipt: erasure ? receipt(erasure) : null };
  },

  export: async (service, asked) => {
    const { gallery, name } = served(service, asked);
    const { format } = asked.query;
    const path = join(tmpdir(), `arcface-export-${randomUUID()}.${format}`);
    try {
      await exportGallery(gallery, path, { signal: asked.signal });
      const file = await open(path);
      const { size } = await file.stat();
      return new Response(Readable.toWeb(file.createReadStream()) as ReadableStream, {
        headers: {
          "Content-Type": format === "jsonl" ? "application/x-ndjson" : "application/vnd.apache.parquet",
          "Content-Length": String(size),
          "Content-Disposition": `attachment; filename="${name}.${format}"`,
        },
      });
    } finally {
      // An open file can still be read; nothing of it stays when the service is killed meanwhile.
      await rm(path, { force: true });
    }
  },
};

function effectOnWire(effect: Effect) {
  if (effect.subject !== "link") return effect;
  const state = (each: typeof effect.before) => each && { kind: each.kind, faces: [...each.faces] };
  return { ...effect, before: state(effect.before), after: state(effect.after) };
}

async function describe({ name, gallery }: Served) {
  const { people, faces, deletedFaces, changes } = await gallery.records.stats();
  const { id: model, dimension } = gallery.pipeline.model;
  const { threshold, keepCrops } = gallery.records.settings;
  return { name, model, dimension, people, faces, deletedFaces, changes, threshold, keepCrops };
}

function receipt(erasure: Erasure) {
  const { at, people, faces, crops, logEffects, changes, searched, notProven, finished } = erasure;
  return {
    at,
    people: people.map(({ id, names, faces: own }) => ({ id, names: [...names], faces: own })),
    faces,
    crops,
    logEffects,
    changes: [...changes],
    searched: searched.map(({ path, bytes, hits }) => ({ file: basename(path), bytes, hits })),
    notProven: notProven.map(withoutFolders),
    finished,
    proven: finished && notProven.length === 0,
  };
}
