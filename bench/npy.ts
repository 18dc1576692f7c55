import { readFileSync, writeFileSync } from "node:fs";
import type { Points } from "arcface-ts/project";

/** Points as a float32 matrix that NumPy reads. */
export function writeNpy(path: string, { data, count, dimension }: Points): void {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count}, ${dimension}), }`;
  const header = Buffer.alloc(128, " ");
  header.write("\x93NUMPY\x01\x00", "latin1");
  header.writeUInt16LE(118, 8);
  header.write(text, 10);
  header.write("\n", 127);
  writeFileSync(path, Buffer.concat([header, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]));
}

/** A matrix written by {@link writeNpy}. */
export function readNpy(path: string): Points {
  const bytes = readFileSync(path);
  const shape = /\((\d+), (\d+)\)/.exec(bytes.toString("latin1", 10, 128));
  if (!shape) throw new Error(`${path}: expected a matrix`);
  const data = new Float32Array(new Uint8Array(bytes.subarray(128)).buffer);
  return { data, count: Number(shape[1]), dimension: Number(shape[2]) };
}
