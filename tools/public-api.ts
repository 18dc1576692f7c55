import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import {
  isClassDeclaration,
  isExportDeclaration,
  isIdentifier,
  isPrivateIdentifier,
  isVariableDeclaration,
  type Node,
} from "typescript/unstable/ast";
import {
  API,
  type Checker,
  type Project,
  SymbolFlags,
  type Symbol as TypeSymbol,
} from "typescript/unstable/sync";

const ROOT = resolve(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");

/** A name of a door and what it stands for. */
export interface ExportedName {
  readonly name: string;
  /** The file of dist/ that declares it, and its name there: two names that share both are one thing. */
  readonly declaredIn: string;
  readonly declaredAs: string;
  /** Its declarations without comments and private members. */
  readonly text: string;
  /** The words of its comment, as Markdown; empty without one. */
  readonly comment: string;
  /** Its declarations with the comments of their members. */
  readonly commented: string;
  /** The place where it has to be imported from to be named in code: types of dist/ that the declarations mention. */
  readonly mentions: readonly { readonly name: string; readonly declaredIn: string }[];
}

/** A path of package.json's `exports`, and the names behind it in the order of the alphabet. */
export interface Door {
  /** `arcface-ts/search` */
  readonly name: string;
  /** The declarations it leads to: `dist/search/index.d.ts`. */
  readonly file: string;
  readonly names: readonly ExportedName[];
}

/** The doors of package.json with the files that declare them. */
function doorFiles(): { readonly name: string; readonly types: string }[] {
  const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    exports: Record<string, string | { readonly types: string }>;
  };
  return Object.entries(exports).flatMap(([door, target]) =>
    typeof target === "string" ? [] : [{ name: `arcface-ts${door.slice(1)}`, types: target.types.slice(2) }],
  );
}

/** Every door of the built package, read with TypeScript's own checker. */
export function readDoors(): Door[] {
  const files = doorFiles();
  using project = openProject(files.map(({ types }) => join(ROOT, types)));
  const { program, checker } = project.opened;
  return files.map(({ name, types }) => {
    const source = program.getSourceFile(join(ROOT, types));
    const module = source && checker.getSymbolAtLocation(source);
    if (!module) throw new Error(`${types}: expected a module, got none; is the package built?`);
    const names = checker.getExportsOfModule(module).map((symbol) => exportedName(project.opened, symbol));
    return { name, file: types, names: names.sort((a, b) => (a.name < b.name ? -1 : 1)) };
  });
}

function openProject(files: readonly string[]): { readonly opened: Project } & Disposable {
  const path = join(ROOT, "tsconfig.doors.json");
  const text = JSON.stringify({
    extends: "./tsconfig.json",
    compilerOptions: { noEmit: true },
    files,
    include: [],
  });
  const api = new API({
    cwd: ROOT,
    fs: {
      readFile: (file) => (file === path ? text : undefined),
      fileExists: (file) => (file === path ? true : undefined),
    },
  });
  const opened = api.updateSnapshot({ openProjects: [path] }).getProject(path);
  if (!opened) throw new Error(`${path}: expected a project, got none`);
  return { opened, [Symbol.dispose]: () => api.close() };
}

const ALIAS = SymbolFlags.Alias;
/** Declarations that can be named as a type; a constant that `typeof` looks at needs no name outside. */
const TYPE = SymbolFlags.Class | SymbolFlags.Interface | SymbolFlags.Enum | SymbolFlags.TypeAlias;
const target = (checker: Checker, symbol: TypeSymbol): TypeSymbol =>
  (symbol.flags & ALIAS) === 0 ? symbol : checker.getAliasedSymbol(symbol);

function exportedName(project: Project, symbol: TypeSymbol): ExportedName {
  const { checker } = project;
  const real = target(checker, symbol);
  const nodes = real.declarations.map((handle) => statementOf(handle.resolve(project)!));
  const mentions = new Map<string, { name: string; declaredIn: string }>();
  for (const node of nodes) {
    for (const identifier of identifiersOf(node)) {
      const found = checker.getSymbolAtLocation(identifier);
      if (!found) continue;
      const meant = target(checker, found);
      const [at] = meant.declarations;
      const home = at && relative(DIST, at.path);
      if (!home || home.startsWith("..") || (meant.flags & TYPE) === 0 || !isTopLevel(at.resolve(project)!))
        continue;
      mentions.set(`${home}:${meant.name}`, { name: meant.name, declaredIn: home });
    }
  }
  return {
    name: symbol.name,
    declaredIn: relative(DIST, real.declarations[0]!.path),
    declaredAs: real.name,
    text: nodes.map(textOf).join("\n"),
    comment: commentBefore(nodes[0]!, real.declarations[0]!.path),
    commented: nodes.map(commentedTextOf).join("\n"),
    mentions: [...mentions.values()],
  };
}

/** A variable's whole statement: what it is declared as stands before it. */
const statementOf = (node: Node): Node => (isVariableDeclaration(node) ? node.parent.parent : node);

const isTopLevel = (node: Node): boolean => {
  const holder = statementOf(node).parent;
  return holder.parent === undefined;
};

/** Members that nobody outside can reach. */
const isPrivate = (node: Node): boolean => {
  const name = (node as { readonly name?: Node }).name;
  return (
    (name !== undefined && isPrivateIdentifier(name)) ||
    /^(\/\*[\s\S]*?\*\/\s*)?private /.test(node.getText())
  );
};

function* identifiersOf(node: Node): Generator<Node> {
  if (isIdentifier(node)) yield node;
  if (isExportDeclaration(node)) return;
  const children: Node[] = [];
  node.forEachChild((child) => {
    children.push(child);
    return undefined;
  });
  for (const child of children) if (!isPrivate(child)) yield* identifiersOf(child);
}

/** The comment that stands before a declaration, without its stars. */
function commentBefore(node: Node, path: string): string {
  const before = readFileSync(path, "utf8").slice(node.getFullStart(), node.getStart());
  const [, comment = ""] = /\/\*\*([\s\S]*?)\*\/\s*$/.exec(before) ?? [];
  return comment.replace(/^[ \t]*\* ?/gm, "").trim();
}

/** A declaration in one form: without comments, private members and what says that it is one. */
function textOf(node: Node): string {
  return commentedTextOf(node)
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "")
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .join("\n");
}

/** A declaration without private members and what says that it is one. */
function commentedTextOf(node: Node): string {
  const text = node.getText();
  const start = node.getStart();
  const members: Node[] = [];
  if (isClassDeclaration(node)) members.push(...node.members.filter(isPrivate));
  let shown = "";
  let at = 0;
  for (const member of members) {
    shown += text.slice(at, member.getFullStart() - start);
    at = member.getEnd() - start;
  }
  shown += text.slice(at);
  return shown
    .replace(/^(export )?(declare )?/, "")
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .join("\n");
}

/** Types that a door's signatures mention and no door exports, and where: with one of them nothing can be named. */
export function missingTypes(doors: readonly Door[]): string[] {
  const exported = new Set(
    doors.flatMap(({ names }) => names.map(({ declaredAs, declaredIn }) => `${declaredIn}:${declaredAs}`)),
  );
  const missing = new Map<string, string>();
  for (const door of doors) {
    for (const { name, mentions } of door.names) {
      for (const each of mentions) {
        const key = `${each.declaredIn}:${each.name}`;
        if (!exported.has(key))
          missing.set(key, `${each.name} of ${each.declaredIn}, mentioned by ${name} of ${door.name}`);
      }
    }
  }
  return [...missing.values()].sort();
}

/** Names that mean one thing behind one door and another behind another. */
export function ambiguousNames(doors: readonly Door[]): string[] {
  const meanings = new Map<string, Map<string, string>>();
  for (const door of doors) {
    for (const { name, declaredAs, declaredIn } of door.names) {
      const known = meanings.get(name) ?? new Map<string, string>();
      known.set(`${declaredIn}:${declaredAs}`, door.name);
      meanings.set(name, known);
    }
  }
  return [...meanings]
    .filter(([, known]) => known.size > 1)
    .map(
      ([name, known]) => `${name}: ${[...known].map(([what, door]) => `${what} behind ${door}`).join(", ")}`,
    )
    .sort();
}

/** The report of every door by the name of its file in docs/api. A thing is shown behind the door of its own chapter. */
export function apiReports(doors: readonly Door[]): ReadonlyMap<string, string> {
  const home = new Map<string, Door>();
  for (const door of doors) {
    for (const { declaredAs, declaredIn } of door.names) {
      const key = `${declaredIn}:${declaredAs}`;
      const known = home.get(key);
      if (!known || chapterLength(door, declaredIn) > chapterLength(known, declaredIn)) home.set(key, door);
    }
  }
  return new Map(
    doors.map((door) => {
      const own: string[] = [];
      const elsewhere = new Map<string, string[]>();
      for (const { name, declaredAs, declaredIn, text } of door.names) {
        const at = home.get(`${declaredIn}:${declaredAs}`)!;
        if (at === door) own.push(text);
        else elsewhere.set(at.name, [...(elsewhere.get(at.name) ?? []), name]);
      }
      const others = [...elsewhere].sort(([a], [b]) => (a < b ? -1 : 1));
      const body = [
        ...others.map(([from, names]) => `export { ${names.join(", ")} } from "${from}";`),
        ...own,
      ].join("\n\n");
      const file = `${door.name.split("/").slice(1).join("-") || "index"}.md`;
      return [file, `# ${door.name}\n\nWritten by \`npm run api\`.\n\n\`\`\`typescript\n${body}\n\`\`\`\n`];
    }),
  );
}

/** The length of a declaration's path that is the door's folder; -1 where it is another chapter's. */
function chapterLength({ file }: Door, declaredIn: string): number {
  const folder = relative("dist", file).replace(/index\.d\.ts$/, "");
  return declaredIn.startsWith(folder) ? folder.length : -1;
}

/** Names that the command line takes from the library and no door exports. */
export function behindNoDoor(doors: readonly Door[]): string[] {
  const exported = new Map(
    doors.flatMap(({ names }) => names.map((each) => [each.name, each.declaredIn] as const)),
  );
  const openPaths = new Set(doors.map(({ file }) => file.replace(/^dist\//, "").replace(/\.d\.ts$/, ".ts")));
  return takenByCommandLine().flatMap(({ name, from, names }) =>
    names
      // Of a chapter that is no door itself, the root's door has the words that are meant for everybody.
      .filter((each) => !openPaths.has(from) && !exported.get(each)?.startsWith(`${dirname(from)}/`))
      .map((each) => `${name} takes ${each} of ${from}`),
  );
}

/** The imports of the command line from the rest of the library: the file they are from, and the names. */
function takenByCommandLine(): { readonly name: string; readonly from: string; readonly names: string[] }[] {
  const folder = join(ROOT, "src", "cli");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .flatMap((name) => {
      const text = readFileSync(join(folder, name), "utf8");
      const fixed = [...text.matchAll(/(?:import|export) (?:type )?\{([^}]*)\} from "(\.[^"]+)"/g)];
      const late = [...text.matchAll(/import\("(\.[^"]+)"\)/g)].map(([, from]) => ["", "*", from] as const);
      return [...fixed, ...late].map(([, names, from]) => ({
        name,
        from: relative(join(ROOT, "src"), resolve(folder, dirname(name), from!)),
        names: names!
          .split(",")
          .map((each) =>
            each
              .trim()
              .replace(/^type /, "")
              .replace(/ as .*$/, ""),
          )
          .filter((each) => each !== ""),
      }));
    })
    .filter(({ from }) => !from.startsWith("cli/"));
}
