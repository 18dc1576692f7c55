import { Command, CommanderError, InvalidArgumentError } from "commander";
import { FaceError } from "../core/index.ts";
import { onFetch } from "../registry/index.ts";
import type { Act } from "./act.ts";
import { alignCommand } from "./commands/align.ts";
import { benchCommand } from "./commands/bench.ts";
import { calibrateCommand } from "./commands/calibrate.ts";
import { clusterCommand } from "./commands/cluster.ts";
import { compareCommand } from "./commands/compare.ts";
import { convertCommand } from "./commands/convert.ts";
import { dataCommand } from "./commands/data.ts";
import { detectCommand } from "./commands/detect.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { embedCommand } from "./commands/embed.ts";
import { evaluateCommand } from "./commands/evaluate.ts";
import { galleryCommand } from "./commands/gallery/index.ts";
import { identityCommand } from "./commands/identity.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { mapCommand } from "./commands/map.ts";
import { modelsCommand } from "./commands/models.ts";
import { openCommand } from "./commands/open.ts";
import { reproduceCommand } from "./commands/reproduce.ts";
import { searchCommand } from "./commands/search.ts";
import { serveCommand } from "./commands/serve.ts";
import { studyCommand } from "./commands/study.ts";
import { trainCommand } from "./commands/train.ts";
import { workerCommand } from "./commands/worker.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { asFaceError, reportError } from "./failures.ts";
import type { CliIo } from "./io.ts";
import { threadNotes } from "./options.ts";
import { progressBar, stopProgressBars } from "./progress-bar.ts";
import { VERSION } from "./version.ts";

/** Commander's sentence in one line, whatever was typed into it, and its suggestion in another. */
function linesOfError(text: string): string[] {
  const [, sentence = text, suggestion] = /^(.*?)(?:\n(\(Did you mean [^\n]*))?\n?$/s.exec(text) ?? [];
  return [sentence.replace(/^error: /, "arcface: "), ...(suggestion === undefined ? [] : [suggestion])];
}

/** Every command with its flags and help, not yet run. @param json errors are told as JSON, not by the parser */
export function commandTree(io: CliIo, act: Act, json: boolean): Command {
  const program = new Command("arcface")
    .description("Faces in photographs: find them, compare them, search for them.")
    .version(VERSION)
    // A flag belongs to the command that it stands behind: "serve" has commands of its own.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(...text.replace(/\n$/, "").split("\n")),
      writeErr: (text) => io.err(...text.replace(/\n$/, "").split("\n")),
      outputError: (text) => (json ? undefined : io.err(...linesOfError(text))),
    })
    .showSuggestionAfterError()
    .addHelpText(
      "after",
      "\nExample:\n  arcface compare passport.jpg selfie.jpg\n\nExit codes: 0 ok, 1 nothing matched, 2 wrong usage, 3 bad input,\n4 a defect of arcface, 5 some of several inputs failed and the rest was done, 130 stopped by Ctrl-C.",
    );
  program.hook("preAction", (_, command) => {
    for (const note of threadNotes(command.opts())) io.err(`arcface: ${note}`);
  });
  for (const add of [
    compareCommand,
    searchCommand,
    embedCommand,
    detectCommand,
    alignCommand,
    identityCommand,
    studyCommand,
    reproduceCommand,
    clusterCommand,
    mapCommand,
    inspectCommand,
    convertCommand,
    evaluateCommand,
    calibrateCommand,
    galleryCommand,
    openCommand,
    serveCommand,
    workerCommand,
    modelsCommand,
    dataCommand,
    trainCommand,
    doctorCommand,
    benchCommand,
  ]) {
    add(program, act);
  }
  if (!json) tellOfHelp(program);
  return program;
}

/** Behind every error of the parser: the command whose help shows how it is used. */
function tellOfHelp(command: Command, line = command.name()): void {
  command.showHelpAfterError(`"${line} --help" shows how it is used`);
  for (const child of command.commands) tellOfHelp(child, `${line} ${child.name()}`);
}

/** The greeting of somebody who typed nothing but the program's name. */
const GREETING = [
  `arcface-ts ${VERSION}: finds faces in photographs, compares them, searches for them.`,
  "",
  "Try one of these with photographs of yours:",
  "  npx arcface-ts detect party.jpg --draw faces.png       find the faces, draw them",
  "  npx arcface-ts compare passport.jpg selfie.jpg         one person or two?",
  "  npx arcface-ts search who.jpg --in holiday/ -k 3       where else is this person?",
  "",
  "The first one downloads the default models and keeps them.",
  "All commands: npx arcface-ts --help. One command: npx arcface-ts compare --help.",
];

/**
 * Runs the command line.
 *
 * @param argv arguments after the program's name; a greeting without any
 * Returns   the exit code; see `exit-codes.ts`
 */
export async function main(argv: readonly string[], io: CliIo): Promise<number> {
  if (argv.length === 0) {
    io.out(...GREETING);
    return EXIT.ok;
  }
  let exitCode: number = EXIT.ok;
  const json = argv.includes("--json");
  const act: Act =
    (run) =>
    async (...args) => {
      exitCode = await run(io, ...args);
    };
  const stopTelling = tellFetches(io, json);
  try {
    await commandTree(io, act, json).parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      if (thrown.exitCode === 0) return EXIT.ok;
      // One that a command throws itself was not printed by the parser.
      if (thrown instanceof InvalidArgumentError && !json) io.err(`arcface: ${thrown.message}`);
      if (json) reportError(io, usageError(thrown), true);
      return EXIT.usage;
    }
    const error = asFaceError(thrown);
    stopProgressBars();
    reportError(io, error, json);
    return exitCodeOf(error.code);
  } finally {
    stopTelling();
    stopProgressBars();
  }
}

/** Says which packages a command fetches because it is the first to need them, and how far it is. @param json nothing is said */
function tellFetches(io: CliIo, json: boolean): () => void {
  const bar = progressBar(io);
  const told = new Set<string>();
  return onFetch(({ package: name, folder, done, total }) => {
    if (!told.has(name) && !json)
      io.err(
        `arcface: ${name} is needed for the first time: ${(total / 1e6).toFixed(0)} MB from the npm registry; the files of this platform are kept in ${folder}`,
      );
    told.add(name);
    if (done < total) bar.update({ stage: `download ${name}`, done, total });
    else bar.stop();
  });
}

/** The parser's error as this library's: its words, without its own beginning. */
function usageError({ message }: CommanderError): FaceError {
  return new FaceError("USAGE", { where: "", problem: message.replace(/^error: /, "") });
}
