import { expect, test } from "vitest";
import { seeded } from "../core/index.ts";
import { placePictures, spreadPictures } from "./place-pictures.ts";

/** People whose pictures lie in piles, as t-SNE leaves them: five pictures each, within a few pixels. */
function piles(people: number) {
  const random = seeded(people);
  return Array.from({ length: people * 5 }, (_, i) => {
    const person = Math.floor(i / 5);
    return {
      x: Math.cos(person * 2.4) * Math.sqrt(person) + random.next() / 50,
      y: Math.sin(person * 2.4) * Math.sqrt(person) + random.next() / 50,
      group: `person ${person}`,
    };
  });
}

test.each([14, 100])("no picture and no name covers another on a map of %i people", (people) => {
  const points = piles(people);
  const names = new Map(
    points.map(({ group }) => [group, { text: `${group} with a name`, fontPx: 11 }] as const),
  );
  const places = placePictures(points, names, { sidePx: 884 });
  expect(places.overlaps).toBe(0);
  expect(places.names.size).toBe(people);
  const { picturePx, sidePx } = places;
  expect(picturePx).toBeGreaterThanOrEqual(24);
  const outside = places.pictures.filter(({ x, y }) => Math.min(x, y) < 0 || Math.max(x, y) > sidePx);
  expect(outside).toEqual([]);
  const covering = places.pictures.flatMap((a, i) => [
    ...places.pictures
      .slice(i + 1)
      .filter((b) => Math.max(Math.abs(a.x - b.x), Math.abs(a.y - b.y)) < picturePx),
    ...[...places.names.values()].filter(
      (name) => Math.abs(a.x - name.x) < picturePx / 2 && Math.abs(a.y - name.y) < picturePx / 2 + 11 / 2,
    ),
  ]);
  expect(covering).toEqual([]);
});

test("a few pictures are large, and the map is filled from edge to edge", () => {
  const { pictures, picturePx, sidePx } = placePictures(piles(14), new Map(), { sidePx: 884 });
  expect(picturePx).toBeGreaterThan(50);
  expect(sidePx).toBe(884);
  const xs = pictures.map(({ x }) => x);
  expect(Math.max(...xs) - Math.min(...xs)).toBeGreaterThan(0.8 * sidePx);
});

test("one picture, and pictures in one place, are placed, too", () => {
  const one = placePictures([{ x: 3, y: 3, group: "a" }], new Map(), { sidePx: 300 });
  expect(one.pictures).toHaveLength(1);
  const same = Array.from({ length: 9 }, () => ({ x: 1, y: 1, group: "a" }));
  expect(placePictures(same, new Map(), { sidePx: 300 }).overlaps).toBe(0);
});

test.each([70, 500, 1000])("%i pictures of the interactive map are pushed apart, inside of it", (count) => {
  const points = piles(count / 5);
  const reach = 2 * Math.max(...points.map(({ x, y }) => Math.hypot(x, y)));
  const exact = points.map(({ x, y }) => ({ x: 0.5 + x / reach, y: 0.5 + y / reach }));
  const side = Math.sqrt(0.3 / count);
  const places = spreadPictures(exact, side);
  const touching = 1 / 1000;
  const covering = places.flatMap((a, i) =>
    places.slice(i + 1).filter((b) => Math.max(Math.abs(a.x - b.x), Math.abs(a.y - b.y)) < side - touching),
  );
  expect(covering).toEqual([]);
  expect(Math.min(...places.flatMap(({ x, y }) => [x, y]))).toBeGreaterThanOrEqual(side / 2);
  expect(Math.max(...places.flatMap(({ x, y }) => [x, y]))).toBeLessThanOrEqual(1 - side / 2);
});

test("pictures of the interactive map with room around them stay where they are", () => {
  const far = [
    { x: 0.2, y: 0.3 },
    { x: 0.8, y: 0.6 },
  ];
  expect(spreadPictures(far, 0.1)).toEqual(far);
  expect(spreadPictures([], 0.1)).toEqual([]);
});
