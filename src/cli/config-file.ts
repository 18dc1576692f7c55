import type { Command } from "commander";
import { FaceError, reasonOf } from "../core/index.ts";
import { readServiceConfig } from "../serve/settings/index.ts";

/**
 * Reads a command's flags from a file, YAML or JSON, by their long names without the dashes. What stands on the command line
 * counts more.
 *
 * Throws    FaceError BAD_FILE for a file that cannot be read, USAGE for a flag that there is not or a value it does not take
 */
export async function applyConfig(command: Command, path: string): Promise<void> {
  const settings = await readServiceConfig(path);
  for (const [name, value] of Object.entries(settings)) {
    const option = command.options.find(({ long }) => long === `--${name}` && name !== "config");
    if (!option) {
      throw wrong(path, name, "a flag of this command", "another");
    }
    const attribute = option.attributeName();
    if (command.getOptionValueSource(attribute) === "cli") continue;
    command.setOptionValueWithSource(attribute, takenValue(path, name, option, value), "config");
  }
}

function takenValue(path: string, name: string, option: Command["options"][number], value: unknown): unknown {
  if (option.isBoolean()) {
    if (typeof value === "boolean") return value;
    throw wrong(path, name, "true or false", "another value");
  }
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0 || (list.length > 1 && !option.variadic))
    throw wrong(path, name, option.variadic ? "one value or several" : "one value", `${list.length}`);
  const parsed = list.map((each: unknown) => {
    if (typeof each !== "string" && typeof each !== "number")
      throw wrong(path, name, "a text or a number", "another value");
    const text = String(each);
    if (option.argChoices && !option.argChoices.includes(text))
      throw wrong(path, name, `one of ${option.argChoices.join(", ")}`, "another value");
    try {
      return option.parseArg && !option.argChoices ? option.parseArg(text, undefined) : text;
    } catch (cause) {
      throw wrong(path, name, "a value that the flag takes", reasonOf(cause));
    }
  });
  return option.variadic ? parsed : parsed[0];
}

function wrong(path: string, name: string, expected: string, got: string): FaceError {
  return new FaceError("USAGE", { where: `${path}: ${name}`, expected, got });
}
