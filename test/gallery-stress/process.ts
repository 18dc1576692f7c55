/**
 * One process of a stress run, killed at any moment:
 *
 *   node process.js write ADDRESS NAME SEED
 *   node process.js read ADDRESS NAME SEED
 *   node process.js visit ADDRESS NAME SEED
 *
 * Prints a line before each step and one after it is durable; see `Line`. Ends its run at SIGTERM.
 */
import { writeSync } from "node:fs";
import { FaceError, seeded } from "../../src/core/index.ts";
import { Gallery } from "../../src/gallery/index.ts";
import { ANCHOR, COUNTER, type Line, type Owners, SHARED } from "./lines.ts";
import { faceFor, vectorFor } from "./made-vector.ts";

const say = (line: Line): void => {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(1, bytes, written);
    } catch (error) {
      // The pipe is full: whoever reads it is busy.
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
};

const [, , role, address, name, seed] = process.argv as [string, string, string, string, string, string];
const random = seeded(Number(seed));
const clock = (): Date => new Date();
let stopping = false;
process.on("SIGTERM", () => {
  stopping = true;
});

try {
  if (role === "visit") await visit();
  else {
    const gallery = await Gallery.open(address, { clock });
    await (role === "write" ? write(gallery) : read(gallery));
    await gallery.close();
  }
  say({ ended: true });
} catch (error) {
  say({ wrong: error instanceof FaceError ? `${error.code} ${error.message}` : String(error) });
}

async function write(gallery: Gallery): Promise<void> {
  /** The writer's own people, with the sources of their faces. */
  const people = new Map<string, string[]>();
  let made = 0;
  const newName = (): string => `${name} person ${made++}`;
  const sources = (): string[] => Array.from({ length: 1 + random.below(4) }, () => `${name}/${made++}.jpg`);
  const someone = (): string => [...people.keys()][random.below(people.size)]!;
  const belonging = (whose: readonly string[], to: string | null): Owners =>
    Object.fromEntries(whose.map((source) => [source, to]));
  const idsOf = async (person: string): Promise<Map<string, number>> => {
    const { id } = await gallery.person(person);
    const faces = await gallery.records.faces({ limit: 1000 }, id);
    return new Map(faces.map((face) => [face.provenance.source, face.id]));
  };
  const step = async (
    begins: string,
    owners: Owners,
    work: () => Promise<{ sequence: number } | undefined>,
  ): Promise<void> => {
    say({ begins, owners });
    const applied = await work();
    say({ done: begins, sequence: applied?.sequence ?? null });
  };

  const enrol = async (): Promise<void> => {
    const [who, faces] = [newName(), sources()];
    await step("enrol", belonging(faces, who), () =>
      gallery.enrol([{ name: who, faces: faces.map(faceFor) }]),
    );
    people.set(who, faces);
  };
  const steps: readonly (() => Promise<void>)[] = [
    enrol,
    enrol,
    async () => {
      const [source] = sources();
      await step("share", belonging([source!], SHARED), () =>
        gallery.enrol([{ name: SHARED, faces: [faceFor(source!)] }]),
      );
    },
    async () => {
      const [who, faces] = [someone(), sources()];
      await step("add", belonging(faces, who), () =>
        gallery.enrol([{ name: who, faces: faces.map(faceFor) }]),
      );
      people.get(who)!.push(...faces);
    },
    async () => {
      const [who, to] = [someone(), newName()];
      await step("rename", belonging(people.get(who)!, to), () => gallery.rename(who, to));
      people.set(to, people.get(who)!);
      people.delete(who);
    },
    async () => {
      const [into, other] = [someone(), someone()];
      if (into === other) return;
      await step("merge", belonging(people.get(other)!, into), () => gallery.merge([other], into));
      people.get(into)!.push(...people.get(other)!);
      people.delete(other);
    },
    async () => {
      const who = someone();
      const faces = people.get(who)!;
      if (faces.length < 2) return;
      const [to, ids] = [newName(), await idsOf(who)];
      const some = faces.slice(0, faces.length >> 1);
      const numbers = some.map((source) => ids.get(source)!);
      await step("split", belonging(some, to), () => gallery.split(who, numbers, to));
      people.set(who, faces.slice(some.length));
      people.set(to, some);
    },
    async () => {
      const who = someone();
      const faces = people.get(who)!;
      let sequence = 0;
      await step("delete", belonging(faces, null), async () => {
        const applied = await gallery.deletePerson(who);
        sequence = applied.sequence;
        return applied;
      });
      if (random.below(2) === 0) {
        await step("undo", belonging(faces, who), () => gallery.undo(sequence));
      } else people.delete(who);
    },
    async () => {
      if (people.size < 3) return;
      const who = someone();
      await step("forget", belonging(people.get(who)!, null), async () => {
        await gallery.forget([who]);
        return undefined;
      });
      people.delete(who);
    },
    async () => {
      say({ begins: "count", owners: {}, counts: true });
      for (;;) {
        const page = await gallery.records.people({ after: COUNTER, limit: 1 });
        const now = page[0]!.name;
        try {
          const { sequence } = await gallery.rename(
            now,
            `${COUNTER}${Number(now.slice(COUNTER.length)) + 1}`,
          );
          say({ done: "count", sequence });
          return;
        } catch (error) {
          // Someone else counted first: look again.
          if (!(error instanceof FaceError) || !["PERSON_UNKNOWN", "CONFLICT"].includes(error.code))
            throw error;
        }
      }
    },
  ];
  await enrol();
  while (!stopping) {
    if (people.size === 0) await enrol();
    await steps[random.below(steps.length)]!();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Opens and closes again and again, as short commands beside a service do. */
async function visit(): Promise<void> {
  for (let asked = 1; !stopping; asked++) {
    const gallery = await Gallery.open(address, { clock });
    if ((await gallery.records.personNamed(ANCHOR))?.faces !== 8) say({ wrong: "the anchor is not whole" });
    await gallery.close();
    say({ asked });
    await new Promise((resolve) => setTimeout(resolve, random.below(30)));
  }
}

async function read(gallery: Gallery): Promise<void> {
  const anchors = Array.from({ length: 8 }, (_, i) => `${ANCHOR}/${i}.jpg`);
  for (let asked = 1; !stopping; asked++) {
    const source = anchors[random.below(anchors.length)]!;
    const { candidates } = await gallery.identify(vectorFor(source), { k: 5 });
    // Faces of one person that resemble each other no more than others do: only the nearest one says who it is.
    const own = candidates.find(({ cosine }) => cosine > 0.999);
    if (own?.person.name !== ANCHOR) say({ wrong: `${source} is ${own?.person.name ?? "nobody"}` });
    const stranger = await gallery.search(vectorFor(`stranger ${random.below(1e6)}`), 3);
    const [{ length }, { name: who }] = [stranger, candidates[0]!.person];
    if (length === 0) say({ wrong: `nobody resembles a stranger, and ${who} does` });
    const people = await gallery.records.people({ limit: 20 });
    const halves = people.filter(({ faces }) => faces === 0);
    if (halves.length > 0) say({ wrong: `${halves[0]!.name} has no faces` });
    say({ asked });
    await new Promise((resolve) => setImmediate(resolve));
  }
}
