import {
  type ErrorPoint,
  embeddingMap,
  type GridRow,
  groupStyles,
  rocCurve,
  scoreHistogram,
  similarityMatrix,
  topKGrid,
} from "../../plot/index.ts";
import type { PairScores } from "../pair-scores.ts";
import type { Study } from "../run-study.ts";
import { count } from "./parts.ts";

/** More faces than these are shown by person in the matrix, and as shapes in the map. */
const MAX_MATRIX_FACES = 400;
const MAX_MATRIX_PEOPLE = 500;
const MAX_PICTURED = 1500;
const MAX_PICTURED_LARGE = 300;
/** Names of more people would take more of the map than the faces. */
const MAX_NAMED = 200;
const MAX_ROWS = 70;

/** The matrix of all faces, or of all people when there are too many faces; undefined without any. */
export function matrixFigure(study: Study): { svg: string; byPeople: boolean } | undefined {
  const { scores } = study;
  if (scores.faces === 0) return undefined;
  if (scores.faces <= MAX_MATRIX_FACES) {
    const order = scores.facesOf.flat();
    const cosines = new Float32Array(order.length ** 2);
    order.forEach((a, row) => {
      order.forEach((b, column) => {
        cosines[row * order.length + column] = scores.of(a, b);
      });
    });
    const groups = order.map((face) => scores.people[scores.person[face]!]!);
    return { svg: similarityMatrix({ cosines, groups }), byPeople: false };
  }
  const largest = [...scores.people.keys()]
    .sort((a, b) => scores.facesOf[b]!.length - scores.facesOf[a]!.length || a - b)
    .slice(0, MAX_MATRIX_PEOPLE)
    .sort((a, b) => a - b);
  const cosines = Float32Array.from({ length: largest.length ** 2 }, (_, i) =>
    meanCosine(scores, largest[Math.floor(i / largest.length)]!, largest[i % largest.length]!),
  );
  return {
    svg: similarityMatrix({ cosines, groups: largest.map((person) => scores.people[person]!) }),
    byPeople: true,
  };
}

/** The mean over pairs of faces; of a person's own faces over pairs of two, 1 with one face only. */
function meanCosine(scores: PairScores, a: number, b: number): number {
  let sum = 0;
  let count = 0;
  for (const one of scores.facesOf[a]!) {
    for (const other of scores.facesOf[b]!) {
      if (one === other) continue;
      sum += scores.of(one, other);
      count++;
    }
  }
  return count === 0 ? 1 : sum / count;
}

/** The first layout as a figure. @param thumbnails JPEG of every face, when there are few enough to show */
export function mapFigure(study: Study, thumbnails: readonly Uint8Array[] | undefined): string | undefined {
  const [layout] = study.layouts;
  if (!layout || study.faces.length === 0) return undefined;
  const points = study.faces.map(({ person, name }, i) => ({
    x: layout.x[i]!,
    y: layout.y[i]!,
    group: person,
    label: name,
    jpeg: thumbnails?.[i],
  }));
  const { people, faces } = study.scores;
  return embeddingMap(points, {
    groups: people,
    hulls: people.length <= 40,
    sidePx: 900,
    ...(thumbnails && people.length > MAX_NAMED ? { names: false } : {}),
    title: `${layout.label} of ${count(faces, "face")} of ${count(people.length, "person", "people")}`,
    note: thumbnails
      ? `${layout.note} Pictures are pushed apart until each can be seen, so lengths mean nothing.`
      : layout.note,
  });
}

/** The size at which faces are shown in the figures beside the page. */
export function picturedFaces({ faces }: Study): "large" | "small" | "none" {
  if (faces.length === 0 || faces.length > MAX_PICTURED) return "none";
  return faces.length <= MAX_PICTURED_LARGE ? "large" : "small";
}

/** Both kinds of scores; undefined without pairs of both kinds. */
export function histogramFigure(study: Study): string | undefined {
  if (!study.separation) return undefined;
  return scoreHistogram(study.scores.byKind(), { threshold: study.calibration?.threshold, widthPx: 600 });
}

/** The ROC of all pairs; undefined without pairs of both kinds. */
export function rocFigure(study: Study): string | undefined {
  if (!study.separation) return undefined;
  const { genuine, impostor } = study.scores.byKind();
  return rocCurve([{ label: study.model, points: errorPoints(genuine, impostor) }], {
    widthPx: 480,
    heightPx: 320,
  });
}

/** Errors at thresholds spread over the impostor scores, closely where false matches are rare. */
export function errorPoints(genuine: Float32Array, impostor: Float32Array): ErrorPoint[] {
  const high = Float32Array.from(genuine).sort();
  const low = Float32Array.from(impostor).sort();
  const steps = 160;
  const accepted = new Set(
    Array.from({ length: steps + 1 }, (_, i) => Math.round(low.length ** (i / steps))).concat(0),
  );
  return [...accepted].map((falseMatches) => {
    // A threshold just above the first score that has to stay out.
    const threshold =
      falseMatches === low.length ? Number.NEGATIVE_INFINITY : low[low.length - 1 - falseMatches]!;
    const refused = firstAbove(high, threshold);
    return { falseMatchRate: falseMatches / low.length, falseNonMatchRate: refused / high.length };
  });
}

function firstAbove(sorted: Float32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The article's figure: faces with their neighbours, right and wrong ones marked; at most seventy rows. */
export function gridFigure(study: Study, thumbnails: readonly Uint8Array[] | undefined): string | undefined {
  if (!thumbnails || study.faces.length === 0) return undefined;
  const picture = (face: number) => ({ jpeg: thumbnails[face]!, caption: study.faces[face]!.name });
  const rows: GridRow[] = study.faces.slice(0, MAX_ROWS).map((_, face) => ({
    query: picture(face),
    hits: study.retrieval.neighbours[face]!.map((hit) => ({
      ...picture(hit.face),
      cosine: hit.cosine,
      right: study.scores.isGenuine(face, hit.face),
    })),
  }));
  return topKGrid(rows);
}

/** Colour and shape of every person, as in the figures. */
export function peopleStyles(study: Study): { name: string; hue: string; shape: string }[] {
  const styles = groupStyles(study.scores.people);
  return study.scores.people.map((name) => ({ name, ...styles.get(name)! }));
}
