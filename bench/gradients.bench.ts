/**
 * The distance of gradients from PyTorch's in float64, beside that of PyTorch's own in float32: relative L2 error over
 * all parameters together, for several batches of pictures, and their median. One activation near a kink that falls on
 * its other side weighs more than all rounding, so a single batch says little about deep networks.
 *
 * `npm run bench gradients [NET ...]`, with ARCFACE_BENCH_PYTHON naming a Python that has PyTorch.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile, type Form } from "../src/autodiff/index.ts";
import { elementCount } from "../src/core/index.ts";
import { encodeOnnx, Session } from "../src/onnx/index.ts";
import { formFor, recordStep } from "../src/train/step/index.ts";
import { formulaNoise, formulaWeights } from "../test/formula-weights.ts";
import { figure } from "./figures.ts";
import { describeMachine, median } from "./machine.ts";
import { arcFaceForBench, TRAINING_NETS } from "./peers/training-nets.ts";

/** The seed that the pictures of each batch are drawn from. */
const PICTURES = ["pictures", "pictures 2", "pictures 3", "pictures 4", "pictures 5"];
const BATCHES: Readonly<Record<string, number>> = { A: 32, B: 16, C: 8 };

const python = process.env["ARCFACE_BENCH_PYTHON"];
if (!python) {
  console.log("skipped: ARCFACE_BENCH_PYTHON names no Python with PyTorch");
  process.exit(0);
}
console.log(describeMachine());
console.log("relative L2 error against PyTorch float64: median over batches; each batch\n");
const wanted = process.argv.slice(2).filter((name) => name in BATCHES);
for (const net of wanted.length > 0 ? wanted : Object.keys(BATCHES))
  await compare(net, BATCHES[net]!, python);

async function compare(net: string, batch: number, command: string): Promise<void> {
  const forms: readonly (readonly [string, Form])[] = [
    ["standard operations", { kind: "plain", device: "cpu" }],
    ["blocked", await formFor("cpu")],
  ];
  const errors = new Map<string, number[]>();
  for (const pictures of PICTURES) {
    const { float64, float32 } = theirs(net, batch, command, pictures);
    const rows = new Map<string, ReadonlyMap<string, ArrayLike<number>>>();
    for (const [label, form] of forms) rows.set(label, await gradientsOf(net, batch, form, pictures));
    const trained = [...rows.get("blocked")!.keys()];
    rows.set("PyTorch float32", new Map(trained.map((name) => [name, float32.get(name)!])));
    for (const [label, found] of rows)
      errors.set(label, [...(errors.get(label) ?? []), distance(found, float64)]);
  }
  console.log(`net ${net}, batch ${batch}`);
  for (const [label, each] of errors) {
    figure(`${net}.${label.replaceAll(" ", "-")}`, median(each));
    console.log(
      `  ${label.padEnd(20)} ${median(each).toExponential(2)}   ${each.map((error) => error.toExponential(2)).join(" ")}`,
    );
  }
}

type Gradients = ReadonlyMap<string, ArrayLike<number>>;

/** PyTorch's gradients of the same network, weights and pictures. */
function theirs(net: string, batch: number, command: string, pictures: string) {
  const folder = mkdtempSync(join(tmpdir(), "arcface-gradients-"));
  try {
    const script = new URL("./peers/torch-gradients.py", import.meta.url).pathname;
    execFileSync(command, [script, net, String(batch), folder, pictures], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    const read = (ending: string): Map<string, Float64Array> =>
      new Map(
        readdirSync(folder)
          .filter((file) => file.endsWith(ending))
          .map((file) => {
            const bytes = readFileSync(join(folder, file));
            return [file.slice(0, -ending.length), new Float64Array(new Uint8Array(bytes).buffer)];
          }),
      );
    return { float64: read(".f64"), float32: read(".f32") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Relative L2 distance of all gradients together. */
function distance(found: Gradients, exact: Gradients): number {
  let [error, length] = [0, 0];
  for (const [name, wanted] of exact) {
    const got = found.get(name);
    // PyTorch also has gradients of what is not trained here: a scale of features that stays 1.
    if (!got) continue;
    const [e, l] = squares(got, wanted);
    error += e;
    length += l;
  }
  return Math.sqrt(error / length);
}

function squares(
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
): readonly [error: number, length: number] {
  let [error, length] = [0, 0];
  for (let i = 0; i < wanted.length; i++) {
    error += (got[i]! - wanted[i]!) ** 2;
    length += wanted[i]! ** 2;
  }
  return [error, length];
}

async function gradientsOf(net: string, batch: number, form: Form, pictures: string): Promise<Gradients> {
  const { network, classes } = TRAINING_NETS[net]!();
  const weights = formulaWeights(network);
  const classWeights = formulaNoise("head.weight", classes * network.embedding, (u) => u / 10);
  const definition = {
    network,
    batch,
    head: arcFaceForBench(classes, classWeights),
    optimiser: { name: "none", update: () => undefined },
  };
  const { tape, trained } = recordStep(definition, (name) => weights.get(name)!.floats());
  const outputs = Object.fromEntries(
    trained.map(({ parameter, gradient }) => [`d ${parameter.name}`, gradient]),
  );
  const graph = compile(tape, outputs, form);
  await using session = await Session.open(encodeOnnx(graph.model), { threads: 2 });
  const results = await session.run({
    ...Object.fromEntries(
      graph.slots.map(({ input, value, toGraph, initial }) => [
        input,
        { dims: value.shape, data: toGraph(initial()) },
      ]),
    ),
    images: {
      dims: [batch, ...network.input],
      data: formulaNoise(pictures, batch * elementCount(network.input)),
    },
    labels: { dims: [batch], data: Int32Array.from({ length: batch }, (_, i) => (i * 7) % classes) },
  });
  return new Map(trained.map(({ parameter: { name } }) => [name, results[`d ${name}`]!.data]));
}
