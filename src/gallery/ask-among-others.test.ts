import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { cosine, FaceError } from "../core/index.ts";
import { storeOf } from "./gallery.ts";
import { Gallery, meanDirection, personScore } from "./index.ts";
import { MadeFaces, madePipeline } from "./made-faces.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-asked-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});
const clock = (): Date => new Date("2026-01-01T00:00:00Z");

test("everybody is left out once, and what that said is kept until the gallery is another or somebody is forgotten", async () => {
  const address = `sqlite:${join(folder, "people.db")}`;
  const made = new MadeFaces(3);
  const people = Array.from({ length: 20 }, (_, i) => {
    const centre = made.direction();
    return { name: `P${String(i).padStart(2, "0")}`, faces: [1, 2, 3].map(() => made.face(centre)) };
  });
  const gallery = await Gallery.create(address, madePipeline(), { clock, threshold: 0.4 });
  await gallery.enrol(people);
  const asked = await gallery.askAmongOthers({ most: 100 });
  expect(asked).toMatchObject({ people: 20, faces: 60 });
  const [first, ...rest] = people.map(({ faces }) => faces.map(({ vector }) => vector));
  const query = first![0]!;
  const score = (own: typeof rest): number[] =>
    own.map((vectors) =>
      personScore(
        Math.max(...vectors.map((each) => cosine(query, each))),
        cosine(query, meanDirection(vectors)!),
      ),
    );
  expect(asked.others[0]).toBeCloseTo(Math.max(...score(rest)), 5);
  expect(asked.own[0]).toBeCloseTo(score([first!.slice(1)])[0]!, 5);

  const searched = vi.spyOn(Gallery.prototype, "search");
  await gallery.close();
  await using again = await Gallery.open(address, { clock });
  expect(await again.askAmongOthers({ most: 20 })).toEqual(asked);
  // One more is a twentieth: what was kept still counts, and says of how many it is.
  const newcomer = made.direction();
  await again.enrol([{ name: "New", faces: [made.face(newcomer)] }]);
  expect((await again.askAmongOthers({ most: 100 })).people).toBe(20);
  expect(searched).not.toHaveBeenCalled();
  await again.enrol([1, 2, 3].map((n) => ({ name: `New ${n}`, faces: [made.face(made.direction())] })));
  const grown = await again.askAmongOthers({ most: 100 });
  expect(grown).toMatchObject({ people: 24, faces: 64 });
  expect(grown.own.slice(0, 4)).toEqual([null, null, null, null]);
  const store = storeOf(again);
  const [name, note] = ["asked among others", (await store.note("asked among others"))!];
  await store.keepNote(name, note.replace('"people":24', '"people":25'), await store.latest());
  expect((await again.askAmongOthers({ most: 100 })).people).toBe(24);
  await again.forget(["New 3"]);
  expect(await store.note(name)).toBeUndefined();
  expect((await again.askAmongOthers({ most: 100 })).people).toBe(23);
  searched.mockRestore();
});

test("an answer that cannot be kept is given all the same; a defect while keeping it is not passed over", async () => {
  const made = new MadeFaces(4);
  await using gallery = await Gallery.create(`sqlite:${join(folder, "full.db")}`, madePipeline(), { clock });
  const people = ["Ann", "Ben"].map((name) => ({ name, faces: [made.face(made.direction())] }));
  await gallery.enrol(people);
  const keep = vi.spyOn(storeOf(gallery), "keepNote");
  keep.mockRejectedValueOnce(new FaceError("STORAGE", { where: "full.db", expected: "room", got: "none" }));
  expect(await gallery.askAmongOthers({ most: 9 })).toMatchObject({ people: 2, faces: 2 });
  keep.mockRejectedValueOnce(new TypeError("a defect"));
  await expect(gallery.askAmongOthers({ most: 9 })).rejects.toThrow("a defect");
});
