/**
 * Eight hues that people with every common colour vision tell apart, readable on white and on near-black.
 *
 * Source    Okabe and Ito, "Color Universal Design", 2008, with its yellow and black, which vanish on one of the two
 *           backgrounds, replaced by brown and grey
 */
export const HUES: readonly string[] = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#9c6b3f",
  "#808894",
];

/** Shapes that go with the hues, so that nothing is told by colour alone. Names are Observable Plot's. */
export const SHAPES: readonly string[] = ["circle", "square", "triangle", "diamond", "star", "cross", "wye"];

/** Dashes that go with the hues of lines, in pixels drawn and left out; empty for a solid line. */
export const DASHES: readonly string[] = ["", "7 3", "2 3", "9 3 2 3", "4 2", "12 4", "2 2 6 2", "1 3"];

/** The mark of one group in every figure: 56 groups differ in hue, shape or both. */
export interface GroupStyle {
  readonly hue: string;
  readonly shape: string;
}

/** The styles of groups, in the order given: same order, same styles. */
export function groupStyles(groups: readonly string[]): Map<string, GroupStyle> {
  return new Map(
    groups.map((group, i) => [group, { hue: HUES[i % HUES.length]!, shape: SHAPES[i % SHAPES.length]! }]),
  );
}
