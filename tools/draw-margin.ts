/**
 * Draws the pictures of docs/margin.md from the formulas that the heads are tested against.
 *
 * npx tsx tools/draw-margin.ts [folder for PNG copies to look at]
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderPng } from "../src/plot/index.ts";
import {
  arcFaceMargin,
  combinedMargin,
  cosFaceMargin,
  type MarginFunction,
  NO_MARGIN,
  sphereFaceMargin,
} from "../src/train/heads/margin-function.ts";

const RAD = Math.PI / 180;
const M = 0.5;

/** Colours told apart by eyes that do not see red and green apart; dash patterns say the same again. */
const [BLUE, ORANGE, GREEN, PURPLE, GREY] = ["#0a78b8", "#d9660a", "#0b9b75", "#b565a0", "#808a96"] as const;

const STYLE = `<style>
text { font-family: "DejaVu Sans", sans-serif; font-size: 12px; fill: #27303b; }
.title { font-weight: bold; font-size: 13px; }
.small { font-size: 10.5px; fill: #5a6673; }
.axis { stroke: #5a6673; fill: none; stroke-width: 1; }
.grid { stroke: #d5dae0; fill: none; stroke-width: 1; }
.ink { stroke: #27303b; fill: none; stroke-width: 1.5; }
.paper { fill: #ffffff; }
@media (prefers-color-scheme: dark) {
  text { fill: #e3e8ee; } .small { fill: #a5b0bc; } .axis { stroke: #a5b0bc; } .grid { stroke: #343d48; }
  .ink { stroke: #e3e8ee; } .paper { fill: #14191f; }
}
</style>`;

interface Scale {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

const round = (value: number): number => Math.round(value * 100) / 100;
const path = (points: readonly (readonly [number, number])[]): string =>
  points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join("");
const text = (x: number, y: number, words: string, anchor = "start", style = ""): string =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${style && ` class="${style}"`}>${words}</text>`;

function document(title: string, width: number, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<title>${title}</title>
${STYLE}
<rect class="paper" width="${width}" height="${height}"/>
${parts.join("\n")}
</svg>
`;
}

/** A frame with axes; ticks are [value, label]. */
function panel(
  box: { left: number; top: number; width: number; height: number },
  x: { from: number; to: number; ticks: readonly [number, string][]; label: string },
  y: { from: number; to: number; ticks: readonly [number, string][]; label: string },
): { scale: Scale; parts: string[] } {
  const { left, top, width, height } = box;
  const scale: Scale = {
    x: (value) => left + ((value - x.from) / (x.to - x.from)) * width,
    y: (value) => top + height - ((value - y.from) / (y.to - y.from)) * height,
  };
  const parts = [
    ...x.ticks.flatMap(([value, label]) => [
      `<path class="grid" d="M${round(scale.x(value))} ${top}V${top + height}"/>`,
      text(scale.x(value), top + height + 15, label, "middle", "small"),
    ]),
    ...y.ticks.flatMap(([value, label]) => [
      `<path class="grid" d="M${left} ${round(scale.y(value))}H${left + width}"/>`,
      text(left - 6, scale.y(value) + 4, label, "end", "small"),
    ]),
    `<rect class="axis" x="${left}" y="${top}" width="${width}" height="${height}"/>`,
    text(left + width / 2, top + height + 33, x.label, "middle"),
    `<text transform="translate(${left - 36} ${top + height / 2}) rotate(-90)" text-anchor="middle">${y.label}</text>`,
  ];
  return { scale, parts };
}

const degreeTicks = (to: number, step: number): [number, string][] =>
  Array.from({ length: to / step + 1 }, (_, i) => [i * step, `${i * step}°`]);

interface Line {
  readonly name: string;
  readonly colour: string;
  readonly dash?: string;
  readonly of: (degrees: number) => number;
  readonly width?: number;
}

/** A line, broken where it jumps or leaves [low, high]. */
function curve(scale: Scale, line: Line, low: number, high: number, from = 0, to = 180): string {
  let d = "";
  let last = Number.NaN;
  for (let degrees = from; degrees <= to; degrees += 0.25) {
    const value = line.of(degrees);
    const inside = value >= low && value <= high;
    const joined = inside && Math.abs(value - last) < (high - low) / 40;
    if (inside) d += `${joined ? "L" : "M"}${round(scale.x(degrees))} ${round(scale.y(value))}`;
    last = inside ? value : Number.NaN;
  }
  const dash = line.dash === undefined ? "" : ` stroke-dasharray="${line.dash}"`;
  return `<path d="${d}" fill="none" stroke="${line.colour}" stroke-width="${line.width ?? 2.2}"${dash}/>`;
}

function legend(left: number, top: number, lines: readonly Line[]): string[] {
  return lines.flatMap(({ name, colour, dash, width = 2.2 }, i) => [
    `<path d="M${left} ${top + i * 18}h26" stroke="${colour}" stroke-width="${width}"${dash === undefined ? "" : ` stroke-dasharray="${dash}"`}/>`,
    text(left + 33, top + i * 18 + 4, name),
  ]);
}

/** Angles on the circle: two class centres, a feature, and where the margin moves the boundary. */
function geometry(): string {
  const [cx, cy, r] = [210, 235, 170];
  const at = (degrees: number, radius = r): [number, number] => [
    cx + radius * Math.cos(degrees * RAD),
    cy - radius * Math.sin(degrees * RAD),
  ];
  const wedge = (from: number, to: number, colour: string, opacity: number): string => {
    const steps = Array.from({ length: 41 }, (_, i) => at(from + ((to - from) * i) / 40));
    return `<path d="M${cx} ${cy}L${path(steps).slice(1)}Z" fill="${colour}" fill-opacity="${opacity}"/>`;
  };
  const arrow = (degrees: number, colour: string, label: string, radius = r): string => {
    const [x, y] = at(degrees, radius);
    const [lx, ly] = at(degrees, radius + 20);
    return `<path d="M${cx} ${cy}L${round(x)} ${round(y)}" stroke="${colour}" stroke-width="3"/><circle cx="${round(x)}" cy="${round(y)}" r="5" fill="${colour}"/>${text(lx, ly + 4, label, "middle", "title")}`;
  };
  const angle = (from: number, to: number, radius: number, label: string): string => {
    const steps = Array.from({ length: 31 }, (_, i) => at(from + ((to - from) * i) / 30, radius));
    const [lx, ly] = at((from + to) / 2, radius + 14);
    return `<path class="ink" d="${path(steps)}"/>${text(lx, ly + 4, label, "middle")}`;
  };
  const ray = (degrees: number, dash: string): string => {
    const [x, y] = at(degrees, r + 4);
    return `<path class="ink" d="M${cx} ${cy}L${round(x)} ${round(y)}" stroke-dasharray="${dash}"/>`;
  };
  // Centres 80° apart: without a margin the border is half way; ArcFace asks 28.6° more on either side.
  const [w1, w2] = [20, 100];
  const middle = (w1 + w2) / 2;
  const half = M / RAD / 2;
  const parts = [
    wedge(w1 - 40, middle - half, BLUE, 0.22),
    wedge(middle - half, middle + half, GREY, 0.25),
    wedge(middle + half, w2 + 40, ORANGE, 0.22),
    `<circle class="axis" cx="${cx}" cy="${cy}" r="${r}"/>`,
    ray(middle, "2 4"),
    ray(middle - half, "7 4"),
    ray(middle + half, "7 4"),
    arrow(w1, BLUE, "W₁"),
    arrow(w2, ORANGE, "W₂"),
    arrow(38, GREEN, "x"),
    angle(w1, 38, 60, "θ₁"),
    angle(38, w2, 100, "θ₂"),
    ...[
      ["title", "One circle, three borders"],
      ["", "All vectors have length 1: only angles are left."],
      ["", "x belongs to class 1 when θ₁ &lt; θ₂:"],
      ["", "the border lies half way (dotted)."],
      ["", ""],
      ["", "ArcFace trains as if θ₁ were larger by m:"],
      ["", "class 1 is reached when θ₁ + m &lt; θ₂ and class 2"],
      ["", "when θ₂ + m &lt; θ₁ (dashed)."],
      ["", ""],
      ["", "Between the dashed borders lies a grey wedge"],
      ["", `m = ${M} rad = ${(M / RAD).toFixed(1)}° wide in which neither`],
      ["", "class is satisfied. Training empties it."],
    ].map(([style, words], i) => text(430, 105 + i * 20, words!, "start", style)),
  ];
  return document("Two classes on a circle", 760, 440, parts);
}

/** The place where each head draws the line between two classes. */
function decisionBoundaries(): string {
  const heads: { name: string; formula: string; border: (own: number) => number[] }[] = [
    {
      name: "softmax",
      formula: "‖W₁‖ cos θ₁ = ‖W₂‖ cos θ₂",
      // Lengths 1 and 1.5: the border bends towards the shorter.
      border: (own) => [Math.acos(clamp(Math.cos(own * RAD) / 1.5)) / RAD],
    },
    { name: "normalised softmax", formula: "cos θ₁ = cos θ₂", border: (own) => [own] },
    {
      name: "SphereFace, m = 2",
      formula: "ψ(θ₁) = cos θ₂",
      border: (own) => [borderOf(sphereFaceMargin(2), own)],
    },
    {
      name: "CosFace, m = 0.35",
      formula: "cos θ₁ − m = cos θ₂",
      border: (own) => [borderOf(cosFaceMargin(0.35), own)],
    },
    {
      name: "ArcFace, m = 0.5",
      formula: "cos(θ₁ + m) = cos θ₂",
      border: (own) => [borderOf(arcFaceMargin(M), own)],
    },
    {
      name: "combined 1, 0.3, 0.2",
      formula: "cos(θ₁ + m₂) − m₃ = cos θ₂",
      border: (own) => [borderOf(combinedMargin(1, 0.3, 0.2), own)],
    },
  ];
  const [side, gapX, gapY] = [180, 72, 96];
  const parts = heads.flatMap(({ name, formula, border }, i) => {
    const left = 62 + (i % 3) * (side + gapX);
    const top = 48 + Math.floor(i / 3) * (side + gapY);
    const ticks = degreeTicks(90, 30);
    const { scale, parts: frame } = panel(
      { left, top, width: side, height: side },
      { from: 0, to: 90, ticks, label: "θ₁" },
      { from: 0, to: 90, ticks, label: "θ₂" },
    );
    const angles = Array.from({ length: 361 }, (_, step) => step / 4);
    const line = (mirrored: boolean): [number, number][] =>
      angles.flatMap((own): [number, number][] => {
        const other = border(own)[0]!;
        if (!(other >= 0 && other <= 90)) return [];
        return [mirrored ? [scale.x(other), scale.y(own)] : [scale.x(own), scale.y(other)]];
      });
    const first = line(false);
    const symmetric = name !== "softmax";
    const second = symmetric ? line(true) : first;
    // Class 1 above its line, class 2 below its own.
    const [x0, x1, y0, y1] = [scale.x(0), scale.x(90), scale.y(0), scale.y(90)];
    const lastX = first[first.length - 1]![0];
    const above = `${path([[x0, y1], ...first, [lastX, y1]])}Z`;
    const below = `${path([...second, [x1, second[second.length - 1]![1]], [x1, y0], [second[0]![0], y0]])}Z`;
    return [
      `<path d="${above}" fill="${BLUE}" fill-opacity="0.3"/>`,
      `<path d="${below}" fill="${ORANGE}" fill-opacity="0.3"/>`,
      ...frame,
      `<path d="${path(first)}" fill="none" stroke="${BLUE}" stroke-width="2.2"/>`,
      symmetric
        ? `<path d="${path(second)}" fill="none" stroke="${ORANGE}" stroke-width="2.2" stroke-dasharray="6 4"/>`
        : "",
      text(left + side / 2, top - 24, name, "middle", "title"),
      text(left + side / 2, top - 8, formula, "middle", "small"),
      text(scale.x(14), scale.y(76), "class 1"),
      text(scale.x(85), scale.y(8), "class 2", "end"),
    ];
  });
  return document(
    "Where each head draws the line",
    62 + 3 * side + 2 * gapX + 24,
    48 + 2 * side + gapY + 52,
    parts,
  );
}

const clamp = (value: number): number => Math.max(-1, Math.min(1, value));

/** The angle to the other class at which the own class's target equals its cosine; beyond 180° none. */
function borderOf(margin: MarginFunction, ownDegrees: number): number {
  const target = margin.value(ownDegrees * RAD);
  return target < -1 ? Number.NaN : Math.acos(clamp(target)) / RAD;
}

const of = (margin: MarginFunction) => (degrees: number) => margin.value(degrees * RAD);

/** Three gradients of ArcFace: what goes forward and what goes back. */
function threeGradients(): string {
  const kinds = [
    { kind: "plain-arccos", colour: ORANGE, dash: "3 4", width: 2.6 },
    { kind: "straight-through", colour: PURPLE, dash: "10 5", width: 2.6 },
    { kind: "analytic", colour: BLUE, width: 2.2 },
  ] as const;
  const values: Line[] = [
    { name: "cos θ, no margin", colour: GREY, of: of(NO_MARGIN), width: 1.5 },
    ...kinds.map(({ kind, ...look }) => ({ name: kind, ...look, of: of(arcFaceMargin(M, kind)) })),
  ];
  const slopes: Line[] = [
    { name: "cos θ", colour: GREY, of: () => 1, width: 1.5 },
    ...kinds.map(({ kind, ...look }) => {
      const margin = arcFaceMargin(M, kind);
      return { name: kind, ...look, of: (degrees: number) => margin.slope(degrees * RAD) };
    }),
  ];
  const turn = 180 - M / RAD;
  const x = { from: 0, to: 180, ticks: degreeTicks(180, 30), label: "θ, angle to the own class" };
  const ticks = (values: number[]): [number, string][] =>
    values.map((value) => [value, String(value).replace("-", "−")]);
  const left = panel({ left: 60, top: 44, width: 330, height: 280 }, x, {
    from: -1.4,
    to: 1,
    ticks: ticks([-1, -0.5, 0, 0.5, 1]),
    label: "logit / s",
  });
  const right = panel({ left: 480, top: 44, width: 330, height: 280 }, x, {
    from: -2,
    to: 4,
    ticks: ticks([-2, -1, 0, 1, 2, 3, 4]),
    label: "derivative by cos θ, as training sees it",
  });
  const mark = ({ scale }: { scale: Scale }, top: number, height: number): string =>
    `<path class="axis" stroke-dasharray="2 3" d="M${round(scale.x(turn))} ${top}V${top + height}"/>${text(scale.x(turn) - 5, top + height - 8, "π − m", "end", "small")}`;
  return document("The three gradients of ArcFace", 840, 440, [
    ...left.parts,
    ...right.parts,
    mark(left, 44, 280),
    mark(right, 44, 280),
    ...values.map((line) => curve(left.scale, line, -1.4, 1)),
    ...slopes.map((line) => curve(right.scale, line, -2, 4)),
    text(60, 30, "going forward: the own class's logit", "start", "title"),
    text(480, 30, "going back: the gradient", "start", "title"),
    ...legend(70, 386, values.slice(0, 2)),
    ...legend(250, 386, values.slice(2)),
    text(480, 390, "Past π − m plain-arccos turns round: a picture there is pulled", "start", "small"),
    text(480, 405, "away from its class. analytic goes on in a straight line,", "start", "small"),
    text(480, 420, "straight-through ignores what the margin does to the slope.", "start", "small"),
  ]);
}

/** The logit that each head demands at each angle. */
function targetLogits(): string {
  const lines: Line[] = [
    { name: "cos θ: normalised softmax", colour: GREY, of: of(NO_MARGIN), width: 1.6 },
    { name: "ArcFace, m = 0.5", colour: BLUE, of: of(arcFaceMargin(M)) },
    { name: "CosFace, m = 0.35", colour: ORANGE, dash: "9 4", of: of(cosFaceMargin(0.35)) },
    { name: "combined 1, 0.3, 0.2", colour: GREEN, dash: "3 3", of: of(combinedMargin(1, 0.3, 0.2)) },
    { name: "SphereFace, m = 4, λ = 5", colour: PURPLE, dash: "12 4 3 4", of: annealedSphere },
  ];
  const { scale, parts } = panel(
    { left: 60, top: 20, width: 430, height: 340 },
    { from: 0, to: 180, ticks: degreeTicks(180, 30), label: "θ, angle to the own class" },
    {
      from: -2,
      to: 1,
      ticks: [-2, -1.5, -1, -0.5, 0, 0.5, 1].map((value) => [value, String(value).replace("-", "−")]),
      label: "logit of the own class / scale",
    },
  );
  return document("The own class's logit by angle", 720, 420, [
    ...parts,
    ...lines.map((line) => curve(scale, line, -2, 1)),
    ...legend(512, 40, lines),
  ]);
}

const sphere = sphereFaceMargin(4);
/** The end of the released settings: five parts cosine to one part ψ. */
const annealedSphere = (degrees: number): number =>
  (5 * Math.cos(degrees * RAD) + sphere.value(degrees * RAD)) / 6;

const folder = join(import.meta.dirname, "..", "docs", "margin");
mkdirSync(folder, { recursive: true });
const copies = process.argv[2];
for (const [name, svg] of Object.entries({
  geometry: geometry(),
  "decision-boundaries": decisionBoundaries(),
  "three-gradients": threeGradients(),
  "target-logits": targetLogits(),
})) {
  writeFileSync(join(folder, `${name}.svg`), svg);
  if (copies) writeFileSync(join(copies, `${name}.png`), renderPng(svg, 1.5));
}
