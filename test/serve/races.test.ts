import { afterAll, expect, test } from "vitest";
import { Gallery } from "../../src/gallery/index.ts";
import { type App, createApp } from "../../src/serve/index.ts";
import { ask, clock, form, MadeRecognition, madeService, pathIn } from "./made-service.ts";

/*
 * Many at once change the same few people, at two services of one gallery.
 */

const C = "/v1/collections/default";
const { app: first, gallery } = await madeService("races");
const other = await Gallery.open(`sqlite:${pathIn("races.db")}`, { clock });
afterAll(async () => await other.close());
const second = createApp({
  recognition: new MadeRecognition(),
  galleries: { default: { gallery: other } },
  clock,
  now: () => performance.now(),
  version: "0.0.0",
});

/** A person with three faces. */
async function person(app: App, name: string, at: number): Promise<{ id: number; faces: number[] }> {
  const pictures = [0, 1, 2].map((i) => `p-${String(at + i).padStart(3, "0")}`);
  const { json } = await ask(app, "POST", `${C}/persons`, form(pictures, { name, force: "true" }));
  const { id } = json.person;
  const { faces } = (await ask(app, "GET", `${C}/persons/${id}/faces`)).json;
  return { id, faces: faces.map((face: { id: number }) => face.id) };
}

const sound = async (): Promise<void> => {
  for (const each of [gallery, other]) expect((await each.check()).problems).toEqual([]);
};

test("of many that take back one change at once, one does", async () => {
  const { id } = await person(first, "Undone", 0);
  const { json } = await ask(first, "DELETE", `${C}/persons/${id}`);
  const undone = await Promise.all(
    Array.from({ length: 12 }, (_, i) =>
      ask([first, second][i % 2]!, "POST", `${C}/undo`, { sequence: json.sequence }),
    ),
  );
  expect(undone.map(({ status }) => status).sort()).toEqual([200, ...new Array(11).fill(409)]);
  expect((await ask(second, "GET", `${C}/persons/${id}`)).json.faces).toBe(3);
  await sound();
});

test("whoever is forgotten while faces are being added is gone, and so is every face that came before", async () => {
  for (let round = 0; round < 4; round++) {
    const { id } = await person(first, `Gone ${round}`, 10 + round);
    const [forgot, ...added] = await Promise.all([
      ask(first, "POST", `${C}/forget`, { persons: [id] }),
      ...[0, 1, 2, 3].map((i) =>
        ask(second, "POST", `${C}/persons/${id}/faces`, form([`p-0${20 + i}`], { force: "true" })),
      ),
    ]);
    expect(forgot).toMatchObject({ status: 200, json: { finished: true } });
    for (const { status } of added) expect([200, 404, 409]).toContain(status);
    expect((await ask(second, "GET", `${C}/persons/${id}`)).status).toBe(404);
    expect((await ask(first, "GET", `${C}/persons/${id}/faces`)).status).toBe(404);
  }
  await sound();
});

test("moves, merges, splits, deletions, names and undos of the same people at once leave a gallery that its log explains", async () => {
  const people = await Promise.all(["A", "B", "C", "D"].map((name, i) => person(first, name, 100 + 20 * i)));
  const statuses = new Map<number, number>();
  // A small generator of its own: the same order of questions every time.
  let state = 18;
  const below = (n: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * n);
  };
  const any = () => people[below(people.length)]!;
  const questions: ((app: App) => ReturnType<typeof ask>)[] = [];
  for (let i = 0; i < 160; i++) {
    const [one, two] = [any(), any()];
    const face = one.faces[below(3)]!;
    const at = `${C}/persons/${one.id}`;
    const sequence = below(60) + 1;
    questions.push(
      [
        (app: App) => ask(app, "POST", `${C}/faces/move`, { faces: [face], to: two.id }),
        (app: App) => ask(app, "POST", `${C}/faces/delete`, { faces: [face] }),
        (app: App) => ask(app, "POST", `${at}/merge`, { persons: [two.id] }),
        (app: App) => ask(app, "POST", `${at}/split`, { faces: [face], name: `S${i}` }),
        (app: App) => ask(app, "PATCH", at, { name: `N${below(5)}` }),
        (app: App) => ask(app, "DELETE", at),
        (app: App) => ask(app, "POST", `${C}/undo`, { sequence }),
        (app: App) => ask(app, "POST", `${C}/undo`, {}),
      ][i % 8]!,
    );
  }
  for (let i = 0; i < questions.length; i += 16)
    await Promise.all(
      questions.slice(i, i + 16).map(async (question, j) => {
        const { status, json } = await question([first, second][j % 2]!);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        expect([200, 400, 404, 409], JSON.stringify(json)).toContain(status);
      }),
    );
  expect(statuses.get(200)).toBeGreaterThan(20);
  await sound();
  const [mine, theirs] = await Promise.all([gallery, other].map((each) => each.records.stats()));
  expect(theirs).toEqual(mine);
});
