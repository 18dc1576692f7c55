import { expectShallowYaml, FaceError, readText } from "../../core/index.ts";

/** The settings of a service by their names, from a file in YAML or JSON. Throws FaceError BAD_FILE. */
export async function readServiceConfig(path: string): Promise<Readonly<Record<string, unknown>>> {
  const { parse } = await import("yaml");
  let value: unknown;
  try {
    const text = await readText(path);
    expectShallowYaml(text);
    value = parse(text);
  } catch (cause) {
    throw new FaceError("BAD_FILE", { where: path, expected: "flags in YAML or JSON", cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw new FaceError("BAD_FILE", {
    where: path,
    expected: "names of flags with their values",
    got: "something else",
  });
}
