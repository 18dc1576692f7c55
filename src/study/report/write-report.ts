import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { FaceError, throwIfAborted, type WorkOptions } from "../../core/index.ts";
import { encodeJpeg } from "../../image/index.ts";
import { renderPng, spreadPictures } from "../../plot/index.ts";
import { thumbnail } from "../../recognise/index.ts";
import type { Study } from "../run-study.ts";
import { cutOut } from "../why.ts";
import { type Atlas, faceAtlas } from "./atlas.ts";
import {
  gridFigure,
  histogramFigure,
  mapFigure,
  matrixFigure,
  peopleStyles,
  picturedFaces,
  rocFigure,
} from "./figures.ts";
import { heatMap } from "./heat-map.ts";
import { MAX_APART, type PageData, type PageLayout, pictureSide } from "./page-data.ts";
import { reportPage } from "./report-page.ts";
import { studyJson } from "./study-json.ts";
import type { HeatPictures } from "./why-section.ts";

/** Paths of a report's parts. */
export interface WrittenReport {
  readonly page: string;
  readonly json: string;
  /** Every file of the report, by its name in the folder. */
  readonly files: readonly string[];
}

/** Links drawn at most; more would hide the map. The lowest cosines come first. */
const MAX_LINKS = 4000;

const FIGURE_THUMBNAIL_PX = 132;

/**
 * Writes a study as a page, its figures as SVG and PNG, and its numbers as JSON.
 *
 * Throws    FaceError STORAGE when the folder cannot be written
 */
export async function writeReport(
  study: Study,
  folder: string,
  options: WorkOptions = {},
): Promise<WrittenReport> {
  const atlas = await faceAtlas(study.faces, options);
  const thumbnails = await figureThumbnails(study, atlas, options);
  const matrix = matrixFigure(study);
  const [histogram, roc] = [histogramFigure(study), rocFigure(study)];
  const figures: Readonly<Record<string, string | undefined>> = {
    map: mapFigure(study, thumbnails),
    neighbours: gridFigure(study, thumbnails),
    similarity: matrix?.svg,
    scores: histogram,
    roc,
  };
  const written: string[] = [];
  const write = async (name: string, data: string | Uint8Array): Promise<void> => {
    await writeWhole(join(folder, name), data);
    written.push(name);
  };
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw storageError(folder, cause);
  });
  for (const [done, [name, svg]] of Object.entries(figures).entries()) {
    throwIfAborted(options.signal);
    if (svg === undefined) continue;
    await write(`${name}.svg`, svg);
    await write(`${name}.png`, renderPng(svg, 1));
    options.onProgress?.({ stage: "figures", done: done + 1, total: Object.keys(figures).length });
  }
  await write("study.json", `${JSON.stringify(studyJson(study))}\n`);
  const page = reportPage(study, {
    data: pageData(study, atlas),
    atlases: atlas.pictures,
    matrix: matrix?.svg,
    matrixByPeople: matrix?.byPeople ?? false,
    histogram,
    roc,
    heat: await heatPictures(study),
    files: [...written],
    script: await pageScript(),
  });
  await write("report.html", page);
  return { page: join(folder, "report.html"), json: join(folder, "study.json"), files: written };
}

/** The page's script, bundled at build time. Throws FaceError INTERNAL when this library was not built. */
export async function pageScript(): Promise<string> {
  try {
    return await readFile(new URL("../page/page.js", import.meta.url), "utf8");
  } catch (cause) {
    throw new FaceError("INTERNAL", {
      where: "internal: report",
      expected: "the page's script",
      got: "a library that was not built",
      cause,
    });
  }
}

/** The data that the page's script needs. */
export function pageData(study: Study, atlas: Pick<Atlas, "layout">): PageData {
  const k = Math.max(0, ...study.retrieval.neighbours.map((hits) => hits.length));
  const listed = study.retrieval.neighbours.flatMap((hits) =>
    Array.from({ length: k }, (_, i) => hits[i] ?? { face: -1, cosine: 0 }),
  );
  return {
    k,
    threshold: study.calibration?.threshold ?? null,
    tiles: atlas.layout,
    people: peopleStyles(study),
    person: study.scores.person,
    names: study.faces.map((face) => face.name),
    neighbours: listed.map((hit) => hit.face),
    cosines: listed.map((hit) => rounded(hit.cosine, 1e4)),
    layouts: study.layouts.map((layout) => pageLayout(layout)),
    links: linksBelow(study),
  };
}

/** A layout in the unit square, and with its pictures pushed apart where there are not too many. */
function pageLayout(layout: Study["layouts"][number]): PageLayout {
  const places = unitSquare(layout.x, layout.y);
  const faces = places.x.length;
  if (faces > MAX_APART) return { ...layout, ...places };
  const apart = spreadPictures(
    places.x.map((x, i) => ({ x, y: places.y[i]! })),
    pictureSide(faces),
  );
  return {
    ...layout,
    ...places,
    apart: { x: apart.map(({ x }) => rounded(x, 1e4)), y: apart.map(({ y }) => rounded(y, 1e4)) },
  };
}

/** Both coordinates at one scale, moved into the unit square. */
function unitSquare(x: Float32Array, y: Float32Array): Pick<PageLayout, "x" | "y"> {
  const range = (values: Float32Array): [number, number] => [
    values.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY),
    values.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY),
  ];
  const [[left, right], [low, high]] = [range(x), range(y)];
  const extent = Math.max(right - left, high - low, 1e-9);
  const place = (values: Float32Array, from: number, to: number, turn: number): number[] =>
    Array.from(values, (value) => rounded(0.5 + (turn * (value - (from + to) / 2)) / extent, 1e5));
  // Screens count downwards; figures count upwards.
  return { x: place(x, left, right, 1), y: place(y, low, high, -1) };
}

function linksBelow({ scores, calibration }: Study): number[] {
  if (!calibration) return [];
  const below = scores.facesOf.flatMap((faces) =>
    faces.flatMap((a, i) =>
      faces
        .slice(i + 1)
        .flatMap((b) => (scores.of(a, b) < calibration.threshold ? [{ a, b, cosine: scores.of(a, b) }] : [])),
    ),
  );
  below.sort((x, y) => x.cosine - y.cosine);
  return below.slice(0, MAX_LINKS).flatMap(({ a, b, cosine }) => [a, b, rounded(cosine, 1e4)]);
}

/** JPEG of every face; those of the page do where they are drawn small, and nothing where they are too many. */
async function figureThumbnails(
  study: Study,
  { tiles }: Pick<Atlas, "tiles">,
  { signal }: WorkOptions,
): Promise<Uint8Array[] | undefined> {
  const pictured = picturedFaces(study);
  if (pictured === "none") return undefined;
  const thumbnails: Uint8Array[] = [];
  if (pictured === "small") {
    for (const tile of tiles) {
      throwIfAborted(signal);
      thumbnails.push(await encodeJpeg(tile));
    }
    return thumbnails;
  }
  for (const { path, box } of study.faces) {
    throwIfAborted(signal);
    thumbnails.push(await thumbnail(path, box, FIGURE_THUMBNAIL_PX));
  }
  return thumbnails;
}

async function heatPictures(study: Study): Promise<HeatPictures[]> {
  const pictures: HeatPictures[] = [];
  for (const { faces, maps } of study.occluded) {
    const strongest = Math.max(0.02, ...maps.flatMap((map) => map.changes.map(Math.abs)));
    const [a, b] = [await cutOut(study.faces[faces[0]]!, 112), await cutOut(study.faces[faces[1]]!, 112)];
    pictures.push({
      crops: [await encodeJpeg(a.crop), await encodeJpeg(b.crop)],
      maps: [await heatMap(a.crop, maps[0], strongest), await heatMap(b.crop, maps[1], strongest)],
      strongest,
    });
  }
  return pictures;
}

async function writeWhole(path: string, data: string | Uint8Array): Promise<void> {
  try {
    await writeFileAtomic(path, typeof data === "string" ? data : Buffer.from(data));
  } catch (cause) {
    throw storageError(path, cause);
  }
}

function storageError(path: string, cause: unknown): FaceError {
  return new FaceError("STORAGE", { where: path, expected: "a place for the report", cause });
}

function rounded(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}
