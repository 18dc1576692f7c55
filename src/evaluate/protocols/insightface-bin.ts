import { basename } from "node:path";
import {
  ByteCursor,
  openFileSource,
  PickleList,
  PickleObject,
  PickleTuple,
  type PickleValue,
  unpickle,
} from "../../checkpoints/index.ts";
import { FaceError } from "../../core/index.ts";
import { contiguousFolds } from "../../statistics/index.ts";
import { expectBothLabels, type PairList, peopleOfPairs } from "./pair-list.ts";

/**
 * The pairs of InsightFace's `.bin` files (LFW, CFP-FP, AgeDB-30, CALFW, CPLFW): a pickle of encoded pictures, aligned
 * already, and of labels; pictures 2i and 2i + 1 are pair i, in ten contiguous folds.
 *
 * The pickle is read as data and nothing in it is executed. One that asks for a call is refused by name.
 *
 * Throws    FaceError BAD_FILE with the offset for a pickle that is damaged or holds anything else, USAGE without pairs
 *           of both kinds
 */
export function readInsightFaceBin(path: string): PairList {
  const source = openFileSource(path);
  try {
    const cursor = new ByteCursor(source, path);
    const value = unpickle(cursor);
    const parts = value instanceof PickleTuple || value instanceof PickleList ? value.items : [];
    const [bins, labels] = parts;
    const pictures = itemsOf(bins)?.map(bytesOf);
    const same = labelsOf(labels);
    if (parts.length !== 2 || !pictures || !same) {
      throw new FaceError("BAD_FILE", {
        where: path,
        expected: "a pickle of pictures and labels",
        got: "another one",
      });
    }
    const damaged = pictures.indexOf(undefined);
    if (damaged >= 0)
      throw new FaceError("BAD_FILE", {
        where: path,
        expected: "encoded pictures",
        got: `something else in place ${damaged}`,
      });
    if (pictures.length !== 2 * same.length || same.length < 2) {
      throw new FaceError("BAD_FILE", {
        where: path,
        expected: "two pictures for each of at least 2 labels",
        got: `${pictures.length} pictures and ${same.length} labels`,
      });
    }
    expectBothLabels(path, same);
    const a = Uint32Array.from(same, (_, i) => 2 * i);
    const b = Uint32Array.from(same, (_, i) => 2 * i + 1);
    return {
      protocol: `${basename(path)}, ${same.length.toLocaleString("en")} pairs of aligned pictures`,
      pictures: pictures.map((bytes, i) => ({ name: `${path}#${i}`, source: bytes! })),
      a,
      b,
      same,
      ...peopleOfPairs(pictures.length, { a, b, same }, (pair) => `${path}: pair ${pair}`),
      fold: contiguousFolds(same.length, Math.min(10, same.length)),
    };
  } finally {
    source.close();
  }
}

function itemsOf(value: PickleValue | undefined): readonly PickleValue[] | undefined {
  return value instanceof PickleList || value instanceof PickleTuple ? value.items : undefined;
}

/** Bytes, Python 2's strings, or a NumPy array of bytes. */
function bytesOf(value: PickleValue): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string") return Buffer.from(value, "latin1");
  if (!(value instanceof PickleObject) || !/multiarray\._reconstruct$/.test(value.type.path))
    return undefined;
  const data = value.state instanceof PickleTuple ? value.state.items[4] : undefined;
  return data instanceof Uint8Array || typeof data === "string" ? bytesOf(data) : undefined;
}

/** Booleans, numbers, NumPy booleans or a NumPy array of them. */
function labelsOf(value: PickleValue | undefined): Uint8Array | undefined {
  const items = itemsOf(value);
  if (!items) return value === undefined ? undefined : bytesOf(value)?.map((byte) => Number(byte !== 0));
  const labels = items.map((item) => {
    if (typeof item === "boolean") return Number(item);
    if (item === 0 || item === 1) return item;
    if (!(item instanceof PickleObject) || !/multiarray\.scalar$/.test(item.type.path)) return undefined;
    const bytes = item.args[1] === undefined ? undefined : bytesOf(item.args[1]);
    return bytes?.length === 1 ? Number(bytes[0] !== 0) : undefined;
  });
  return labels.every((label) => label !== undefined) ? Uint8Array.from(labels) : undefined;
}
