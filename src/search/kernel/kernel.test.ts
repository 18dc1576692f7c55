import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { asSource, compileScan } from "../../../tools/build-wasm.ts";
import { seeded } from "../../core/index.ts";
import type { LearnedAxes } from "../learned-axes.ts";
import { placeQuery } from "../quantised-query.ts";
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
  const [at, out] = [rows.blockAt(0), rows.foundAt(0)];
  const { numbers, cosines, radii } = rows.found(0);
  return [0, 17, 5000].flatMap((person) => {
    placeQuery(rows.turned(people.vector(person, 9)), rows.memory.buffer, rows.queryAt, form);
    return [0, 1].map((masked) => {
      const seen = rows.kernel.survey(at, rows.planeBytes, 0, count, rows.queryAt, 0.05, masked, out);
      const survey = [numbers.slice(0, seen), cosines.slice(0, seen)];
      const judged = [-4, 0.1, 0.5].map((floor) => {
        const left = rows.kernel.judge(at, rows.planeBytes, count, rows.queryAt, floor, masked, out);
        return [numbers.slice(0, left), cosines.slice(0, left), radii.slice(0, left)];
      });
      return { survey, judged };
    });
  });
}

test("both forms of the loops turn vectors along learned axes alike, and judge by what lies outside of them", () => {
  // Axes at right angles but for a turn: every second component, and a little of none other.
  const [dimension, count] = [130, 64];
  const matrix = new Float32Array(count * 132);
  for (let i = 0; i < count; i++) matrix[i * 132 + 2 * i] = 1;
  const axes = { count, matrix, error: 1e-4 };
  const plain = looks("plain", dimension, axes);
  expect(plain).toEqual(looks("relaxed", dimension, axes));
  expect(JSON.stringify(plain)).not.toBe(JSON.stringify(looks("plain", dimension)));
});

test.each([1, 33, 128, 192, 300, 512, 513])(
  "dimension %i: both forms of the loops find the same rows, cosines and radii to the bit",
  (dimension) => {
    expect(looks("plain", dimension)).toEqual(looks("relaxed", dimension));
  },
);
