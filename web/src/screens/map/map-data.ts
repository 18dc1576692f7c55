import { jobsOf } from "../../jobs.ts";
import { ask, type ClientAnswer } from "../../service.ts";

/** A map of a gallery: where each face lies, whose it is, and who those are. Faces are meant by their index. */
export interface MapData {
  readonly job: number;
  readonly created: string;
  /** Numbers of the faces in the gallery. */
  readonly faces: readonly number[];
  readonly persons: readonly number[];
  /** Places in the unit square, x and y of one face after the other. */
  readonly places: Float32Array;
  /** Faces of one person whose cosine is below the threshold. */
  readonly links: readonly { readonly a: number; readonly b: number; readonly cosine: number }[];
  readonly threshold: number | undefined;
  /** The people, by their numbers, and each one's faces on the map. */
  readonly people: ReadonlyMap<number, MapPerson>;
}

/** Somebody on the map. */
export interface MapPerson {
  readonly id: number;
  readonly name: string;
  /** Indices of the faces. */
  readonly faces: readonly number[];
  /** The lowest cosine of a link. */
  readonly weakest: number | undefined;
  /** Its place among all, by number: the colour is of this. */
  readonly rank: number;
}

type Job = ClientAnswer<"job">;

/** People in one question to the service. */
const PAGE = 1000;

/** The gallery's maps and those that are being drawn, newest first. */
export async function mapsOf(collection: string, signal: AbortSignal): Promise<Job[]> {
  const jobs = await jobsOf(collection, ["map"], signal);
  return jobs.filter(({ state }) => state !== "failed" && state !== "cancelled");
}

/** A map as it was drawn, with the people as they are now. */
export async function loadMap(collection: string, job: number, signal: AbortSignal): Promise<MapData> {
  const [answer, names] = await Promise.all([
    ask("jobResult", { collection, job }, { signal }),
    namesOf(collection, signal),
  ]);
  const { faces = [], links = [], threshold } = answer;
  const at = new Map(faces.map(({ face }, i) => [face, i]));
  const known = links.flatMap(({ faces: [a, b], cosine }) =>
    at.has(a) && at.has(b) ? [{ a: at.get(a)!, b: at.get(b)!, cosine }] : [],
  );
  const own = new Map<number, number[]>();
  for (const [i, { person }] of faces.entries()) {
    const those = own.get(person);
    if (those) those.push(i);
    else own.set(person, [i]);
  }
  const weakest = new Map<number, number>();
  for (const { a, cosine } of known) {
    const { person } = faces[a]!;
    weakest.set(person, Math.min(weakest.get(person) ?? 1, cosine));
  }
  const people = new Map(
    [...own.keys()]
      .sort((a, b) => a - b)
      .map((id, rank) => [
        id,
        {
          id,
          name: names.get(id) ?? `person ${id}`,
          faces: own.get(id)!,
          weakest: weakest.get(id),
          rank,
        },
      ]),
  );
  return {
    job,
    created: answer.job.created,
    faces: faces.map(({ face }) => face),
    persons: faces.map(({ person }) => person),
    places: unitSquare(faces),
    links: known,
    threshold,
    people,
  };
}

async function namesOf(collection: string, signal: AbortSignal): Promise<Map<number, string>> {
  const names = new Map<number, string>();
  for (let after: string | undefined; ; ) {
    const { persons, next } = await ask(
      "persons",
      { collection, limit: PAGE, ...(after !== undefined && { after }) },
      { signal },
    );
    for (const { id, name } of persons) names.set(id, name);
    if (next === null) return names;
    after = next;
  }
}

/** Both coordinates at one scale, in the unit square. */
function unitSquare(faces: readonly { readonly x: number; readonly y: number }[]): Float32Array {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { x, y } of faces) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    low = Math.min(low, y);
    high = Math.max(high, y);
  }
  const extent = Math.max(right - left, high - low, 1e-9);
  const places = new Float32Array(2 * faces.length);
  for (const [i, { x, y }] of faces.entries()) {
    places[2 * i] = 0.5 + (x - (left + right) / 2) / extent;
    // Screens count downwards.
    places[2 * i + 1] = 0.5 - (y - (low + high) / 2) / extent;
  }
  return places;
}
