import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

export const ROOT = join(import.meta.dirname, "..");

const COMMIT = z.string().regex(/^[0-9a-f]{7,40}(-dirty)?$/);

/** A run of a bench as it is kept; runs of before benches wrote files were copied from a text. */
const RunSchema = z.strictObject({
  /** As it is typed in a checkout. */
  command: z.string(),
  /** Of the code that was measured. */
  commit: COMMIT.optional(),
  /** The place where that is not known: the commit whose text has the figures. */
  writtenDownIn: COMMIT.optional(),
  machine: z.string(),
  node: z.string(),
  date: z.iso.date(),
  /** The meaning of square brackets, where there are some. */
  interval: z.string().optional(),
  /** Copied by hand from a text: no file of the run was kept. */
  transcribed: z.literal(true).optional(),
  note: z.string().optional(),
  figures: z.record(z.string(), z.number()),
});
export type FigureRun = z.infer<typeof RunSchema>;

/** The runs by the names of their files. */
export function readRuns(folder = join(ROOT, "docs", "figures")): ReadonlyMap<string, FigureRun> {
  return new Map(
    readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .sort()
      .map((name) => {
        const run = RunSchema.parse(JSON.parse(readFileSync(join(folder, name), "utf8")));
        return [name.slice(0, -".json".length), run];
      }),
  );
}

/** A figure as readers see it. @param form decimals, or `e` and the decimals of a number with an exponent */
export function formatted(value: number, form: string): string {
  const decimals = Number(form.replace("e", ""));
  const text = form.startsWith("e")
    ? value.toExponential(decimals)
    : value.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return text.replace(/^-/, "−");
}

/** `RUN:KEY`, or a ratio of two, `RUN:KEY/RUN:KEY`. Throws for what no run has. */
export function figureOf(runs: ReadonlyMap<string, FigureRun>, name: string): number {
  const [value, by] = name.split("/").map((part) => {
    const [run = "", key = ""] = part.split(":");
    const found = runs.get(run)?.figures[key];
    if (found === undefined) throw new Error(`figures: expected a figure of docs/figures, got ${part}`);
    return found;
  });
  return by === undefined ? value! : value! / by;
}

const PLACE = /\{\{([^|}]+)\|([^}]+)\}\}/g;

/** The page: every `{{RUN:KEY|FORM}}` of the template as its figure, and the list of runs at `{{runs}}`. */
export function renderFigures(runs: ReadonlyMap<string, FigureRun>, template = readTemplate()): string {
  return template
    .replace(PLACE, (_, name: string, form: string) => formatted(figureOf(runs, name), form))
    .replace("{{runs}}", runList(runs));
}

export function readTemplate(): string {
  return readFileSync(join(ROOT, "tools", "figures.template.md"), "utf8");
}

function runList(runs: ReadonlyMap<string, FigureRun>): string {
  const rows = [...runs].map(
    ([id, { command, commit, writtenDownIn, machine, date }]) =>
      `| [${id}](figures/${id}.json) | \`${command.replaceAll("|", "\\|")}\` | ${machine} | ${date} | ${commit === undefined ? `written down in \`${writtenDownIn}\`` : `measured on \`${commit}\``} |`,
  );
  return ["| run | command | machine | date | commit |", "|---|---|---|---|---|", ...rows].join("\n");
}

/** A number with the name of its figure behind it: `99.45 %<!--figure:lfw:accuracy-->`. */
const QUOTE = /([−-]?\d[\d,]*(?:\.(\d+))?(?:e-?\d+)?)(?: ?[%×]| \w{1,2})?<!--figure:([^>]+?)-->/g;

/** The quoted numbers of documents that are not what the runs say, a sentence each. */
export function quotedFigures(
  runs: ReadonlyMap<string, FigureRun>,
  documents: readonly { readonly name: string; readonly text: string }[] = readDocuments(),
): string[] {
  return documents.flatMap(({ name, text }) => {
    const quotes = [...text.matchAll(QUOTE)];
    const marks = text.split("<!--figure:").length - 1;
    const wrong = quotes.flatMap(([, number = "", decimals = "", figure = ""]) => {
      const known = formatted(figureOf(runs, figure), String(decimals.length));
      return known === number ? [] : [`${name}: ${number} is ${known} by ${figure}`];
    });
    return marks === quotes.length ? wrong : [...wrong, `${name}: a mark that is behind no number`];
  });
}

/** Times, rates and ratios: what one machine on one day gave. */
const SPEED = /\d ?(?:ms|µs)(?!\w)|\d\/s(?!\w)|G(?:FLOP|MAC)\/s|\d× (?!\d)/;

/** Pages that tell of a speed without its figure's mark, and nowhere of a day. */
export function undatedPages(
  documents: readonly { readonly name: string; readonly text: string }[] = readDocuments(),
): string[] {
  return documents
    .filter(({ name }) => !MADE_BY_TOOLS.test(name))
    .filter(({ text }) => {
      const prose = text
        .replace(/^```[\s\S]*?^```$/gm, "")
        .replace(/`[^`]*`/g, "")
        .replace(QUOTE, "");
      return SPEED.test(prose) && !DAY.test(prose);
    })
    .map(({ name }) => name);
}

/** docs/figures.md is held by its template, docs/api by the sources. */
const MADE_BY_TOOLS = /^docs\/(?:figures\.md|api\/)/;

/** README and the pages of docs. */
function readDocuments(): { name: string; text: string }[] {
  const pages = readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md") && !name.includes("node_modules"))
    .map((name) => join("docs", name));
  return ["README.md", ...pages].map((name) => ({ name, text: readFileSync(join(ROOT, name), "utf8") }));
}

/** A decimal, a thousand, a number with a unit, and a cell that is nothing but a number. First cells are names. */
const QUANTITY =
  /(?<![\w.,-])\d[\d,]*(?:\.\d+| ?(?:%|×|°|ms|s|min|kB|MB|GB|TB|B|px)(?!\w)|\/s)|(?<![\w.,-])\d{1,3}(?:,\d{3})+|\| *[−-]?\d+ *(?=\|)/;
const DAY = /\b20\d\d-\d\d-\d\d\b/;
const MEANS = /`[^`]*\b(?:bench|npm run|npx|arcface|tools\/)[^`]*`|Zen \d|EPYC|\bcores?\b|Linux x64/;
const EXCUSE = /^<!--numbers: (?:arithmetic|settings|formulas|versions|codes)-->$/m;

/**
 * Tables with numbers of which a reader cannot know where they come from, as `PAGE:LINE`. A number is known by the mark
 * of its figure; a table by the paragraph before or behind it, or by its head, when these name the day and the command
 * or the machine. `<!--numbers: arithmetic-->` before a table says that nothing was measured.
 */
export function unprovenTables(
  documents: readonly { readonly name: string; readonly text: string }[] = readDocuments(),
): string[] {
  return documents
    .filter(({ name }) => !MADE_BY_TOOLS.test(name))
    .flatMap(({ name, text }) => {
      const plain = text.replace(/^```[\s\S]*?^```$/gm, (code) => code.replace(/[^\n]+/g, "code"));
      const blocks = [...plain.matchAll(/(?:[^\n]+\n?)+/g)];
      return blocks.flatMap(([block], i) => {
        const rows = block.split("\n").filter((row) => row.startsWith("|"));
        const unmarked = rows
          .slice(2)
          .map((row) => row.slice(row.indexOf("|", 1)))
          .join("\n")
          .replace(QUOTE, "")
          .replace(/`[^`]*`/g, "")
          .replace(/\]\([^)]*\)/g, "]");
        // A paragraph between two tables speaks of the second.
        const [behind = "", next = ""] = [blocks[i + 1]?.[0], blocks[i + 2]?.[0]];
        const said = [
          blocks[i - 1]?.[0],
          rows[0],
          [behind, next].some((part) => part.startsWith("|")) ? "" : behind,
        ].join("\n");
        const known = EXCUSE.test(said) || (DAY.test(said) && MEANS.test(said));
        if (known || !QUANTITY.test(unmarked)) return [];
        return [`${name}:${plain.slice(0, blocks[i]!.index).split("\n").length}`];
      });
    });
}
