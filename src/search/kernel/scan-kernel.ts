import { SCAN_BYTES } from "./scan-bytes.ts";

/** Rows of a block, as in scan.as. */
export const BLOCK_ROWS = 2048;

/** The compiled loops; addresses are bytes in the memory they were opened on. scan.as says what each does. */
export interface ScanKernel {
  scan(
    block: number,
    bytes: number,
    from: number,
    to: number,
    query: number,
    floor: number,
    masked: number,
    out: number,
  ): number;
  rotate(vector: number, signs: number, size: number, span: number): void;
  quantise(vector: number, block: number, bytes: number, row: number): void;
  unpack(block: number, bytes: number, count: number, out: number): void;
  sift(
    block: number,
    bytes: number,
    from: number,
    to: number,
    products: number,
    queries: number,
    terms: number,
    out: number,
    capacity: number,
  ): number;
}

/** The part of the WebAssembly interface used here; Node has it, and TypeScript knows it only with the browser's types. */
interface WebAssemblyApi {
  readonly Memory: new (limits: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: boolean;
  }) => ScanMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

/** Memory that the loops work on, shared between threads; it grows without moving. */
export interface ScanMemory {
  readonly buffer: SharedArrayBuffer;
  /** Adds pages of 64 KiB. */
  grow(pages: number): number;
}

const api = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
let compiled: object | undefined;

/** Most that one memory can hold, in pages of 64 KiB: 4 GiB, the reach of a 32-bit address. */
export const MAX_PAGES = 65_536;

/** A new memory of some pages of 64 KiB. */
export function newScanMemory(pages: number): ScanMemory {
  return new api.Memory({ initial: pages, maximum: MAX_PAGES, shared: true });
}

/** The loops on a memory, compiled once a process. */
export function openScanKernel(memory: ScanMemory): ScanKernel {
  compiled ??= new api.Module(Buffer.from(SCAN_BYTES, "base64"));
  return new api.Instance(compiled, { env: { memory } }).exports as ScanKernel;
}
