import { parseAst } from "vitest/node";

/** The kinds of changes that are tried. */
export const MUTATORS = [
  "comparison",
  "arithmetic",
  "boolean",
  "constant",
  "removed call",
  "swapped arguments",
] as const;

/** One small change of a source file: `from`, at `start`, becomes `to`. */
export interface Mutant {
  readonly kind: (typeof MUTATORS)[number];
  /** From 1. */
  readonly line: number;
  readonly start: number;
  readonly from: string;
  readonly to: string;
  /** The expression, the arguments or the statement that a switch chooses in place of, by places in the file. */
  readonly whole: Span;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** A node of the syntax tree, of which only the places and the children are of interest. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const COMPARISONS: Readonly<Record<string, readonly string[]>> = {
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "===": ["!=="],
  "!==": ["==="],
};
const ARITHMETIC: Readonly<Record<string, string>> = {
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "*",
  "**": "*",
  "<<": ">>",
  ">>": "<<",
  ">>>": "<<",
  "&": "|",
  "|": "&",
  "+=": "-=",
  "-=": "+=",
  "*=": "/=",
  "/=": "*=",
  "++": "--",
  "--": "++",
};
const LOGIC: Readonly<Record<string, string>> = { "&&": "||", "||": "&&" };
/** Type annotations are erased: nothing runs in them. These wrap something that does. */
const RUNNING_TYPES = new Set([
  "TSAsExpression",
  "TSNonNullExpression",
  "TSSatisfiesExpression",
  "TSParameterProperty",
]);

/** Every mutant of a TypeScript file, in the order of the file. */
export function mutantsOf(code: string): Mutant[] {
  const found: Omit<Mutant, "line">[] = [];
  const text = (node: Node): string => code.slice(node.start, node.end);
  const change = (kind: Mutant["kind"], whole: Span, start: number, from: string, to: string): void => {
    found.push({ kind, start, from, to, whole: { start: whole.start, end: whole.end } });
  };
  /** An operator stands between its operands; parentheses and comments may stand there too. */
  const operator = (kind: Mutant["kind"], node: Node, left: Node, right: Node, to: string): void => {
    const between = code
      .slice(left.end, right.start)
      .replace(/\/\*.*?\*\/|\/\/.*/g, (c) => " ".repeat(c.length));
    const at = between.indexOf(node["operator"] as string);
    if (at >= 0) change(kind, node, left.end + at, node["operator"] as string, to);
  };

  const visit = (node: Node): void => {
    const { type } = node;
    if (type.startsWith("TS") && !RUNNING_TYPES.has(type)) return;
    if (type === "ImportDeclaration" || type === "ExportAllDeclaration") return;
    if (isForNobody(node, text)) return;
    if (type === "BinaryExpression") {
      const [left, right, sign] = [node["left"] as Node, node["right"] as Node, node["operator"] as string];
      for (const to of COMPARISONS[sign] ?? []) operator("comparison", node, left, right, to);
      const other = ARITHMETIC[sign];
      if (other && ![left, right].some(isText)) operator("arithmetic", node, left, right, other);
    } else if (type === "LogicalExpression") {
      const to = LOGIC[node["operator"] as string];
      const [left, right] = [node["left"] as Node, node["right"] as Node];
      if (to) operator("boolean", node, left, right, to);
      // The value in place of an absent one goes; && and ?? do not mix without parentheses.
      else change("boolean", node, node.start, text(node), `(${text(left)}) && (${text(right)})`);
    } else if (type === "AssignmentExpression") {
      const to = ARITHMETIC[node["operator"] as string];
      if (to && !isText(node["right"] as Node))
        operator("arithmetic", node, node["left"] as Node, node["right"] as Node, to);
    } else if (type === "UpdateExpression") {
      const sign = node["operator"] as string;
      change("arithmetic", node, node["prefix"] ? node.start : node.end - 2, sign, ARITHMETIC[sign]!);
    } else if (type === "UnaryExpression" && node["operator"] === "!") {
      change("boolean", node, node.start, "!", "");
    } else if (type === "IfStatement" || type === "ConditionalExpression") {
      const test = node["test"] as Node;
      if (["Identifier", "CallExpression", "MemberExpression"].includes(test.type))
        change("boolean", test, test.start, text(test), `!(${text(test)})`);
    } else if (type === "Literal") {
      const { value } = node;
      if (typeof value === "boolean") change("boolean", node, node.start, text(node), String(!value));
      if (typeof value === "number")
        change(
          "constant",
          node,
          node.start,
          text(node),
          value === 1 ? "0" : value === 0 ? "1" : `(${text(node)} + 1)`,
        );
    } else if (type === "ExpressionStatement") {
      const expression = node["expression"] as Node;
      const call = expression.type === "AwaitExpression" ? (expression["argument"] as Node) : expression;
      if (call.type === "CallExpression" && (call["callee"] as Node).type !== "Super")
        change("removed call", node, node.start, text(node), ";");
    }
    if (type === "CallExpression" || type === "NewExpression") {
      const [a, b] = node["arguments"] as Node[];
      const mutual = /^Math\.(?:max|min|hypot|imul)$/.test(text(node["callee"] as Node));
      if (a && b && !mutual && swappable(a) && swappable(b) && text(a) !== text(b)) {
        const from = code.slice(a.start, b.end);
        change(
          "swapped arguments",
          { start: a.start, end: b.end },
          a.start,
          from,
          text(b) + code.slice(a.end, b.start) + text(a),
        );
      }
    }
    for (const [key, value] of Object.entries(node)) {
      // The name of a property is no value; a computed one is.
      if (key === "key" && node["computed"] !== true) continue;
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child);
    }
  };
  visit(parseAst(code, { lang: "ts" }) as unknown as Node);
  let line = 1;
  let seen = 0;
  return found
    .sort((a, b) => a.start - b.start)
    .map((mutant) => {
      for (; seen < mutant.start; seen++) if (code[seen] === "\n") line++;
      return { ...mutant, line };
    });
}

/** The file with mutants in it that `__mutant` of switch.js turns on by number; no two of them may overlap. */
export function switched(
  code: string,
  mutants: readonly (Omit<Mutant, "kind"> & { readonly id: number; readonly kind: string })[],
): string {
  let result = code;
  for (const { id, kind, start, from, to, whole } of mutants.toSorted((a, b) => b.start - a.start)) {
    const before = code.slice(whole.start, whole.end);
    const after = code.slice(whole.start, start) + to + code.slice(start + from.length, whole.end);
    const choice =
      kind === "removed call"
        ? `{ if (!__mutant(${id})) ${before} }`
        : kind === "swapped arguments"
          ? `...(__mutant(${id}) ? [${after}] : [${before}])`
          : `(__mutant(${id}) ? (${after}) : (${before}))`;
    result = result.slice(0, whole.start) + choice + result.slice(whole.end);
  }
  return result;
}

/** True of two mutants whose places overlap. */
export function overlap({ whole: a }: Pick<Mutant, "whole">, { whole: b }: Pick<Mutant, "whole">): boolean {
  return a.start < b.end && b.start < a.end;
}

/** Constants that decide how long something takes or may take, and nothing else. */
const FOR_SPEED = /^[A-Z0-9_]*(?:_MS|_SECONDS|TIMEOUT|CHUNK|BATCH|BUFFER|THREADS|PAUSE|WAIT|ATTEMPTS)/;

/** Code whose change no user could see: guards of what cannot be, and lengths of time and of portions of work. */
function isForNobody(node: Node, text: (node: Node) => string): boolean {
  const { type } = node;
  if (type === "ThrowStatement") return /^throw internal\(/.test(text(node));
  if (type === "IfStatement")
    return node["alternate"] === null && /^\{?\s*throw internal\(/.test(text(node["consequent"] as Node));
  const start = node["init"] as Node | null | undefined;
  if (
    type === "VariableDeclarator" &&
    start &&
    ["Literal", "BinaryExpression", "ArrayExpression"].includes(start.type)
  )
    return FOR_SPEED.test(text(node["id"] as Node));
  return type === "CallExpression" && /^(?:sleep|delay)$/.test(text(node["callee"] as Node));
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as Node).type === "string";
}

function isText(node: Node): boolean {
  return node.type === "TemplateLiteral" || (node.type === "Literal" && typeof node["value"] === "string");
}

/** Tells whether an argument may stand in another's place without the mistake being plain at once. */
function swappable(node: Node): boolean {
  return (
    ["Identifier", "MemberExpression", "BinaryExpression", "UnaryExpression", "CallExpression"].includes(
      node.type,
    ) ||
    (node.type === "Literal" && typeof node["value"] === "number")
  );
}
