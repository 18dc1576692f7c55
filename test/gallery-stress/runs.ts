import { seeded } from "../../src/core/index.ts";
import { Gallery } from "../../src/gallery/index.ts";
import { audit } from "./audit.ts";
import { ANCHOR, COUNTER, type Owners, SHARED } from "./lines.ts";
import { faceFor, STRESS_PIPELINE } from "./made-vector.ts";
import { Account, type StressProcess, startProcess } from "./processes.ts";

const clock = (): Date => new Date();

/** The outcome of a run of rounds. */
export interface CrashReport {
  readonly rounds: number;
  readonly processesKilled: number;
  readonly acknowledged: number;
  /** Steps that were under way when their process was killed. */
  readonly interrupted: number;
  readonly answers: number;
  readonly steps: ReadonlyMap<string, number>;
  readonly wrong: readonly string[];
}

/** Rounds on one gallery before a new one is begun, so that looking at everything stays quick. */
const ROUNDS_A_GALLERY = 20;

/**
 * In every round two writers, a reader and somebody who opens and closes all the time are killed at random moments
 * (SIGKILL), while this process, which lives on, forgets someone and changes things. Then the gallery is audited: by a
 * fresh opening, and by the one that was open all the time.
 *
 * @param newAddress where to make another gallery
 */
export async function crashRounds(
  newAddress: () => string,
  rounds: number,
  seed: number,
  onRound: (round: number, wrong: number) => void = () => undefined,
): Promise<CrashReport> {
  const random = seeded(seed);
  const all: Account[] = [];
  const services: Account[] = [];
  const wrong: string[] = [];
  let address = "";
  let follower: Gallery | undefined;
  let own: Account | undefined;
  let writers: Account[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round % ROUNDS_A_GALLERY === 0) {
      await follower?.close();
      address = newAddress();
      follower = await newGallery(address);
      own = new Account(`g${round}`);
      services.push(own);
      writers = [own];
    }
    const processes = [
      startProcess("write", address, `r${round}a`, random.below(2 ** 31)),
      startProcess("write", address, `r${round}b`, random.below(2 ** 31)),
      startProcess("read", address, `r${round}c`, random.below(2 ** 31)),
      startProcess("visit", address, `r${round}d`, random.below(2 ** 31)),
    ];
    await Promise.all(processes.map(({ going }) => going));
    const killed = processes.map(async (process) => {
      await wait(random.below(400));
      process.kill("SIGKILL");
      await process.gone;
    });
    await forgetAndGoOn(follower!, own!, round);
    await Promise.all(killed);
    const accounts = processes.map(({ account }) => account);
    all.push(...accounts);
    wrong.push(...accounts.flatMap((account) => account.wrong));
    writers.push(...accounts);
    await using fresh = await Gallery.open(address, { clock });
    wrong.push(...(await audit(fresh, writers, 2)).map((sentence) => `round ${round}, opened: ${sentence}`));
    wrong.push(
      ...(await audit(follower!, writers, 1)).map((sentence) => `round ${round}, open: ${sentence}`),
    );
    for (const { finished, searched } of await fresh.finishErasures())
      if (!finished) wrong.push(`round ${round}: an erasure cannot be finished, ${JSON.stringify(searched)}`);
    onRound(round + 1, wrong.length);
    if (wrong.length > 20) break;
  }
  await follower?.close();
  return { rounds, processesKilled: all.length, ...totals([...all, ...services]), wrong };
}

/** The life of a service: it forgets someone, and its later changes must last. */
async function forgetAndGoOn(gallery: Gallery, account: Account, round: number): Promise<void> {
  const step = async (
    what: string,
    owners: Owners,
    work: () => Promise<{ sequence: number } | undefined>,
  ): Promise<void> => {
    account.take({ begins: what, owners });
    account.take({ done: what, sequence: (await work())?.sequence ?? null });
  };
  const [leaving, staying] = [`${account.name}/${round}l.jpg`, `${account.name}/${round}s.jpg`];
  const name = (source: string): string => `person of ${source}`;
  const enrol = (source: string) =>
    step("enrol", { [source]: name(source) }, () =>
      gallery.enrol([{ name: name(source), faces: [faceFor(source)] }]),
    );
  await enrol(leaving);
  await step("service forgets", { [leaving]: null }, async () => {
    await gallery.forget([name(leaving)]);
    return undefined;
  });
  for (let i = 0; i < 3; i++) {
    await enrol(`${staying}${i}`);
    await wait(20);
  }
}

/** The outcome of writers and readers side by side. */
export interface SideBySideReport {
  readonly seconds: number;
  readonly acknowledged: number;
  readonly counted: number;
  readonly answers: number;
  readonly steps: ReadonlyMap<string, number>;
  readonly wrong: readonly string[];
}

/** Writers and readers in processes of their own, all at once, then an audit with nothing left under way. */
export async function sideBySide(
  address: string,
  { writers, readers, ms, seed }: { writers: number; readers: number; ms: number; seed: number },
): Promise<SideBySideReport> {
  await using gallery = await newGallery(address);
  const start = (role: "write" | "read" | "visit", count: number): StressProcess[] =>
    Array.from({ length: count }, (_, i) => startProcess(role, address, `${role[0]}${i}x`, seed * 100 + i));
  const processes = [...start("write", writers), ...start("read", readers), ...start("visit", 1)];
  await Promise.all(processes.map(({ going }) => going));
  const begin = performance.now();
  await wait(ms);
  for (const process of processes) process.kill("SIGTERM");
  const seconds = (performance.now() - begin) / 1000;
  await Promise.all(processes.map(({ gone }) => gone));
  const accounts = processes.map(({ account }) => account);
  const wrong = accounts.flatMap(({ name, ended }) => (ended ? [] : [`${name} did not come to its end`]));
  wrong.push(...accounts.flatMap((account) => account.wrong), ...(await audit(gallery, accounts)));
  const counted = accounts.reduce((sum, account) => sum + account.counted, 0);
  const { acknowledged, answers, steps } = totals(accounts);
  return { seconds, acknowledged, counted, answers, steps, wrong };
}

async function newGallery(address: string): Promise<Gallery> {
  const gallery = await Gallery.create(address, STRESS_PIPELINE, { clock, threshold: 0.9 });
  await gallery.enrol([
    { name: ANCHOR, faces: Array.from({ length: 8 }, (_, i) => faceFor(`${ANCHOR}/${i}.jpg`)) },
    { name: SHARED, faces: [faceFor("shared.jpg")] },
    { name: `${COUNTER}0`, faces: [faceFor("counter.jpg")] },
  ]);
  return gallery;
}

function totals(accounts: readonly Account[]) {
  const steps = new Map<string, number>();
  for (const account of accounts)
    for (const [step, times] of account.steps) steps.set(step, (steps.get(step) ?? 0) + times);
  return {
    acknowledged: [...steps.values()].reduce((sum, times) => sum + times, 0),
    interrupted: accounts.filter(({ pending }) => pending).length,
    answers: accounts.reduce((sum, { asked }) => sum + asked, 0),
    steps,
  };
}

async function wait(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
