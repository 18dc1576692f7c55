import type { EventEmitter } from "node:events";
import type { Command, Option } from "commander";
import { commandTree } from "../../src/cli/main.ts";

const nothing = (): void => {};
const io = { out: nothing, err: nothing, interactive: false, env: {}, signal: new AbortController().signal };

/** The program's commands as they are, not run. */
export function program(): Command {
  return commandTree(io, () => async () => {}, false);
}

/** A page for every command, by its name: flags, arguments and examples as `--help` has them. */
export function commandPages(): ReadonlyMap<string, string> {
  const { commands } = program();
  const pages = new Map(commands.map((command) => [command.name(), pageOf(command)]));
  const rows = commands.map(
    (command) => `| [${command.name()}](${command.name()}.md) | ${cell(command.description())} |`,
  );
  const [contract] = commands.flatMap(withAll).filter((command) => contractOptions(command).length > 0);
  const index = [
    "# Commands",
    "Written from the program itself: `arcface-ts COMMAND --help` says the same. `arcface` is the same program under a shorter name.",
    `| command | |\n|---|---|\n${rows.join("\n")}`,
    afterHelp(program()),
    `## A network file of your own\n\nCommands that take \`--model\` take these for a network file without a card beside it. [More](../../own-network.md).`,
    optionTable(contractOptions(contract!)),
  ];
  return pages.set("index", `${index.join("\n\n")}\n`);
}

const withAll = (command: Command): Command[] => [command, ...command.commands.flatMap(withAll)];

function pageOf(command: Command): string {
  const parts = withAll(command).map((each) => section(each, each === command ? 1 : 2));
  return `${parts.join("\n\n")}\n`;
}

const nameOf = (command: Command): string =>
  command.parent?.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();

function section(command: Command, level: number): string {
  const args = command.registeredArguments.map(
    (argument) => `| \`${argument.name()}\` | ${cell(argument.description)} |`,
  );
  const own = command.options.filter((option) => !option.hidden && !inContract(option));
  return [
    `${"#".repeat(level)} ${nameOf(command)}`,
    `${capital(command.description())}.`,
    command.commands.length > 0
      ? listOf(command)
      : `\`\`\`sh norun\narcface-ts ${nameOf(command)} ${command.usage()}\n\`\`\``,
    args.length === 0 ? "" : `| argument | |\n|---|---|\n${args.join("\n")}`,
    own.length === 0 ? "" : optionTable(own),
    contractOptions(command).length === 0
      ? ""
      : "And the flags of [a network file of your own](index.md#a-network-file-of-your-own).",
    afterHelp(command),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function listOf(command: Command): string {
  const rows = command.commands.map(
    (each) => `| [${each.name()}](#${nameOf(each).replaceAll(" ", "-")}) | ${cell(each.description())} |`,
  );
  return `| command | |\n|---|---|\n${rows.join("\n")}`;
}

const inContract = (option: Option): boolean => (option.helpGroupHeading ?? "").startsWith("Contract");
const contractOptions = (command: Command): Option[] => command.options.filter(inContract);

function optionTable(options: readonly Option[]): string {
  const rows = options.map((option) => {
    const choices = option.argChoices ? `; one of ${option.argChoices.join(", ")}` : "";
    const fallback =
      option.defaultValue === undefined || option.defaultValue === false || option.negate
        ? ""
        : `; default ${option.defaultValueDescription ?? String(option.defaultValue)}`;
    return `| \`${option.flags.replaceAll("|", "\\|")}\` | ${cell(option.description + choices + fallback)} |`;
  });
  return `| flag | |\n|---|---|\n${rows.join("\n")}`;
}

/** The words below the flags in a command's help: notes as sentences, examples as a block. */
function afterHelp(command: Command): string {
  let said = "";
  const write = (text: string): void => {
    said += text;
  };
  // Commander tells those who added words to the help; its types leave out that a command is an emitter of events.
  (command as unknown as EventEmitter).emit("afterHelp", { error: false, command, write });
  const [notes = "", examples = ""] = said.trim().split(/^Examples?:\n/m);
  const shown = examples === "" ? "" : `\`\`\`sh norun\n${examples.replace(/^ {2}/gm, "").trimEnd()}\n\`\`\``;
  // An empty line parts the examples from all that stands behind them.
  const [block, ...rest] = shown.split("\n\n");
  const behind = rest.join("\n\n").replace(/\n?```$/, "");
  return [notesOf(notes), behind === "" ? shown : `${block}\n\`\`\``, notesOf(behind)]
    .filter((part) => part.trim() !== "")
    .join("\n\n");
}

/** Lines of help that are set apart by two spaces are a list of terms. */
function notesOf(text: string): string {
  return text
    .trim()
    .split("\n")
    .map((line) => (line.startsWith("  ") ? `- ${safe(line.trim())}` : safe(line)))
    .join("\n")
    .replace(/([^\n-][^\n]*)\n- /, "$1\n\n- ");
}

const capital = (text: string): string =>
  safe(text.slice(0, 1).toUpperCase() + text.slice(1)).replace(/\.$/, "");
const cell = (text: string): string => safe(text).replaceAll("|", "\\|");
const safe = (text: string): string =>
  text.replaceAll("<", "&lt;").replaceAll("*", "\\*").replace(/\{\{/g, "{&#123;");
