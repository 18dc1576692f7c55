/** An array of a file that a test makes. */
export interface ArrayOfTest {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

const MAGIC = { "before 1.0": undefined, V1: 0xf993fac8, V2: 0xf993fac9, V3: 0xf993faca } as const;

/** A `.params` file of float32 arrays, for tests; one without axes was never filled. */
export function mxnetFile(form: keyof typeof MAGIC, arrays: readonly ArrayOfTest[]): Uint8Array {
  const magic = MAGIC[form];
  const parts: Uint8Array[] = [u64(0x112), u64(0), u64(arrays.length)];
  for (const { shape, values } of arrays) {
    if (magic !== undefined) parts.push(u32(magic));
    if (form === "V2" || form === "V3") parts.push(u32(0));
    parts.push(u32(shape.length), ...shape.map(magic === undefined ? u32 : u64));
    if (shape.length === 0) continue;
    parts.push(u32(1), u32(0), u32(0), new Uint8Array(Float32Array.from(values).buffer));
  }
  parts.push(u64(arrays.length));
  for (const { name } of arrays) parts.push(u64(name.length), Buffer.from(name));
  return Buffer.concat(parts);
}

function u32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function u64(value: number): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
}
