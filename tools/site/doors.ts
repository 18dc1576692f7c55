import { type Door, type ExportedName, readDoors } from "../public-api.ts";

/** A page for every door of the built package: each name with its comment and its declaration. */
export function doorPages(): ReadonlyMap<string, string> {
  const doors = readDoors();
  const pages = new Map(doors.map((door) => [fileOf(door), pageOf(door)]));
  const rows = doors.map(
    (door) =>
      `| [\`${door.name}\`](${fileOf(door)}.md) | ${door.names
        .slice(0, 4)
        .map(({ name }) => `\`${name}\``)
        .join(", ")}, … |`,
  );
  const index = [
    "# Library",
    "Every door of the package and every name behind it, written from the types. Names of several doors are the same thing.",
    `| door | names |\n|---|---|\n${rows.join("\n")}`,
  ];
  return pages.set("overview", `${index.join("\n\n")}\n`);
}

const fileOf = (door: Door): string => door.name.split("/").slice(1).join("-") || "root";

function pageOf(door: Door): string {
  const parts = [...door.names].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1)).map(entryOf);
  return [`# ${door.name}`, ...parts, ""].join("\n\n");
}

/** Functions and classes before the types that they speak of. */
const rank = ({ commented }: ExportedName): number => (/^(interface|type)\b/.test(commented) ? 1 : 0);

function entryOf({ name, comment, commented }: ExportedName): string {
  return [
    `## ${name}`,
    commentAsMarkdown(comment),
    `\`\`\`typescript\n${commented.replace(/\{@link ([^}]+)\}/g, "$1")}\n\`\`\``,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** Words of a comment: links to names as code, `Throws` and `@param` as lines of a list; its blocks as they are. */
function commentAsMarkdown(comment: string): string {
  return comment
    .split(/^(```[\s\S]*?^```)$/m)
    .map((part) => (part.startsWith("```") ? part : wordsOf(part)))
    .join("")
    .trim();
}

function wordsOf(text: string): string {
  return text
    .replace(/\{@link ([^}]+)\}/g, "`$1`")
    .replace(/^@param (\S+) /gm, "\n- `$1`: ")
    .replace(/^@returns? /gm, "\n- Returns ")
    .replace(/^@default /gm, "\n- Default: ")
    .replace(/^(Throws|Returns|Shapes?|Ranges?|Formula|Gradient|Source|Units?)( {2,})/gm, "\n- **$1** ")
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replaceAll("<", "&lt;").replaceAll("{{", "{&#123;")))
    .join("");
}
