import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { asSource, compileScan } from "../../../tools/build-wasm.ts";
import { seeded } from "../../core/index.ts";
import type { LearnedAxes } from "../learned-axes.ts";
import { batchLevels, FLOOR_AT, queryBytes } from "../quantised-query.ts";
import { QuantisedRows } from "../quantised-rows.ts";
import { SyntheticPeople } from "../synthetic-people.ts";
import { BLOCK_ROWS, newScanMemory, type ScanForm, scanProgram } from "./scan-kernel.ts";

test("the WebAssembly that ships is what scan.as compiles to", async () => {
  const shipped = await readFile(join(import.meta.dirname, "scan-bytes.ts"), "utf8");
  expect(shipped).toBe(asSource(await compileScan()));
});

test("Node has relaxed SIMD here, with or without its flag", () => {
  expect(scanProgram().form).toBe("relaxed");
});

/** Results of a block of made-up people for some queries: of every survey and judgement rows, cosines and radii. */
function looks(form: ScanForm, dimension: number, axes?: LearnedAxes): unknown[] {
  const rows = new QuantisedRows(dimension, {
    axes,
    memory: newScanMemory(64),
    program: scanProgram(form),
  });
  const people = new SyntheticPeople({ dimension, seed: 3 });
  const count = BLOCK_ROWS - 5;
  for (let id = 0; id < count; id++) rows.push(id, people.vector(id >> 2, id & 3), undefined);
  const random = seeded(1);
  rows.mask(0).forEach((_, row, mask) => {
    mask[row] = random.next() < 0.5 ? 1 : 0;
  });
  const [at, out, notes] = [rows.blockAt(0), rows.foundAt(0), rows.notedAt(0)];
  const { kernel, planeBytes, queryAt } = rows;
  const { noted, looks: cosinesSeen, numbers, cosines, radii } = rows.found(0);
  return [0, 17, 5000].flatMap((person) => {
    rows.ask(people.vector(person, 9));
    return [0, 1].map((masked) => {
      // In two steps, the second behind what the first has noted.
      const some = kernel.survey(at, planeBytes, 0, 800, 10, queryAt, 0.05, masked, 0, notes);
      const seen = kernel.survey(at, planeBytes, 800, count, 10, queryAt, 0.05, masked, some, notes);
      const survey = [some, noted.slice(0, seen), cosinesSeen.slice(0, seen)];
      const judged = [-4, 0.1, 0.5].map((floor) => {
        const left = kernel.weigh(at, planeBytes, 10, 0, seen, queryAt, floor, notes, out);
        return [numbers.slice(0, left), cosines.slice(0, left), radii.slice(0, left)];
      });
      const one = [5, 1000].map((row) => {
        kernel.weighOne(at, planeBytes, row, queryAt, out);
        return [cosines[0], radii[0]];
      });
      const thinned = kernel.thin(seen, queryAt, 0.2, notes);
      expect(thinned).toBeLessThanOrEqual(seen);
      return { survey, judged, one, thinned: noted.slice(0, thinned) };
    });
  });
}

test("a row weighed alone is as it is among others", () => {
  for (const dimension of [20, 160, 300, 512]) {
    const rows = new QuantisedRows(dimension);
    const people = new SyntheticPeople({ dimension, seed: 5 });
    for (let id = 0; id < 40; id++) rows.push(id, people.vector(id, 0), undefined);
    const { kernel, planeBytes, queryAt } = rows;
    rows.ask(people.vector(3, 1));
    const [at, out, notes] = [rows.blockAt(0), rows.foundAt(0), rows.notedAt(0)];
    expect(kernel.survey(at, planeBytes, 0, 40, 0, queryAt, -4, 0, 0, notes)).toBe(40);
    expect(kernel.weigh(at, planeBytes, 0, 0, 40, queryAt, -4, notes, out)).toBe(40);
    const { cosines, radii } = rows.found(0);
    const together = Array.from({ length: 40 }, (_, row) => [cosines[row], radii[row]]);
    for (const [row, found] of together.entries()) {
      kernel.weighOne(at, planeBytes, row, queryAt, out);
      expect([cosines[0], radii[0]]).toEqual(found);
    }
  }
});

test("both forms of the loops turn vectors along learned axes alike, and judge by what lies outside of them", () => {
  // Axes at right angles: every second component.
  const [dimension, count] = [130, 64];
  const matrix = new Float32Array(count * 132);
  for (let i = 0; i < count; i++) matrix[i * 132 + 2 * i] = 1;
  const axes = { count, matrix, error: 1e-4 };
  const plain = looks("plain", dimension, axes);
  expect(plain).toEqual(looks("relaxed", dimension, axes));
  expect(JSON.stringify(plain)).not.toBe(JSON.stringify(looks("plain", dimension)));
});

test.each([1, 33, 96, 128, 160, 192, 512, 513])(
  "dimension %i: both forms of the loops find the same rows, cosines and radii to the bit",
  (dimension) => {
    expect(looks("plain", dimension)).toEqual(looks("relaxed", dimension));
  },
);

/** Pairs that queries asked together find in a block, with cosines and radii, in the order of rows and queries. */
function pairs(form: ScanForm, dimension: number, floors: readonly number[]): readonly number[][] {
  const rows = new QuantisedRows(dimension, { memory: newScanMemory(64), program: scanProgram(form) });
  const people = new SyntheticPeople({ dimension, seed: 4 });
  const count = BLOCK_ROWS - 6;
  for (let id = 0; id < count; id++) rows.push(id, people.vector(id >> 2, id & 3), undefined);
  const { memory, kernel, planeBytes } = rows;
  const stride = Math.ceil(queryBytes(rows.size) / 64) * 64;
  const first = rows.allocate(floors.length * stride);
  for (const [j, floor] of floors.entries()) {
    rows.ask(people.vector(j % 2 === 0 ? 7 * j : 9000 + j, 9), first + j * stride, batchLevels(planeBytes));
    new Float32Array(memory.buffer, first + j * stride + FLOOR_AT, 1)[0] = floor;
  }
  const [notes, capacity, room] = [rows.allocate(64 + 32 * 100) + 64, 400, rows.allocate(8 * planeBytes)];
  const out = rows.allocate(64 + 16 * capacity) + 64;
  const found: number[][] = [];
  // Room for few notes: most steps stop because it is full.
  for (let from = 0; from < count; from = new Int32Array(memory.buffer, notes - 4, 1)[0]!) {
    const at = rows.blockAt(0);
    const noted = kernel.surveyMany(
      at,
      planeBytes,
      from,
      count,
      first,
      stride,
      floors.length,
      room,
      notes,
      100,
    );
    const kept = kernel.weighMany(notes, noted, at, planeBytes, count, first, stride, out, capacity);
    const [places, which] = [0, 1].map((i) => new Int32Array(memory.buffer, out + 4 * i * capacity, kept));
    const [cosines, radii] = [2, 3].map((i) => new Float32Array(memory.buffer, out + 4 * i * capacity, kept));
    for (let i = 0; i < kept; i++) found.push([places![i]!, which![i]!, cosines![i]!, radii![i]!]);
  }
  return found.sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!);
}

test.each([32, 96, 160, 256])(
  "dimension %i: queries asked together find the same pairs in both forms, and all that reach their floors",
  (dimension) => {
    // The lowest takes every row, the highest none.
    const floors = [-4, 0.3, 0.1, 0.5, 0.7, 8];
    const found = pairs("relaxed", dimension, floors);
    expect(found).toEqual(pairs("plain", dimension, floors));
    const people = new SyntheticPeople({ dimension, seed: 4 });
    const key = (row: number, j: number): string => `${row} ${j}`;
    const seen = new Map(found.map(([row, j, value, radius]) => [key(row!, j!), [value!, radius!] as const]));
    for (const [j, floor] of floors.entries()) {
      const query = people.vector(j % 2 === 0 ? 7 * j : 9000 + j, 9);
      for (let row = 0; row < BLOCK_ROWS - 6; row++) {
        const vector = people.vector(row >> 2, row & 3);
        let exact = 0;
        for (let i = 0; i < dimension; i++) exact += query[i]! * vector[i]!;
        const pair = seen.get(key(row, j));
        if (exact >= floor) expect(pair).toBeDefined();
        if (pair && Math.abs(pair[0] - exact) > pair[1]) throw new Error(`${exact}: ${pair}`);
      }
    }
    expect(found.filter(([, j]) => j === 0)).toHaveLength(BLOCK_ROWS - 6);
    expect(found.filter(([, j]) => j === 5)).toHaveLength(0);
  },
);
