import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readVectors } from "./read-vectors.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-vectors-"));
});

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** A matrix as NumPy writes it. */
function npy(type: string, shape: string, values: Uint8Array, order = "False"): Uint8Array {
  const text = `{'descr': '${type}', 'fortran_order': ${order}, 'shape': ${shape}, }`;
  const header = Buffer.alloc(128, " ");
  header.write("\x93NUMPY\x01\x00", "latin1");
  header.writeUInt16LE(118, 8);
  header.write(text, 10);
  header.write("\n", 127);
  return Buffer.concat([header, values]);
}

const bytes = (values: Float32Array | Float64Array): Uint8Array => new Uint8Array(values.buffer);

describe("vectors of any kind", () => {
  test("are read from .npy of float32 and float64", async () => {
    const single = await file("a.npy", npy("<f4", "(2, 3)", bytes(Float32Array.of(1, 2, 3, 4, 5, 6))));
    const double = await file("b.npy", npy("<f8", "(2, 3)", bytes(Float64Array.of(1, 2, 3, 4, 5, 6))));
    for (const path of [single, double]) {
      const read = await readVectors(path);
      expect([read.count, read.dimension, [...read.data], read.labels]).toEqual([
        2,
        3,
        [1, 2, 3, 4, 5, 6],
        undefined,
      ]);
    }
  });

  test("keep their differences where float64 lies far from the origin", async () => {
    const far = Float64Array.of(1.7e9, 1.7e9 + 0.25, 1.7e9 + 0.75);
    const double = await file("far.npy", npy("<f8", "(3, 1)", bytes(far)));
    const rows = await file("far.jsonl", [...far].map((value) => `{"vector":[${value}]}`).join("\n"));
    for (const path of [double, rows]) {
      const { data } = await readVectors(path);
      expect([data[1]! - data[0]!, data[2]! - data[0]!].map((d) => Number(d.toFixed(6)))).toEqual([
        0.25, 0.75,
      ]);
    }
  });

  test("are read from .jsonl with the label of a field, the folder of a path, or a file", async () => {
    const byField = await file("a.jsonl", '{"vector":[1,2],"label":"x"}\n{"vector":[3,4],"label":7}\n');
    expect((await readVectors(byField)).labels).toEqual(["x", "7"]);
    const byFolder = await file(
      "b.jsonl",
      '{"path":"a/Anna/1.jpg","embedding":[1,0]}\n\n{"path":"a/Äpfel/2.jpg","embedding":[0,1]}\n',
    );
    expect(await readVectors(byFolder)).toMatchObject({
      labels: ["Anna", "Äpfel"],
      names: ["a/Anna/1.jpg", "a/Äpfel/2.jpg"],
    });
    const labels = await file("labels.txt", "one\r\ntwo\r\n");
    expect((await readVectors(byFolder, { labelsPath: labels })).labels).toEqual(["one", "two"]);
    const other = await file("c.jsonl", '{"v":[1],"who":"me"}');
    expect(await readVectors(other, { vectorField: "v", labelField: "who" })).toMatchObject({
      dimension: 1,
      labels: ["me"],
    });
  });

  test("are read from .npy whose columns follow each other, as NumPy saves a transposed matrix", async () => {
    const values = bytes(Float32Array.of(1, 4, 2, 5, 3, 6));
    const read = await readVectors(await file("columns.npy", npy("<f4", "(2, 3)", values, "True")));
    expect([read.count, read.dimension, [...read.data]]).toEqual([2, 3, [1, 2, 3, 4, 5, 6]]);
  });

  test("names beside an .npy say whose its rows are", async () => {
    const path = await file("faces.npy", npy("<f4", "(2, 1)", bytes(Float32Array.of(1, 2))));
    await file("faces.names.jsonl", '{"path":"p/A/1.jpg"}\n{"path":"p/B/1.jpg"}\n');
    expect((await readVectors(path)).labels).toEqual(["A", "B"]);
    await file("faces.names.jsonl", '{"path":"p/A/1.jpg"}\n');
    await expect(readVectors(path)).rejects.toThrow(/expected 2 rows, got 1/);
  });

  test.each<[string, string | Uint8Array, RegExp]>([
    ["other.csv", "1,2", /ending in .npy, .jsonl or .parquet/],
    ["short.npy", "\x93NUMPY", /got another file/],
    ["cut.npy", Buffer.from("\x93NUMPY\x02\x00\x76\x00\x00", "latin1"), /got another file/],
    ["claims.npy", npy("<f4", "(1000000000, 1000)", new Uint8Array(8)), /8 bytes for a matrix of 1000000000/],
    ["ints.npy", npy("<i4", "(1, 1)", new Uint8Array(4)), /'<i4'/],
    ["order.npy", npy("<f4", "(1, 1)", new Uint8Array(4), "Maybe"), /'fortran_order': Maybe/],
    ["nan.npy", npy("<f4", "(1, 1)", bytes(Float32Array.of(Number.NaN))), /NaN in row 0/],
    [
      "large.npy",
      npy("<f8", "(2, 1)", bytes(Float64Array.of(1, 1e300))),
      /large.npy: .* a larger one in row/,
    ],
    ["large.jsonl", '{"vector":[1]}\n{"vector":[1e300]}\n', /large.jsonl: .* a larger one in row/],
    ["infinite.jsonl", '{"vector":[1,1e999]}\n', /infinite.jsonl: line 1: expected a list of finite numbers/],
    ["empty.jsonl", "", /an empty file/],
    ["text.jsonl", "hello\n", /line 1: expected JSON/],
    ["list.jsonl", "[1,2]\n", /line 1: expected an object/],
    ["none.jsonl", '{"a":1}\n', /"embedding" or "vector" with the vector, got a/],
    ["words.jsonl", '{"vector":[1,"2"]}\n', /words.jsonl: line 1: expected a list of finite numbers/],
    [
      "uneven.jsonl",
      '{"vector":[1,2]}\n\n{"vector":[1]}\n',
      /uneven.jsonl: line 3: expected 2 numbers, got 1/,
    ],
    ["damaged.parquet", "PAR1", /expected a Parquet file/],
  ])("%s is refused", async (name, content, message) => {
    await expect(readVectors(await file(name, content))).rejects.toThrow(message);
  });

  test("labels of another number, a field that is missing, and no file at all are refused", async () => {
    const path = await file("d.jsonl", '{"vector":[1]}\n');
    const labels = await file("two.txt", "a\nb\n");
    await expect(readVectors(path, { labelsPath: labels })).rejects.toThrow(
      /expected 1 labels, one a line, got 2/,
    );
    await expect(readVectors(path, { labelField: "who" })).rejects.toMatchObject({ code: "USAGE" });
    await expect(readVectors(join(folder, "absent.npy"))).rejects.toMatchObject({ code: "BAD_FILE" });
  });
});
