/**
 * How far gradients are from PyTorch's in float64, beside how far PyTorch's own in float32 are: relative L2 error over
 * all parameters together, and the median over parameters.
 *
 * `npm run bench gradients`, with ARCFACE_BENCH_PYTHON naming a Python that has PyTorch.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile, type Form } from "../src/autodiff/index.ts";
import { elementCount } from "../src/core/index.ts";
import { encodeOnnx, Session } from "../src/onnx/index.ts";
import { formFor, recordStep } from "../src/train/step/index.ts";
import { formulaNoise, formulaWeights } from "../test/formula-weights.ts";
import { describeMachine, median } from "./machine.ts";
import { arcFaceForBench, TRAINING_NETS } from "./peers/training-nets.ts";

const BATCHES: Readonly<Record<string, number>> = { A: 32, B: 16, C: 8 };

const python = process.env["ARCFACE_BENCH_PYTHON"];
if (!python) {
  console.log("skipped: ARCFACE_BENCH_PYTHON names no Python with PyTorch");
  process.exit(0);
}
console.log(describeMachine());
console.log("relative L2 error against PyTorch float64: all parameters, median parameter\n");
const wanted = process.argv.slice(2).filter((name) => name in BATCHES);
for (const net of wanted.length > 0 ? wanted : Object.keys(BATCHES))
  await compare(net, BATCHES[net]!, python);

async function compare(net: string, batch: number, command: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "arcface-gradients-"));
  try {
    const script = new URL("./peers/torch-gradients.py", import.meta.url).pathname;
    execFileSync(command, [script, net, String(batch), folder], { stdio: ["ignore", "inherit", "inherit"] });
    const read = (name: string, ending: string): Float64Array => {
      const bytes = readFileSync(join(folder, `${name}.${ending}`));
      return new Float64Array(new Uint8Array(bytes).buffer);
    };
    const forms: readonly (readonly [string, Form])[] = [
      ["standard operations", { kind: "plain", device: "cpu" }],
      ["blocked", await formFor("cpu")],
    ];
    const rows = new Map<string, Map<string, ArrayLike<number>>>();
    for (const [label, form] of forms) rows.set(label, await gradientsOf(net, batch, form));
    const names = [...rows.get("blocked")!.keys()];
    rows.set("PyTorch float32", new Map(names.map((name) => [name, read(name, "f32")])));
    console.log(`net ${net}, batch ${batch}, ${names.length} parameters`);
    const exact = new Map(names.map((name) => [name, read(name, "f64")]));
    for (const [label, found] of rows) {
      let [error, length] = [0, 0];
      const each = names.map((name) => {
        const [e, l] = squares(found.get(name)!, exact.get(name)!);
        error += e;
        length += l;
        return Math.sqrt(e / l);
      });
      console.log(
        `  ${label.padEnd(20)} ${Math.sqrt(error / length).toExponential(2)}   ${median(each).toExponential(2)}`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function squares(got: ArrayLike<number>, wanted: Float64Array): readonly [error: number, length: number] {
  let [error, length] = [0, 0];
  for (const [i, value] of wanted.entries()) {
    error += (got[i]! - value) ** 2;
    length += value ** 2;
  }
  return [error, length];
}

async function gradientsOf(net: string, batch: number, form: Form): Promise<Map<string, Float32Array>> {
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
      data: formulaNoise("pictures", batch * elementCount(network.input)),
    },
    labels: { dims: [batch], data: Int32Array.from({ length: batch }, (_, i) => (i * 7) % classes) },
  });
  return new Map(trained.map(({ parameter: { name } }) => [name, results[`d ${name}`]!.data]));
}
