import { cosine, type UnitVector } from "../../src/core/index.ts";
import type { FaceState, Gallery, PersonState } from "../../src/gallery/index.ts";
import { COUNTER } from "./lines.ts";
import { cropFor, vectorFor } from "./made-vector.ts";
import type { Account } from "./processes.ts";

/** The contents of a gallery. */
interface Holdings {
  /** Names by source. */
  readonly owners: Map<string, string>;
  readonly vectors: Map<number, { readonly person: number; readonly vector: UnitVector }>;
  readonly people: Map<number, PersonState & { readonly faces: number }>;
}

/**
 * Holds a gallery against what its writers said: every acknowledged change is there, the one that was under way is
 * there whole or not at all, every face is whole, the log tells the same story, and the index answers as a comparison
 * with every vector does.
 *
 * @param accounts of every writer that ever wrote to it
 * Returns   sentences about what is not so; empty when all is well
 */
export async function audit(gallery: Gallery, accounts: readonly Account[], probes = 5): Promise<string[]> {
  const wrong: string[] = [];
  const holds = await holdingsOf(gallery, wrong);
  for (const account of accounts) checkAccount(account, holds, wrong);
  checkCounter(accounts, holds, wrong);
  await checkLog(gallery, accounts, holds, wrong);
  await checkIndex(gallery, holds, probes, wrong);
  return wrong;
}

async function holdingsOf(gallery: Gallery, wrong: string[]): Promise<Holdings> {
  const { records } = gallery;
  const people = new Map<number, PersonState & { faces: number }>();
  for await (const { id, name, expires, faces } of gallery.people()) people.set(id, { name, expires, faces });
  const owners = new Map<string, string>();
  const vectors = new Map<number, { person: number; vector: UnitVector }>();
  const counted = new Map<number, number>();
  for (let after: number | undefined; ; ) {
    const page = await records.faces({ after, limit: 1000 });
    const values = await records.vectors(page.map(({ id }) => id));
    for (const { id, person, provenance } of page) {
      const { source } = provenance;
      const owner = people.get(person);
      counted.set(person, (counted.get(person) ?? 0) + 1);
      if (!owner) wrong.push(`face ${id} (${source}) is nobody's`);
      if (owners.has(source)) wrong.push(`${source} is there twice`);
      owners.set(source, owner?.name ?? "");
      const vector = values.get(id);
      if (!vector || !same(vector, vectorFor(source))) wrong.push(`${source} has lost its vector`);
      else vectors.set(id, { person, vector });
      const crop = await records.crop(id);
      if (!crop || !Buffer.from(crop).equals(cropFor(source))) wrong.push(`${source} has lost its crop`);
    }
    if (page.length < 1000) break;
    after = page.at(-1)!.id;
  }
  for (const [id, { name, faces }] of people) {
    if (faces === 0 || faces !== (counted.get(id) ?? 0)) wrong.push(`${name} is half there: ${faces} faces`);
  }
  return { owners, vectors, people };
}

function checkAccount({ name, owners, pending }: Account, holds: Holdings, wrong: string[]): void {
  const touched = Object.entries(pending?.owners ?? {});
  const before = touched.filter(([source]) => holds.owners.get(source) === (owners.get(source) ?? undefined));
  const after = touched.filter(([source, to]) => holds.owners.get(source) === (to ?? undefined));
  if (before.length < touched.length && after.length < touched.length)
    wrong.push(`${name}: "${pending!.what}" is half there, ${after.length} of ${touched.length} faces`);
  const open = new Set(touched.map(([source]) => source));
  for (const [source, to] of owners) {
    const now = holds.owners.get(source);
    if (!open.has(source) && now !== (to ?? undefined))
      wrong.push(`${source}: acknowledged as ${to ?? "gone"}, is ${now ?? "gone"}`);
  }
  for (const source of holds.owners.keys()) {
    if (source.startsWith(`${name}/`) && !owners.has(source) && !open.has(source))
      wrong.push(`${source}: is there, and was never begun`);
  }
}

function checkCounter(accounts: readonly Account[], { people }: Holdings, wrong: string[]): void {
  const counters = [...people.values()].filter(({ name }) => name.startsWith(COUNTER));
  const now = Number(counters[0]?.name.slice(COUNTER.length));
  const least = accounts.reduce((sum, { counted }) => sum + counted, 0);
  const most = least + accounts.filter(({ pending }) => pending?.counts).length;
  if (counters.length !== 1 || !(now >= least && now <= most))
    wrong.push(`the counter stands at ${now}; ${least} to ${most} steps were counted`);
}

/** Replays the log: who is left after it must be who is there. */
async function checkLog(
  gallery: Gallery,
  accounts: readonly Account[],
  holds: Holdings,
  wrong: string[],
): Promise<void> {
  const entries = [];
  for (let after: number | undefined; ; ) {
    const page = await gallery.records.log({ after, limit: 1000 });
    entries.push(...page);
    if (page.length < 1000) break;
    after = page.at(-1)!.sequence;
  }
  entries.reverse();
  if (entries.some(({ sequence }, i) => sequence !== i + 1)) wrong.push("the log has gaps");
  const known = new Set(entries.map(({ sequence }) => sequence));
  const acknowledged = accounts.flatMap(({ sequences }) => sequences);
  if (new Set(acknowledged).size !== acknowledged.length) wrong.push("a sequence was acknowledged twice");
  for (const sequence of acknowledged)
    if (!known.has(sequence)) wrong.push(`change ${sequence} was acknowledged and is not in the log`);
  const people = new Map<number, PersonState>();
  const faces = new Map<number, FaceState>();
  for (const { effects } of entries) {
    for (const effect of effects) {
      if (effect.subject === "person") setOrDelete(people, effect.id, effect.after);
      else if (effect.subject === "face") setOrDelete(faces, effect.id, effect.after);
    }
  }
  const story = [...people].map(([id, { name }]) => `${id} ${name}`).sort();
  const state = [...holds.people].map(([id, { name }]) => `${id} ${name}`).sort();
  if (story.join("\n") !== state.join("\n")) wrong.push("the log tells of other people than there are");
  const told = [...faces].map(([id, { person }]) => `${id} ${person}`).sort();
  const there = [...holds.vectors].map(([id, { person }]) => `${id} ${person}`).sort();
  if (told.join("\n") !== there.join("\n")) wrong.push("the log tells of other faces than there are");
}

function setOrDelete<S>(map: Map<number, S>, id: number, state: S | null): void {
  if (state) map.set(id, state);
  else map.delete(id);
}

/** The index must name everyone, and rank them as a comparison with every vector does. */
async function checkIndex(gallery: Gallery, holds: Holdings, probes: number, wrong: string[]): Promise<void> {
  for (let probe = 0; probe < probes; probe++) {
    const query = vectorFor(`probe ${probe}`);
    const best = new Map<number, { face: number; cosine: number }>();
    for (const [face, { person, vector }] of holds.vectors) {
      const score = cosine(query, vector);
      const known = best.get(person);
      if (!known || score > known.cosine) best.set(person, { face, cosine: score });
    }
    const expected = [...best].sort(([a, x], [b, y]) => y.cosine - x.cosine || a - b);
    const found = await gallery.records.nearest(query, holds.people.size + 10);
    const line = (person: number, face: number, score: number): string => `${person} ${face} ${score}`;
    const wanted = expected.map(([person, hit]) => line(person, hit.face, hit.cosine)).join("\n");
    const got = found.map((hit) => line(hit.person, hit.face, hit.cosine)).join("\n");
    if (got !== wanted)
      wrong.push(`the index disagrees with the database: ${found.length} people of ${expected.length}`);
  }
}

function same(a: UnitVector, b: UnitVector): boolean {
  return a.length === b.length && Array.from(a).every((value, i) => value === b[i]);
}
