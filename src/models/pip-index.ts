import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { readText } from "../core/index.ts";

const PUBLIC_INDEX = "https://pypi.org/simple";

/**
 * Index in which pip would look for packages: `PIP_INDEX_URL`, or `index-url` of pip's configuration files, the most special one
 * first; otherwise the public index. `extra-index-url` is not asked.
 *
 * Source    pip's documentation, "Configuration"
 */
export async function pipIndex(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> {
  const fromEnvironment = env["PIP_INDEX_URL"];
  if (fromEnvironment) return fromEnvironment;
  for (const path of configurationFiles(env)) {
    const text = await readText(path).catch(() => "");
    const found = indexUrlIn(text);
    if (found) return found;
  }
  return PUBLIC_INDEX;
}

function configurationFiles(env: Readonly<Record<string, string | undefined>>): string[] {
  const named = env["PIP_CONFIG_FILE"];
  if (named) return [named];
  const home = env["HOME"] ?? homedir();
  const environment = env["VIRTUAL_ENV"];
  const global = (env["XDG_CONFIG_DIRS"] ?? "/etc/xdg")
    .split(delimiter)
    .map((d) => join(d, "pip", "pip.conf"));
  return [
    ...(environment ? [join(environment, "pip.conf")] : []),
    join(env["XDG_CONFIG_HOME"] ?? join(home, ".config"), "pip", "pip.conf"),
    join(home, ".pip", "pip.conf"),
    join(home, "Library", "Application Support", "pip", "pip.conf"),
    ...(env["APPDATA"] ? [join(env["APPDATA"], "pip", "pip.ini")] : []),
    ...global,
    "/etc/pip.conf",
  ];
}

/** `index-url` of the sections that downloads look at, the command's own before the global one. */
function indexUrlIn(text: string): string | undefined {
  const values = new Map<string, string>();
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\s*\[(.+)\]\s*$/.exec(line);
    if (heading) section = heading[1]!.trim().toLowerCase();
    const setting = /^\s*index[-_]url\s*[=:]\s*(\S+)\s*$/i.exec(line);
    if (setting) values.set(section, setting[1]!);
  }
  return values.get("download") ?? values.get("install") ?? values.get("global");
}
