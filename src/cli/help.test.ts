import type { Command } from "commander";
import { expect, test } from "vitest";
import { commandTree, main } from "./main.ts";

const said: string[] = [];
const io = {
  out: (...lines: readonly string[]) => void said.push(...lines),
  err: (...lines: readonly string[]) => void said.push(...lines),
  interactive: false,
  env: {},
  signal: new AbortController().signal,
};

/** A command, its subcommands, theirs, and so on. */
const withAll = (command: Command): Command[] => [command, ...command.commands.flatMap(withAll)];

const nameOf = (command: Command): string =>
  command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();

test("the help of every command has an example that begins with the command", () => {
  const without = withAll(commandTree(io, () => async () => {}, false)).filter((command) => {
    said.length = 0;
    command.outputHelp();
    return !/\nExamples?:\n {2}(?<command>[^\n]*)/
      .exec(said.join("\n"))
      ?.groups?.["command"]?.startsWith(nameOf(command));
  });
  expect(without.map(nameOf)).toEqual([]);
});

test("the program's name alone is answered with three things to try", async () => {
  said.length = 0;
  expect(await main([], io)).toBe(0);
  expect(said.filter((line) => line.startsWith("  npx arcface-ts "))).toHaveLength(3);
});

test("a mistyped model is answered with the nearest there is", async () => {
  said.length = 0;
  expect(await main(["models", "path", "mobilfacenet-128"], io)).toBe(2);
  expect(said.join("")).toContain('did you mean "mobilefacenet-128"?');
});
