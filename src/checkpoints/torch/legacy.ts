import { FaceError } from "../../core/index.ts";
import { ByteCursor } from "../byte-cursor.ts";
import type { ByteSource } from "../byte-source.ts";
import { PickleDict, PickleList, type PickleValue, unpickle } from "../pickle/index.ts";
import type { StoragePlace, TorchContents } from "./assemble.ts";
import { TorchWorld } from "./torch-world.ts";

/** PROTO 2, LONG1 of 10 bytes, and the number 0x1950a86a20f9469cfc6c. */
const MAGIC = Uint8Array.of(0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19);
const PROTOCOL = 1001;

/** Tells whether a file begins as PyTorch wrote them before version 1.6, and still can. */
export function isTorchLegacy(head: Uint8Array): boolean {
  return MAGIC.every((byte, i) => head[i] === byte);
}

/**
 * Opens PyTorch's legacy container: five pickles (magic, protocol, machine, object, storage keys), then for each key
 * its element count in eight bytes and its elements.
 *
 * Throws    FaceError BAD_FILE with the offset
 * Source    PyTorch's torch/serialization.py, `_legacy_save`
 */
export function readTorchLegacy(source: ByteSource): TorchContents {
  const cursor = new ByteCursor(source, source.name);
  unpickle(cursor);
  expectProtocol(unpickle(cursor), cursor);
  expectLittleEndian(unpickle(cursor), cursor);
  const start = cursor.offset;
  const world = new TorchWorld();
  const root = unpickle(cursor, world);
  const pickle = { offset: start, bytes: cursor.offset - start };
  const places = locateStorages(source, unpickle(cursor), cursor, world);
  return {
    format: "pytorch-legacy",
    root,
    pickle,
    storage(key) {
      const place = places.get(key);
      if (place) return place;
      throw new FaceError("BAD_FILE", {
        where: `${source.name}: at offset ${start}`,
        expected: `storage "${key}"`,
        got: "none",
      });
    },
  };
}

function expectProtocol(value: PickleValue, cursor: ByteCursor): void {
  if (value !== PROTOCOL) throw cursor.bad(`PyTorch's protocol ${PROTOCOL}`, String(value));
}

function expectLittleEndian(value: PickleValue, cursor: ByteCursor): void {
  if (!(value instanceof PickleDict) || value.get("little_endian") !== true)
    throw cursor.bad("a file of a little-endian machine", "another");
}

function locateStorages(
  source: ByteSource,
  keys: PickleValue,
  cursor: ByteCursor,
  world: TorchWorld,
): Map<string, StoragePlace> {
  if (!(keys instanceof PickleList)) throw cursor.bad("the list of storage keys", "something else");
  const places = new Map<string, StoragePlace>();
  for (const key of keys.items) {
    const storage = typeof key === "string" ? world.storages.get(key) : undefined;
    if (typeof key !== "string" || !storage)
      throw cursor.bad("the key of a storage in use", String(key).slice(0, 60));
    if (places.has(key)) throw cursor.bad("every storage once", `"${key}" again`);
    const at = cursor.offset;
    const count = cursor.u64();
    if (count !== storage.length)
      throw cursor.bad(`${storage.length} elements of storage "${key}"`, String(count), at);
    const bytes = count * storage.unit;
    places.set(key, { source, offset: cursor.offset, bytes });
    cursor.skip(bytes);
  }
  return places;
}
