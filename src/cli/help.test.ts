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

test("a mistyped --model is answered with the models that embed, and that a file would do", async () => {
  const answer = async (...args: string[]): Promise<string> => {
    said.length = 0;
    expect(await main(["compare", "a.jpg", "b.jpg", ...args], io)).toBe(2);
    return said.join("");
  };
  const embedders =
    "expected one of mobilefacenet-192, fr-feature-512, mobilefacenet-128, w600k-r50, or a file of weights";
  expect(await answer("--model", "nope")).toBe(`arcface: model: ${embedders}, got "nope"\n`);
  expect(await answer("--model", "fr-feature")).toContain('got "fr-feature"; did you mean "fr-feature-512"?');
  expect(await answer("--detector", "mtcn")).toMatch(
    /detector: expected one of mtcnn-rfb, mtcnn, centerface, yunet, got "mtcn"; did you mean "mtcnn-rfb"\?/,
  );
});

test("a mistyped model is answered with the nearest there is", async () => {
  said.length = 0;
  expect(await main(["models", "path", "mobilfacenet-128"], io)).toBe(2);
  expect(said.join("")).toContain('did you mean "mobilefacenet-128"?');
});
