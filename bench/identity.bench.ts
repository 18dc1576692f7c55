/**
 * Identity preservation: how fast it is, and how its figures move when pictures are changed by known amounts.
 *
 * speed    pairs of 512² pictures through `IdentityPool` beside `RecognizerPool.faces`, in turns, the same pictures
 * video    frames of 512² with the face followed, beside every frame searched anew, and how far the scores differ
 * changes  photographs of LFW changed by rising amounts, and morphs between two people in eleven steps
 *
 * shift    aligned crops moved to the side by some of their 112 pixels
 *
 * npm run bench identity -- speed|video|changes|shift [--count N]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ModelStore, Recognizer, RecognizerPool, RgbImage } from "arcface-ts";
import { readLfwPairs } from "arcface-ts/evaluate";
import { IdentityMeter, IdentityPool, type SeenPicture } from "arcface-ts/identity";
import { rateOfPeople } from "arcface-ts/statistics";
import sharp from "sharp";
import { figure } from "./figures.ts";
import { CHANGES, morph, type Pixels } from "./identity-changes.ts";
import { describeMachine, median, sharedFolder } from "./machine.ts";

const [part = "speed"] = process.argv.slice(2);
const at = process.argv.indexOf("--count");
const count = at < 0 ? undefined : Number(process.argv[at + 1]);
const lfw = join(sharedFolder(), "data", "lfw");
const list = await readLfwPairs(join(lfw, "images"), join(lfw, "pairs.txt"));
const people = [...new Map(list.pictures.map(({ name }) => [name.split("/").at(-2)!, name])).values()];
const store = new ModelStore({ home: process.env["ARCFACE_HOME"] });
const folder = mkdtempSync(join(tmpdir(), "arcface-identity-bench-"));
console.log(describeMachine());
try {
  if (part === "speed") await speed(count ?? 1000);
  else if (part === "video") await video(count ?? 1000);
  else if (part === "changes") await changes(count ?? 40);
  else if (part === "shift") await shift(count ?? 40);
  else console.log("expected speed, video, changes or shift");
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Milliseconds that a work takes. */
async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function speed(pairs: number): Promise<void> {
  const paths: string[] = [];
  for (let i = 0; i < 2 * pairs; i++) {
    const path = join(folder, `${i}.jpg`);
    await sharp(people[i % people.length]!)
      .resize(512, 512)
      .jpeg({ quality: 90 })
      .toFile(path);
    paths.push(path);
  }
  await using embed = await RecognizerPool.open({ store });
  await using identity = await IdentityPool.open({ store });
  const drain = async (pictures: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of pictures);
  };
  const warm = paths.slice(0, 8);
  await drain(embed.faces(warm));
  await drain(identity.pictures(warm));
  const rounds = 10;
  const ratios: number[] = [];
  let [own, others] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    const block = paths.slice(
      Math.round((round * paths.length) / rounds),
      Math.round(((round + 1) * paths.length) / rounds),
    );
    const first = round % 2 === 0;
    let a = first ? await timed(() => drain(identity.pictures(block))) : 0;
    const b = await timed(() => drain(embed.faces(block)));
    if (!first) a = await timed(() => drain(identity.pictures(block)));
    own += a;
    others += b;
    ratios.push(b / a);
  }
  const [rate, pool] = [own, others].map((ms) => (1000 * paths.length) / ms) as [number, number];
  figure("speed.pairs", pairs);
  figure("speed.identity", rate);
  figure("speed.embed", pool);
  figure("speed.ratio", median(ratios));
  console.log(
    `${pairs} pairs of 512²: ${rate.toFixed(1)} pictures/s, the pool's faces ${pool.toFixed(1)}; ratio ${median(ratios).toFixed(3)} (median of ${rounds} rounds in turns)`,
  );
}

/** A window that drifts and sways over a group's photograph, with the light changing. */
async function* drifting(frames: number): AsyncGenerator<RgbImage> {
  const photographs = await store.pull("sample-photographs");
  const { data, info } = await sharp(photographs.get("sample3.jpg"))
    .rotate()
    .resize(1400)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  for (let n = 0; n < frames; n++) {
    const left = Math.round(560 + 60 * Math.sin(n / 9));
    const top = Math.round(40 + 40 * (1 + Math.sin(n / 7)));
    const gain = 1 + 0.15 * Math.sin(n / 4);
    const out = new Uint8Array(512 * 512 * 3);
    for (let y = 0; y < 512; y++)
      for (let i = 0; i < 512 * 3; i++)
        out[y * 1536 + i] = Math.min(255, data[((top + y) * info.width + left) * 3 + i]! * gain);
    yield new RgbImage(512, 512, out);
  }
}

async function video(frames: number): Promise<void> {
  await using pool = await IdentityPool.open({ store });
  const seen = async (track: boolean): Promise<SeenPicture[]> => {
    const pictures: SeenPicture[] = [];
    for await (const picture of pool.frames(drifting(frames), { track })) pictures.push(picture);
    return pictures;
  };
  for await (const _ of pool.frames(drifting(4)));
  let started = performance.now();
  const searched = await seen(false);
  const searching = performance.now() - started;
  started = performance.now();
  const followed = await seen(true);
  const following = performance.now() - started;
  const reference = searched[0]!;
  const scoreOf = (picture: SeenPicture): number =>
    picture.kind === "face" && reference.kind === "face"
      ? picture.vectors[0]!.reduce((sum, value, i) => sum + value * reference.vectors[0]![i]!, 0)
      : Number.NaN;
  const off = followed.map((picture, i) => Math.abs(scoreOf(picture) - scoreOf(searched[i]!)));
  const most = Math.max(...off);
  figure("video.frames", frames);
  figure("video.followed", (1000 * frames) / following);
  figure("video.searched", (1000 * frames) / searching);
  figure("video.ratio", searching / following);
  figure("video.furthest", most);
  console.log(
    `${frames} frames of 512²: ${((1000 * frames) / following).toFixed(1)} a second followed, ${((1000 * frames) / searching).toFixed(1)} searched anew, ratio ${(searching / following).toFixed(2)}; scores differ by ${most.toFixed(4)} at most`,
  );
}

async function changes(many: number): Promise<void> {
  const chosen = people.filter((_, i) => i % Math.floor(people.length / many) === 0).slice(0, many);
  await using recognizer = await Recognizer.open({ store });
  await using pool = await IdentityPool.open({ store, face: "central" });
  const threshold = recognizer.calibration!.threshold;
  figure("changes.people", many);
  figure("changes.threshold", threshold);
  const sources = new Map<string, SeenPicture>();
  for await (const result of pool.pictures(chosen))
    if (result.kind === "seen") sources.set(result.path, result.picture);
  const known = chosen.filter((path) => sources.get(path)?.kind === "face");
  const cosineOf = (a: SeenPicture, b: SeenPicture): number | undefined =>
    a.kind === "face" && b.kind === "face"
      ? a.vectors[0]!.reduce((sum, value, i) => sum + value * b.vectors[0]![i]!, 0)
      : undefined;
  for (const change of CHANGES) {
    const told: string[] = [];
    let before = { amount: 0, mean: 1 };
    let lost: number | undefined;
    for (const amount of change.amounts) {
      const paths: string[] = [];
      for (const [i, path] of known.entries()) {
        const source = sources.get(path)!;
        if (source.kind !== "face") continue;
        const to = join(folder, `${change.name}-${amount}-${i}.png`);
        writeFileSync(to, await change.apply(await sharp(path).toBuffer(), amount, source.face!.box));
        paths.push(to);
      }
      const values: { value: number }[] = [];
      let failed = 0;
      let i = 0;
      for await (const result of pool.pictures(paths)) {
        const value = result.kind === "seen" ? cosineOf(sources.get(known[i]!)!, result.picture) : undefined;
        if (value === undefined) failed++;
        else values.push({ value });
        i++;
      }
      const mean = values.reduce((sum, { value }) => sum + value, 0) / values.length;
      const below = values.filter(({ value }) => value < threshold).length + failed;
      const key = `${change.name}.${amount}`;
      figure(`${key}.mean`, mean);
      figure(`${key}.missed`, below / known.length);
      told.push(`${amount}: ${mean.toFixed(3)}${failed > 0 ? ` (${failed} without a face)` : ""}`);
      const start =
        before.amount === 0
          ? change.name === "jpeg"
            ? 100
            : ["downscale", "darker", "brighter"].includes(change.name)
              ? 1
              : 0
          : before.amount;
      if (lost === undefined && mean <= 0.95)
        lost = start + ((amount - start) * (before.mean - 0.95)) / (before.mean - mean);
      before = { amount, mean };
    }
    if (lost !== undefined) figure(`${change.name}.lost-005`, lost);
    console.log(
      `${change.name.padEnd(10)} ${told.join(", ")}; 0.05 is lost at ${lost?.toFixed(2) ?? "none of these"}`,
    );
  }
  await morphs(known.slice(0, 20), recognizer, pool, threshold);
}

/** Every crop moved to the right, its first column repeated, beside itself. */
async function shift(many: number): Promise<void> {
  const side = 112;
  await using recognizer = await Recognizer.open({ store });
  await using meter = await IdentityMeter.open({ store });
  const crops: Uint8Array[] = [];
  for (const path of people.filter((_, i) => i % Math.floor(people.length / many) === 0).slice(0, many)) {
    const { faces } = await recognizer.align(path);
    if (faces[0]) crops.push(faces[0].crop.data);
  }
  const batch = (by: number) => ({
    data: Uint8Array.from({ length: crops.length * side * side * 3 }, (_, at) => {
      const [n, rest] = [Math.floor(at / (side * side * 3)), at % (side * side * 3)];
      const [row, x, c] = [Math.floor(rest / (3 * side)), Math.floor(rest / 3) % side, rest % 3];
      return crops[n]![(row * side + Math.max(0, x - by)) * 3 + c]!;
    }),
    dims: [crops.length, side, side, 3],
    layout: "NHWC" as const,
  });
  figure("shift.crops", crops.length);
  const told: string[] = [];
  for (const by of [1, 2, 4, 8, 12]) {
    const scores = await meter.score(batch(by), batch(0));
    const mean = scores.reduce((sum, value) => sum + value, 0) / scores.length;
    figure(`shift.${by}.mean`, mean);
    told.push(`${by}: ${mean.toFixed(3)}`);
  }
  const { curve, threshold } = recognizer.calibration!;
  for (const [name, by] of [
    ["below", -0.05],
    ["at", 0],
    ["above", 0.05],
  ] as const) {
    const point = curve.reduce((a, b) =>
      Math.abs(b.cosine - threshold - by) < Math.abs(a.cosine - threshold - by) ? b : a,
    );
    figure(`threshold.${name}.cosine`, point.cosine);
    figure(`threshold.${name}.fmr`, 100 * point.fmr);
    figure(`threshold.${name}.fnmr`, 100 * point.fnmr);
    console.log(
      `at ${point.cosine}: FMR ${(100 * point.fmr).toFixed(3)} %, FNMR ${(100 * point.fnmr).toFixed(3)} %`,
    );
  }
  for (const n of [10, 100, 1000]) {
    const everybody = new Array<number>(n).fill(1);
    figure(`people.${n}.low`, 100 * rateOfPeople(everybody, everybody).low);
  }
  console.log(`crop shift of ${crops.length} crops, pixels of 112: ${told.join(", ")}`);
}

async function morphs(
  paths: readonly string[],
  recognizer: Recognizer,
  pool: IdentityPool,
  threshold: number,
): Promise<void> {
  const pixels = async (path: string): Promise<Pixels> => {
    const { data, info } = await sharp(path).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height };
  };
  const steps = Array.from({ length: 11 }, (_, i) => i / 10);
  const curves: number[][] = [];
  for (const [i, path] of paths.entries()) {
    const other = paths[(i + 1) % paths.length]!;
    const found = [];
    for (const each of [path, other]) {
      const { faces } = await recognizer.detect(each);
      found.push(
        faces.reduce((a, b) =>
          Math.hypot(a.box.x + a.box.width / 2 - 125, a.box.y + a.box.height / 2 - 125) <
          Math.hypot(b.box.x + b.box.width / 2 - 125, b.box.y + b.box.height / 2 - 125)
            ? a
            : b,
        ),
      );
    }
    const [a, b] = [await pixels(path), await pixels(other)];
    const files = [];
    for (const share of steps) {
      const { data, width, height } = morph(a, b, [found[0]!.landmarks, found[1]!.landmarks], share);
      const to = join(folder, `morph-${i}-${share}.png`);
      await sharp(data, { raw: { width, height, channels: 3 } })
        .png({ compressionLevel: 1 })
        .toFile(to);
      files.push(to);
    }
    const seen: SeenPicture[] = [];
    for await (const result of pool.pictures(files)) if (result.kind === "seen") seen.push(result.picture);
    const [first] = seen;
    curves.push(
      seen.map((picture) =>
        picture.kind === "face" && first?.kind === "face"
          ? picture.vectors[0]!.reduce((sum, value, k) => sum + value * first.vectors[0]![k]!, 0)
          : -1,
      ),
    );
  }
  const told = steps.map((share, s) => {
    const values = curves.map((curve) => curve[s]!);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const reach = values.filter((value) => value >= threshold).length / values.length;
    figure(`morph.${Math.round(10 * share)}.mean`, mean);
    figure(`morph.${Math.round(10 * share)}.reach`, reach);
    return `${share}: ${mean.toFixed(3)}, ${(100 * reach).toFixed(0)} %`;
  });
  const falling = curves.filter((curve) =>
    curve.every((value, s) => s === 0 || value <= curve[s - 1]! + 0.02),
  ).length;
  figure("morph.pairs", curves.length);
  figure("morph.falling", falling);
  console.log(
    `morphs     cosine to the first of two people, and how many reach ${threshold.toFixed(3)}: ${told.join("; ")}; ${falling} of ${curves.length} curves fall all the way`,
  );
}
