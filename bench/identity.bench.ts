/**
 * Identity preservation: how fast it is, and how its figures move when pictures are changed by known amounts.
 *
 * speed    pairs of 512² pictures through `IdentityPool` beside `RecognizerPool.faces`, in turns, the same pictures; 100 pairs
 *          by default, `--count 1000` takes some minutes
 * video    frames of 512² with the face followed, beside every frame searched anew, shot by shot in turns: processor time, and
 *          how far the scores differ; 1,000 frames take some minutes
 * changes  photographs of LFW changed by rising amounts, and morphs between two people in eleven steps
 * networks  protocols whole, from picture to vector, with networks that PyTorch saved; tools/make-identity-fixtures.py makes FOLDER
 * shift    aligned crops moved to the side by some of their 112 pixels
 *
 * npm run bench identity -- speed|video|changes|shift [--count N], networks --folder FOLDER
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

/** Frames of one shot of the video. */
const SHOT = 100;
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
  if (part === "speed") await speed(count ?? 100);
  else if (part === "video") await video(count ?? 1000);
  else if (part === "changes") await changes(count ?? 40);
  else if (part === "shift") await shift(count ?? 40);
  else if (part === "networks") await networks(process.argv[process.argv.indexOf("--folder") + 1]!);
  else console.log("expected speed, video, changes, shift or networks");
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function speed(pairs: number): Promise<void> {
  const paths = Array.from({ length: 2 * pairs }, (_, i) => join(folder, `${i}.jpg`));
  const making = paths.entries();
  const make = async (): Promise<void> => {
    for (const [i, path] of making)
      await sharp(people[i % people.length]!)
        .resize(512, 512)
        .jpeg({ quality: 90 })
        .toFile(path);
  };
  await Promise.all([make(), make(), make(), make()]);
  await using embed = await RecognizerPool.open({ store });
  await using identity = await IdentityPool.open({ store });
  const drain = async (pictures: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of pictures);
  };
  const cost = { identity: { ms: 0, cpu: 0 }, embed: { ms: 0, cpu: 0 } };
  const work = {
    identity: (block: readonly string[]) => drain(identity.pictures(block)),
    embed: (block: readonly string[]) => drain(embed.faces(block)),
  };
  for (const run of Object.values(work)) await run(paths.slice(0, 8));
  const rounds = 10;
  const ratios: number[] = [];
  const cpuRatios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const block = paths.slice(
      Math.round((round * paths.length) / rounds),
      Math.round(((round + 1) * paths.length) / rounds),
    );
    const spent = { identity: { ms: 0, cpu: 0 }, embed: { ms: 0, cpu: 0 } };
    const order = ["identity", "embed"] as const;
    for (const side of round % 2 === 0 ? order : order.toReversed()) {
      const [started, used] = [performance.now(), process.cpuUsage()];
      await work[side](block);
      const { user, system } = process.cpuUsage(used);
      spent[side] = { ms: performance.now() - started, cpu: (user + system) / 1000 };
      cost[side].ms += spent[side].ms;
      cost[side].cpu += spent[side].cpu;
    }
    ratios.push(spent.embed.ms / spent.identity.ms);
    cpuRatios.push(spent.embed.cpu / spent.identity.cpu);
  }
  const rate = (ms: number): number => (1000 * paths.length) / ms;
  figure("speed.pairs", pairs);
  figure("speed.identity", rate(cost.identity.ms));
  figure("speed.embed", rate(cost.embed.ms));
  figure("speed.ratio", 100 * median(ratios));
  figure("speed.identity.cpu", cost.identity.cpu / paths.length);
  figure("speed.embed.cpu", cost.embed.cpu / paths.length);
  figure("speed.ratio.cpu", 100 * median(cpuRatios));
  console.log(
    `${pairs} pairs of 512²: ${rate(cost.identity.ms).toFixed(1)} pictures/s, the pool's faces ${rate(cost.embed.ms).toFixed(1)}, ratio ${median(ratios).toFixed(3)}; processor time ${(cost.identity.cpu / paths.length).toFixed(1)} and ${(cost.embed.cpu / paths.length).toFixed(1)} ms a picture, ratio ${median(cpuRatios).toFixed(3)} (medians of ${rounds} rounds in turns)`,
  );
}

/**
 * Frames of 512² of photographs of LFW, a cut every {@link SHOT}: each photograph enlarged to 800² and then seen by a camera that
 * drifts and sways by up to 6 % of it, comes nearer and goes back by a third, rolls by up to 6 degrees, and meters the light between
 * 0.8 and 1.2 of what it was.
 */
async function* filmed(from: number, to: number): AsyncGenerator<RgbImage> {
  const side = 800;
  let shown = -1;
  let data: Uint8Array = new Uint8Array();
  for (let n = from; n < to; n++) {
    const shot = Math.floor(n / SHOT);
    if (shot !== shown) {
      shown = shot;
      const photograph = people[(shot * 97) % people.length]!;
      data = await sharp(photograph).resize(side, side, { kernel: "cubic" }).removeAlpha().raw().toBuffer();
    }
    const zoom = 1.2 + 0.2 * Math.sin(n / 23);
    const roll = (6 * Math.PI * Math.sin(n / 17)) / 180;
    const [cos, sin] = [zoom * Math.cos(roll), zoom * Math.sin(roll)];
    const x = side / 2 + 0.04 * side * Math.sin(n / 9) + 0.02 * side * Math.sin(n / 3.1);
    const y = side / 2 + 0.04 * side * Math.sin(n / 7) + 0.02 * side * Math.cos(n / 2.3);
    const gain = 1 + 0.2 * Math.sin(n / 11);
    const out = new Uint8Array(512 * 512 * 3);
    for (let v = 0; v < 512; v++)
      for (let u = 0; u < 512; u++) {
        const [du, dv] = [u - 255.5, v - 255.5];
        const sx = Math.min(side - 1.001, Math.max(0, x + cos * du - sin * dv));
        const sy = Math.min(side - 1.001, Math.max(0, y + sin * du + cos * dv));
        const [left, top] = [Math.floor(sx), Math.floor(sy)];
        const [fx, fy] = [sx - left, sy - top];
        const at = 3 * (top * side + left);
        for (let c = 0; c < 3; c++) {
          const above = (1 - fx) * data[at + c]! + fx * data[at + 3 + c]!;
          const below = (1 - fx) * data[at + 3 * side + c]! + fx * data[at + 3 * side + 3 + c]!;
          out[3 * (512 * v + u) + c] = Math.min(255, gain * ((1 - fy) * above + fy * below));
        }
      }
    yield new RgbImage(512, 512, out);
  }
}

/** Shots of a video, each first followed and then searched frame by frame, or the other way round. */
async function video(frames: number): Promise<void> {
  await using pool = await IdentityPool.open({ store });
  const cost = { followed: { ms: 0, cpu: 0 }, searched: { ms: 0, cpu: 0 } };
  for await (const _ of pool.frames(still(await held(0, 8)), { track: false }));
  const ratios: number[] = [];
  const differences: number[] = [];
  let [faces, differing] = [0, 0];
  for (let from = 0; from < frames; from += SHOT) {
    const images = await held(from, Math.min(frames, from + SHOT));
    const seen = { followed: [] as SeenPicture[], searched: [] as SeenPicture[] };
    const spent = { followed: 0, searched: 0 };
    const order = ["followed", "searched"] as const;
    for (const way of (from / SHOT) % 2 === 0 ? order : order.toReversed()) {
      const [started, used] = [performance.now(), process.cpuUsage()];
      for await (const picture of pool.frames(still(images), { track: way === "followed" }))
        seen[way].push(picture);
      cost[way].ms += performance.now() - started;
      const { user, system } = process.cpuUsage(used);
      spent[way] = (user + system) / 1000;
      cost[way].cpu += spent[way];
    }
    ratios.push(spent.searched / spent.followed);
    const reference = seen.searched.find(({ kind }) => kind === "face");
    for (const [i, picture] of seen.followed.entries()) {
      const other = seen.searched[i]!;
      if (picture.kind !== other.kind) differing++;
      if (picture.kind !== "face" || other.kind !== "face" || reference?.kind !== "face") continue;
      faces++;
      const scoreOf = ({ vectors }: typeof picture): number =>
        vectors[0]!.reduce((sum, value, k) => sum + value * reference.vectors[0]![k]!, 0);
      differences.push(Math.abs(scoreOf(picture) - scoreOf(other)));
    }
  }
  const most = Math.max(...differences);
  const same = differences.filter((each) => each < 1e-4).length;
  const { followed, searched } = cost;
  figure("video.frames", frames);
  figure("video.faces", faces);
  figure("video.followed", (1000 * frames) / followed.ms);
  figure("video.searched", (1000 * frames) / searched.ms);
  figure("video.followed.cpu", followed.cpu / frames);
  figure("video.searched.cpu", searched.cpu / frames);
  figure("video.ratio", median(ratios));
  figure("video.furthest", most);
  figure("video.same", same / differences.length);
  figure("video.one-sided", differing);
  console.log(
    `${frames} frames of 512²: ${((1000 * frames) / followed.ms).toFixed(1)} a second followed, ${((1000 * frames) / searched.ms).toFixed(1)} searched anew; processor time ${(followed.cpu / frames).toFixed(1)} and ${(searched.cpu / frames).toFixed(1)} ms a frame, ratio ${median(ratios).toFixed(2)} (median of ${ratios.length} shots)`,
  );
  console.log(
    `scores of ${faces} faces differ by ${most.toFixed(4)} at most, ${(100 * (same / differences.length)).toFixed(1)} % by less than 0.0001; ${differing} frames in which only one way found a face`,
  );
}

async function held(from: number, to: number): Promise<RgbImage[]> {
  const images: RgbImage[] = [];
  for await (const image of filmed(from, to)) images.push(image);
  return images;
}

async function* still(images: readonly RgbImage[]): AsyncGenerator<RgbImage> {
  // Copies, for a frame's bytes may go to its worker with it.
  for (const { width, height, data } of images) yield new RgbImage(width, height, data.slice());
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

/** Vectors of arranged pictures beside PyTorch's, through the protocol and the file of weights. */
async function networks(saved: string): Promise<void> {
  const expected = JSON.parse(readFileSync(join(saved, "vectors.json"), "utf8")) as Record<
    string,
    { network: string; side: number; vectors: number[][] }
  >;
  const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
    Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
  for (const [protocol, { network, side, vectors }] of Object.entries(expected)) {
    const paths = vectors.map((_, i) => join(folder, `${side}-${i}.png`));
    for (const [i, path] of paths.entries())
      await sharp(readFileSync(join(saved, `${side}-${i}.rgb`)), {
        raw: { width: side, height: side, channels: 3 },
      })
        .png()
        .toFile(path);
    await using pool = await IdentityPool.open({
      store,
      aligned: true,
      workers: 1,
      judges: [{ protocol, model: join(saved, `${network}.pth`) }],
    });
    const own: Float32Array[] = [];
    for await (const result of pool.pictures(paths))
      if (result.kind === "seen" && result.picture.kind === "face") own.push(result.picture.vectors[0]!);
    const off = own.map((vector, i) => Math.abs(cosine(vector, own[0]!) - cosine(vectors[i]!, vectors[0]!)));
    const values = own.flatMap((vector, i) =>
      Array.from(vector, (value, k) => Math.abs(value - vectors[i]![k]!)),
    );
    const lowest = Math.min(...own.map((vector) => cosine(vector, own[0]!)));
    figure(`networks.${protocol.replace("/", "-")}.cosine`, Math.max(...off));
    figure(
      `networks.${protocol.replace("/", "-")}.value`,
      values.reduce((most, value) => Math.max(most, value), 0),
    );
    console.log(
      `${protocol.padEnd(14)} ${network}, ${pool.judges[0]!.match}: ${own.length} pictures, cosines to the first from ${lowest.toFixed(3)}; furthest from PyTorch's: cosines ${Math.max(...off).toExponential(1)}, values ${values.reduce((most, value) => Math.max(most, value), 0).toExponential(1)}`,
    );
  }
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
  let [before, lost] = [{ by: 0, mean: 1 }, Number.NaN];
  for (const by of [1, 2, 4, 6, 8, 12, 16]) {
    const scores = await meter.score(batch(by), batch(0));
    const mean = scores.reduce((sum, value) => sum + value, 0) / scores.length;
    figure(`shift.${by}.mean`, mean);
    told.push(`${by}: ${mean.toFixed(3)}`);
    if (Number.isNaN(lost) && mean <= 0.95)
      lost = before.by + ((by - before.by) * (before.mean - 0.95)) / (before.mean - mean);
    before = { by, mean };
  }
  figure("shift.lost-005", lost);
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
  console.log(
    `crop shift of ${crops.length} crops, pixels of 112: ${told.join(", ")}; 0.05 is lost at ${lost.toFixed(1)}`,
  );
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
