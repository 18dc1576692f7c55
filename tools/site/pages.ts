import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, extname, join, normalize, relative, resolve } from "node:path";
import { commandPages } from "./commands.ts";
import { doorPages } from "./doors.ts";

export const ROOT = resolve(import.meta.dirname, "..", "..");

/** The site as it is written: Markdown by its path in the site, and files that are copied. */
export interface Site {
  readonly pages: ReadonlyMap<string, string>;
  /** From where in the repository, by where in the site. */
  readonly files: ReadonlyMap<string, string>;
}

const PICTURES = new Set([".svg", ".png", ".webp", ".jpg"]);

/** Reads docs/ and what belongs to it, and writes the pages that nobody writes by hand: commands, doors, examples. */
export function readSite(): Site {
  const places = placesOfDocuments();
  const pages = new Map<string, string>();
  for (const [from, to] of places)
    if (from.endsWith(".md") && from !== "README.md")
      pages.set(to, linked(readFileSync(join(ROOT, from), "utf8"), from, to, places));
  for (const [from, to] of places)
    if (from.startsWith("examples/") && from.endsWith(".js")) pages.set(to, examplePage(from));
  for (const [name, text] of commandPages()) pages.set(`reference/commands/${name}.md`, text);
  for (const [name, text] of doorPages()) pages.set(`reference/api/${name}.md`, text);
  const all = filesOf("docs");
  const files = new Map([
    ...all.filter((from) => PICTURES.has(extname(from))).map((from) => [placeOf(from), from] as const),
    // VitePress copies what lies in public/ to the site's root, as it is.
    ...all
      .filter((from) => from.endsWith(".json"))
      .map((from) => [join("public", placeOf(from)), from] as const),
  ]);
  return { pages, files };
}

/** The place where every document of the repository is in the site. docs/api is not: the site has the comments as well. */
function placesOfDocuments(): ReadonlyMap<string, string> {
  const documents = filesOf("docs").filter((from) => from.endsWith(".md") && !from.startsWith("docs/api/"));
  const examples = filesOf("examples").filter((from) => from.endsWith(".js"));
  return new Map([
    ...documents.map((from) => [from, placeOf(from)] as const),
    ...examples.map((from) => [from, from.replace(/\.js$/, ".md")] as const),
    ["examples/README.md", "examples/index.md"],
    ["README.md", "index.md"],
    ["ARCHITECTURE.md", "project/architecture.md"],
    ["CONTRIBUTING.md", "project/contributing.md"],
    ["CHANGELOG.md", "project/changelog.md"],
    // The first page of the site is that of docs/.
    ["docs/README.md", "index.md"],
  ]);
}

const placeOf = (from: string): string =>
  from.replace(/^docs\//, "").replace(/(^|\/)README\.md$/, "$1index.md");

function filesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((from) => !/^docs\/\.vitepress\//.test(from))
    .sort();
}

/** A document with links that hold in the site; a link to a file that is not part of it is only its name. */
function linked(text: string, from: string, to: string, places: ReadonlyMap<string, string>): string {
  return text
    .split(/^(```[\s\S]*?^```)$/m)
    .map((part) => (part.startsWith("```") ? part : links(part)))
    .join("");

  function links(words: string): string {
    return words.replace(
      /(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g,
      (whole, picture, label, target) => {
        if (/^[a-z]+:/.test(target) || target.startsWith("#")) return whole;
        const [path, anchor] = (target as string).split("#") as [string, string?];
        const meant = normalize(join(dirname(from), path));
        const place = placeInSite(meant, places);
        if (place === undefined) return picture === "!" ? whole : label;
        const way = relative(dirname(to), place);
        return `${picture}[${label}](${way.startsWith(".") ? way : `./${way}`}${anchor === undefined ? "" : `#${anchor}`})`;
      },
    );
  }
}

function placeInSite(meant: string, places: ReadonlyMap<string, string>): string | undefined {
  const folder = meant.replace(/\/$/, "");
  if (folder === "docs/api") return "reference/api/overview.md";
  if (meant.startsWith("docs/api/"))
    return meant.replace("docs/api/", "reference/api/").replace("/index.md", "/root.md");
  const place = places.get(folder) ?? places.get(`${folder}/README.md`);
  if (place !== undefined) return place;
  const isFile = PICTURES.has(extname(meant)) || extname(meant) === ".json";
  return isFile && meant.startsWith("docs/") && existsSync(join(ROOT, meant)) ? placeOf(meant) : undefined;
}

/** An example: what its first comment says, and its code. */
function examplePage(from: string): string {
  const text = readFileSync(join(ROOT, from), "utf8");
  const [, comment = "", code = text] = /^\/\*\*([\s\S]*?)\*\/\n([\s\S]*)$/.exec(text) ?? [];
  const words = comment
    .replace(/^ \* ?/gm, "")
    .trim()
    .replaceAll("<", "&lt;");
  const [said, run] = words.split(/\n\n(?=[^\n]*(?:node examples|npm run)[^\n]*$)/);
  const runs = run === undefined ? "" : `\n\`\`\`sh\n${run}\n\`\`\`\n`;
  return `# ${from.replace(/^.*\/|\.js$/g, "")}\n\n${said}\n${runs}\n\`\`\`js\n${code.trim()}\n\`\`\`\n`;
}
