import { FaceError } from "../core/index.ts";
import { type Pipeline, PipelineSchema } from "../models/index.ts";
import { parseAddress } from "./address.ts";
import type { GallerySettings, GalleryStore } from "./store.ts";
import { GallerySettingsSchema } from "./stored.ts";

/** A way to open galleries of one engine. */
interface Engine {
  create(pipeline: Pipeline, settings: GallerySettings): Promise<GalleryStore>;
  open(): Promise<GalleryStore>;
}

/** The engine of an address; its client is loaded only when it is wanted. */
async function engineOf(text: string): Promise<Engine> {
  const address = parseAddress(text);
  switch (address.engine) {
    case "sqlite": {
      const { SqliteStore } = await import("./sqlite/index.ts");
      return {
        create: (pipeline, settings) => SqliteStore.create(address.path, pipeline, settings),
        open: () => SqliteStore.open(address.path),
      };
    }
    case "postgres": {
      const { PostgresStore } = await import("./postgres/index.ts");
      return {
        create: (pipeline, settings) => PostgresStore.create(address, pipeline, settings),
        open: () => PostgresStore.open(address),
      };
    }
    case "milvus": {
      const { MilvusStore } = await import("./milvus/index.ts");
      const records = await engineOf(address.records);
      return {
        create: (pipeline, settings) => MilvusStore.over(address, () => records.create(pipeline, settings)),
        open: () => MilvusStore.over(address, records.open),
      };
    }
  }
}

/**
 * Makes the place for a new gallery.
 *
 * Throws    FaceError CONFLICT when there is one, USAGE, also for a pipeline or settings that are none: a gallery of them
 *           could not be opened again; STORAGE
 */
export async function createStore(
  address: string,
  pipeline: Pipeline,
  settings: GallerySettings,
): Promise<GalleryStore> {
  for (const [schema, value, what] of [
    [PipelineSchema, pipeline, "a pipeline"],
    [GallerySettingsSchema, settings, "settings"],
  ] as const) {
    const [issue] = schema.safeParse(value).error?.issues ?? [];
    if (issue)
      throw new FaceError("USAGE", {
        where: "create",
        expected: `${what} to make a gallery with`,
        got: `one whose "${issue.path.join(".")}" is not: ${issue.message}`,
      });
  }
  return await (await engineOf(address)).create(pipeline, settings);
}

/** Opens a gallery's store by its address; see {@link parseAddress}. Throws FaceError USAGE, BAD_FILE, STORAGE. */
export async function openStore(address: string): Promise<GalleryStore> {
  return await (await engineOf(address)).open();
}
