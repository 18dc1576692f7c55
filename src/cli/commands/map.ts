import { extname } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { counted, type WorkOptions } from "../../core/index.ts";
import type { LayoutQuality, Points } from "../../project/index.ts";
import { readVectors } from "../../recognise/index.ts";
import type { Act } from "../act.ts";
import { EXIT } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import { whole } from "../options.ts";
import { expectNoInput, expectWritableFile, writeWhole } from "../outputs.ts";
import { progressBar } from "../progress-bar.ts";

type Method = "tsne" | "umap" | "pca";

interface MapFlags {
  readonly out: string;
  readonly method: Method;
  readonly perplexity: number;
  readonly iterations?: number;
  readonly seed: number;
  readonly labels?: string;
  readonly label?: string;
  readonly vector?: string;
  readonly hulls?: boolean;
  readonly title?: string;
  readonly jobs?: number;
  readonly json?: boolean;
}

/** A layout in the plane and what is known about it. */
interface Laid {
  readonly layout: Float32Array;
  /** Figures that a reader needs to judge it. */
  readonly note: string;
  readonly klDivergence?: number;
  readonly perplexity?: number;
}

/** Loaded by who draws a map: no other command waits for it. */
const drawing = async () => await import("../../plot/index.ts");
const layingOut = async () => await import("../../project/index.ts");

const FORMATS = [".svg", ".png", ".html"];
/** Fewer have no neighbourhoods to be judged by. */
const FEWEST_JUDGED = 3;

/** `arcface map EMBEDDINGS --out map.svg` */
export function mapCommand(program: Command, act: Act): void {
  program
    .command("map")
    .description("draw vectors in the plane: near points were near in their own space")
    .argument("<embeddings>", "vectors of any kind: .npy, .jsonl or .parquet")
    .requiredOption("--out <file>", "map.svg, map.png or map.html")
    .addOption(
      new Option("--method <name>", "how to lay out").choices(["tsne", "umap", "pca"]).default("tsne"),
    )
    .option(
      "--perplexity <n>",
      "neighbours that count in t-SNE, fewer where there are few points",
      positive,
      30,
    )
    .option("--iterations <n>", "of t-SNE, or epochs of UMAP", whole)
    .option("--seed <n>", "same seed, same map", whole, 1)
    .option("--labels <file>", "text file with a label a line, for colours")
    .option("--label <field>", 'field with the label (default "label", "person" or the folder of "path")')
    .option("--vector <field>", 'field with the vector (default "embedding" or "vector")')
    .option("--hulls", "outline every label's points")
    .option("--title <text>", "above the map")
    .option("--jobs <n>", "threads of t-SNE (default one per core)", whole)
    .option("--json", "print the layout and its quality as JSON")
    .addHelpText("after", "\nExample:\n  arcface map holiday.parquet --out map.svg")
    .action(act(map));
}

async function map(io: CliIo, path: string, flags: MapFlags): Promise<number> {
  const format = extname(flags.out).toLowerCase();
  await expectWritableFile(flags.out, FORMATS);
  expectNoInput(flags.out, [path, ...(flags.labels === undefined ? [] : [flags.labels])]);
  const { count, dimension, data, labels, names } = await readVectors(path, {
    vectorField: flags.vector,
    labelField: flags.label,
    labelsPath: flags.labels,
  });
  const { embeddingMap } = await drawing();
  const { layoutQuality } = await layingOut();
  const points: Points = { data, count, dimension };
  const bar = progressBar(io);
  const work = { signal: io.signal, onProgress: bar.update };
  const laid = await lay(points, flags, work);
  const quality = count >= FEWEST_JUDGED ? await layoutQuality(points, laid.layout, work) : undefined;
  bar.stop();
  const svg = embeddingMap(
    Array.from({ length: count }, (_, i) => ({
      x: laid.layout[2 * i]!,
      y: laid.layout[2 * i + 1]!,
      group: labels?.[i] ?? "",
      label: names?.[i] ?? labels?.[i],
    })),
    {
      title: flags.title,
      note: `${counted(count, "vector")} of ${counted(dimension, "dimension")}, ${laid.note}${quality ? `; ${describe(quality)}` : ""}`,
      hulls: flags.hulls,
      ...(labels ? {} : { names: false }),
    },
  );
  await write(flags.out, format, svg, flags.title ?? "Map of vectors");
  if (flags.json) {
    const { layout, note: _, ...known } = laid;
    const summary = {
      out: flags.out,
      method: flags.method,
      count,
      dimension,
      ...known,
      quality: quality ?? null,
      points: Array.from({ length: count }, (_, i) => ({
        x: layout[2 * i]!,
        y: layout[2 * i + 1]!,
        label: labels?.[i] ?? null,
        name: names?.[i] ?? null,
      })),
    };
    io.out(`${JSON.stringify(summary)}\n`);
  } else io.out(`${flags.out}: ${count} points, ${laid.note}${quality ? `; ${describe(quality)}` : ""}\n`);
  return EXIT.ok;
}

async function lay(points: Points, flags: MapFlags, work: WorkOptions): Promise<Laid> {
  const { embedTsne, pca, umap } = await layingOut();
  const { seed, iterations } = flags;
  if (flags.method === "pca") {
    const { scores, components, variances, totalVariance } = await pca(points, { ...work, seed });
    const layout = Float32Array.from({ length: 2 * points.count }, (_, n) =>
      n % 2 < components ? scores[Math.floor(n / 2) * components + (n % 2)]! : 0,
    );
    const kept = totalVariance > 0 ? (100 * variances.reduce((sum, v) => sum + v, 0)) / totalVariance : 100;
    return { layout, note: `first two principal components, ${kept.toFixed(0)} % of the variance` };
  }
  if (flags.method === "umap") {
    const epochs = iterations === undefined ? {} : { epochs: iterations };
    return { layout: await umap(points, { ...work, seed, ...epochs }), note: "UMAP" };
  }
  const { layout, klDivergence, perplexity } = await embedTsne(points, {
    ...work,
    seed,
    perplexity: flags.perplexity,
    ...(iterations === undefined ? {} : { iterations }),
    ...(flags.jobs === undefined ? {} : { threads: flags.jobs }),
  });
  return {
    layout,
    klDivergence,
    perplexity,
    note: `t-SNE of perplexity ${Number(perplexity.toFixed(1))}, KL divergence ${klDivergence.toFixed(3)}`,
  };
}

function describe({ k, neighbourhoodPreservation, trustworthiness }: LayoutQuality): string {
  return `${(100 * neighbourhoodPreservation).toFixed(0)} % of each point's ${k} nearest kept, trustworthiness ${trustworthiness.toFixed(3)}`;
}

async function write(out: string, format: string, svg: string, title: string): Promise<void> {
  const { escapeXml, renderPng } = await drawing();
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>${escapeXml(title)}</title>
<style>body { margin: 0; display: grid; place-items: center; min-height: 100vh } svg { max-width: 100%; height: auto }</style>
<main>${svg}</main>
</html>
`;
  await writeWhole(out, format === ".png" ? renderPng(svg, 2) : format === ".html" ? page : svg);
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}
