import { setFlagsFromString } from "node:v8";
import { SCAN_BYTES } from "./scan-bytes.ts";

/** Rows of a block, as in scan.as. */
export const BLOCK_ROWS = 2048;

/** Rows that a survey may note before they have to be weighed, and the entries of each of its four arrays, as in scan.as. */
export const [MOST_NOTED, NOTED_ENTRIES] = [4096, 4096 + 16];

/** The compiled loops; addresses are bytes in the memory they were opened on. scan.as says what each does. */
export interface ScanKernel {
  survey(
    block: number,
    bytes: number,
    from: number,
    to: number,
    start: number,
    query: number,
    floor: number,
    masked: number,
    count: number,
    out: number,
  ): number;
  thin(count: number, query: number, floor: number, noted: number): number;
  best(from: number, to: number, least: number, noted: number, out: number): number;
  weigh(
    block: number,
    bytes: number,
    start: number,
    from: number,
    to: number,
    query: number,
    floor: number,
    noted: number,
    out: number,
  ): number;
  weighOne(block: number, bytes: number, row: number, query: number, out: number): void;
  surveyMany(
    block: number,
    bytes: number,
    from: number,
    to: number,
    first: number,
    stride: number,
    queries: number,
    room: number,
    out: number,
    capacity: number,
  ): number;
  weighMany(
    notes: number,
    count: number,
    block: number,
    bytes: number,
    to: number,
    first: number,
    stride: number,
    out: number,
    capacity: number,
  ): number;
  outside(vector: number, size: number, given: number, columns: number, error: number): number;
  ask(vector: number, size: number, levels: number, turning: number, residual: number, query: number): void;
  rotate(vector: number, signs: number, size: number, span: number): void;
  project(vector: number, axes: number, columns: number, size: number, out: number): void;
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
  validate(bytes: Uint8Array): boolean;
}

/** Memory that the loops work on, shared between threads; it grows without moving. */
export interface ScanMemory {
  readonly buffer: SharedArrayBuffer;
  /** Adds pages of 64 KiB. */
  grow(pages: number): number;
}

const api = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
/** Most that one memory can hold, in pages of 64 KiB: 4 GiB, the reach of a 32-bit address. */
export const MAX_PAGES = 65_536;

/** A new memory of some pages of 64 KiB. */
export function newScanMemory(pages: number): ScanMemory {
  return new api.Memory({ initial: pages, maximum: MAX_PAGES, shared: true });
}

/**
 * The instructions that the loops were compiled to. `relaxed` multiplies sixteen bytes at a time where `plain` multiplies
 * eight numbers of 16 bits. The answers are the same; a query's integers lie differently.
 */
export type ScanForm = "plain" | "relaxed";

/** The compiled loops, which threads may share. */
export interface ScanProgram {
  readonly form: ScanForm;
  readonly module: object;
}

const programs = new Map<ScanForm, ScanProgram>();
let best: ScanForm | undefined;

/** The loops, compiled once a process. @param form @default the fastest that runs here */
export function scanProgram(form: ScanForm = bestForm()): ScanProgram {
  let program = programs.get(form);
  if (!program) {
    program = { form, module: withRelaxedSimd(() => new api.Module(bytesOf(form))) };
    programs.set(form, program);
  }
  return program;
}

/** The loops on a memory. */
export function openScanKernel(memory: ScanMemory, { module }: ScanProgram): ScanKernel {
  return new api.Instance(module, { env: { memory } }).exports as ScanKernel;
}

function bestForm(): ScanForm {
  best ??= withRelaxedSimd(() => (api.validate(bytesOf("relaxed")) ? "relaxed" : "plain"));
  return best;
}

function bytesOf(form: ScanForm): Uint8Array {
  return Buffer.from(SCAN_BYTES[form], "base64");
}

/**
 * Node 20 has relaxed SIMD behind a flag, which is read when a module is compiled: it is set for that moment only.
 * Later versions have it without.
 */
function withRelaxedSimd<T>(compile: () => T): T {
  if (!process.versions.node.startsWith("20.")) return compile();
  setFlagsFromString("--experimental-wasm-relaxed-simd");
  try {
    return compile();
  } finally {
    setFlagsFromString("--no-experimental-wasm-relaxed-simd");
  }
}
