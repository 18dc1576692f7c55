import type { AlignedFace } from "../align/index.ts";
import { cosine, FaceError, throwIfAborted, type UnitVector, type WorkOptions } from "../core/index.ts";
import { Embedder, type EmbedderContract } from "../embed/index.ts";
import type { ContractOptions, ModelFile, OwnCard } from "../models/index.ts";
import { knownContract, ModelStore, readModelFile } from "../models/index.ts";
import { type PeopleFolder, type PersonPhotographs, samplePeople } from "../photographs/index.ts";
import {
  chooseFace,
  FaceFinder,
  type FaceFinderOptions,
  openNetworkFile,
  recognizerOptionsAmong,
} from "../recognise/index.ts";
import {
  areaInterval,
  CONFIDENCE,
  type IdentifiedScores,
  jackknifeInterval,
  type Separations,
  separations,
} from "../statistics/index.ts";

/** A way to turn bytes into a network's input, as (byte − mean) / scale. */
export interface Normalization {
  readonly name: string;
  readonly mean: readonly [number, number, number];
  readonly scale: readonly [number, number, number];
}

/**
 * The normalisations that published face networks use, with means in the order R, G, B.
 *
 * Source    arcface_torch, TFLite and MXNet ports, MagFace, torchvision, networks with
 *           their own normalisation inside
 */
export const NORMALIZATIONS: readonly Normalization[] = [
  { name: "(x-127.5)/127.5", mean: [127.5, 127.5, 127.5], scale: [127.5, 127.5, 127.5] },
  { name: "(x-127.5)/128", mean: [127.5, 127.5, 127.5], scale: [128, 128, 128] },
  { name: "x/255", mean: [0, 0, 0], scale: [255, 255, 255] },
  { name: "ImageNet mean/std", mean: [123.675, 116.28, 103.53], scale: [58.395, 57.12, 57.375] },
  { name: "0..255", mean: [0, 0, 0], scale: [1, 1, 1] },
];

/** Options for measuring contracts. */
export interface ProbeOptions extends FaceFinderOptions, WorkOptions {
  /** @default 100 */
  readonly people?: number | undefined;
  /** Photographs of each person. @default 4 */
  readonly photographs?: number | undefined;
  /** Draws people and photographs. @default 1 */
  readonly seed?: number | undefined;
  /** Names and sizes that neither the file nor a card gives. */
  readonly contract?: ContractOptions | undefined;
}

/** One way to feed the network, and how well it then tells people apart. */
export interface ProbeCandidate {
  readonly channels: "RGB" | "BGR";
  readonly normalization: string;
  /** In the order of `channels`. */
  readonly mean: readonly [number, number, number];
  readonly scale: readonly [number, number, number];
  readonly auc: number;
  readonly dPrime: number;
  readonly aucInterval: readonly [number, number];
  readonly dPrimeInterval: readonly [number, number];
  /**
   * The amount by which its d′ is less than the best one's, on the same people; 0 inside leaves the order open. The intervals of all
   * candidates hold together with 95 %, so that many candidates do not make a leader of chance.
   */
  readonly behindBest: readonly [number, number];
}

/** Findings of a probe. */
export interface ProbeReport {
  readonly model: string;
  readonly seed: number;
  readonly people: number;
  readonly faces: number;
  readonly genuinePairs: number;
  readonly impostorPairs: number;
  /** Photographs without a face, or that could not be read. */
  readonly passedOver: number;
  /** By falling d′. */
  readonly candidates: readonly ProbeCandidate[];
  /** The number of leaders that these photographs cannot tell apart; 1 is a clear answer. */
  readonly leaders: number;
  /** The best candidate as a contract. */
  readonly contract: EmbedderContract;
}

/** Of two, none can be left out. */
const MIN_PEOPLE = 3;
/** A person shows nothing about likeness with one photograph. */
const MIN_PHOTOGRAPHS = 2;

/**
 * Measures a network's channel order and normalisation: embeds faces of people in every known way and sees which one
 * tells the people apart best.
 *
 * Throws    FaceError BAD_FILE, BAD_MODEL, BAD_CONTRACT when sizes are not known, USAGE for too few people, ABORTED
 */
export async function probeContract(
  path: string,
  folder: PeopleFolder,
  options: ProbeOptions = {},
): Promise<ProbeReport> {
  const { people = 100, photographs = 4, seed = 1, signal, onProgress } = options;
  const store = options.store ?? new ModelStore();
  const file = await readModelFile(path, options.contract?.under);
  const known = await contractWithoutColours(file, store, options.contract);
  const sampled = samplePeople(folder, { people, photographs, min: MIN_PHOTOGRAPHS, seed });
  const { crops, person, passedOver } = await alignPeople(sampled, known.input.sizePx, { ...options, store });
  const shown = new Set(person).size;
  if (shown < MIN_PEOPLE) {
    throw new FaceError("USAGE", {
      where: folder.folder,
      expected: `photographs of at least ${MIN_PEOPLE} people with ${MIN_PHOTOGRAPHS} faces each`,
      got: shown,
    });
  }
  const session = await openNetworkFile(store, file, known.input, { signal, onProgress });
  const ways = (["RGB", "BGR"] as const).flatMap((channels) =>
    NORMALIZATIONS.map((normalization) => inOrder(channels, normalization)),
  );
  const measured: { way: Way; separated: Separations; aucInterval: readonly [number, number] }[] = [];
  await using _ = session;
  for (const way of ways) {
    const contract = contractOf(known, way);
    const embedder = new Embedder(file.path, contract, session);
    const vectors: UnitVector[] = [];
    for (const [i, crop] of crops.entries()) {
      throwIfAborted(signal);
      vectors.push(...(await embedder.embed([crop])));
      const done = measured.length * crops.length + i + 1;
      onProgress?.({ stage: "probe", done, total: ways.length * crops.length });
    }
    measured.push({
      way,
      separated: separations({ people: shown, person, vectors }),
      aucInterval: areaInterval(scoresOfAll(person, shown, vectors)),
    });
  }
  measured.sort((a, b) => b.separated.all.dPrime - a.separated.all.dPrime);
  const best = measured[0]!.separated;
  const candidates = measured.map(
    ({ way, separated, aucInterval }): ProbeCandidate => ({
      ...way,
      ...separated.all,
      aucInterval,
      dPrimeInterval: jackknifeInterval(
        separated.all.dPrime,
        separated.without.map(({ dPrime }) => dPrime),
      ),
      behindBest: jackknifeInterval(
        best.all.dPrime - separated.all.dPrime,
        separated.without.map(({ dPrime }, i) => best.without[i]!.dPrime - dPrime),
        1 - (1 - CONFIDENCE) / (measured.length - 1),
      ),
    }),
  );
  const genuinePairs = pairCount(person, true);
  return {
    model: path,
    seed,
    people: shown,
    faces: crops.length,
    genuinePairs,
    impostorPairs: (crops.length * (crops.length - 1)) / 2 - genuinePairs,
    passedOver,
    candidates,
    leaders: candidates.filter(({ behindBest }) => behindBest[0] <= 0).length,
    contract: contractOf(known, measured[0]!.way),
  };
}

/** A card for the file with the best candidate and the evidence for it; what the card beside the file said stays. */
export function cardOfProbe(report: ProbeReport, before: OwnCard | undefined): OwnCard {
  const { seed, people, faces, genuinePairs, impostorPairs, candidates, contract } = report;
  const rounded = (value: number): number => Number(value.toFixed(5));
  const pair = ([low, high]: readonly [number, number]): [number, number] => [rounded(low), rounded(high)];
  return {
    ...before,
    contract: {
      template: "arcface-5-point",
      input: { ...contract.input, mean: [...contract.input.mean], scale: [...contract.input.scale] },
      output: contract.output,
    },
    evidence: {
      method: `arcface inspect --probe: highest d' over all pairs; 95 % intervals by person, those of behindBest together`,
      seed,
      people,
      faces,
      genuinePairs,
      impostorPairs,
      candidates: candidates.map((candidate) => ({
        channels: candidate.channels,
        normalization: candidate.normalization,
        auc: rounded(candidate.auc),
        aucInterval: pair(candidate.aucInterval),
        dPrime: rounded(candidate.dPrime),
        dPrimeInterval: pair(candidate.dPrimeInterval),
        behindBest: pair(candidate.behindBest),
      })),
    },
  };
}

type Way = Pick<ProbeCandidate, "channels" | "normalization" | "mean" | "scale">;

function inOrder(channels: "RGB" | "BGR", { name, mean, scale }: Normalization): Way {
  const turned = ([r, g, b]: readonly [number, number, number]) =>
    channels === "RGB" ? ([r, g, b] as const) : ([b, g, r] as const);
  return { channels, normalization: name, mean: turned(mean), scale: turned(scale) };
}

/** Facts about a network that have to be known before its colours can be tried. */
interface Colourless {
  readonly input: Omit<EmbedderContract["input"], "channels" | "mean" | "scale">;
  readonly output: EmbedderContract["output"];
}

function contractOf({ input, output }: Colourless, { channels, mean, scale }: Way): EmbedderContract {
  return { input: { ...input, channels, mean, scale }, output };
}

/** Names, sizes and layout from flags, cards and the file, which is believed here where a graph declares them. */
async function contractWithoutColours(
  file: ModelFile,
  store: ModelStore,
  options: ContractOptions = {},
): Promise<Colourless> {
  const known = await knownContract(file, store.cards(), options);
  const input: Record<string, unknown> = { ...file.sides.input, ...known.input };
  const output: Record<string, unknown> = { ...file.sides.output, ...known.output };
  const missing = [
    ...["name", "layout", "sizePx"].filter((field) => input[field] === undefined).map((f) => `input.${f}`),
    ...["name", "dimension"].filter((field) => output[field] === undefined).map((f) => `output.${f}`),
  ];
  if (missing.length > 0) {
    throw new FaceError("BAD_CONTRACT", {
      where: file.path,
      expected: "names and sizes in flags, a card or the file itself",
      got: `no ${missing.join(", ")}`,
    });
  }
  const { name, layout, sizePx, maxBatch } = input as unknown as Colourless["input"];
  return {
    input: { name, layout, sizePx, ...(maxBatch === undefined ? {} : { maxBatch }) },
    output: output as unknown as Colourless["output"],
  };
}

/** One face of each photograph, upright; people of whom fewer than two are left do not count. */
async function alignPeople(
  sampled: readonly PersonPhotographs[],
  sizePx: number,
  options: ProbeOptions,
): Promise<{ crops: AlignedFace[]; person: number[]; passedOver: number }> {
  const { signal, onProgress } = options;
  const total = sampled.reduce((sum, { paths }) => sum + paths.length, 0);
  await using finder = await FaceFinder.open(recognizerOptionsAmong(options));
  const crops: AlignedFace[] = [];
  const person: number[] = [];
  let passedOver = 0;
  let done = 0;
  let next = 0;
  for (const { paths } of sampled) {
    const own: AlignedFace[] = [];
    for (const path of paths) {
      throwIfAborted(signal);
      const photograph = await finder.align(path, sizePx).catch(passOverBadPictures);
      const face = photograph && chooseFace(photograph.faces, "central", photograph);
      if (face) own.push(face.crop);
      else passedOver++;
      onProgress?.({ stage: "align", done: ++done, total });
    }
    if (own.length < MIN_PHOTOGRAPHS) continue;
    crops.push(...own);
    person.push(...own.map(() => next));
    next++;
  }
  return { crops, person, passedOver };
}

/** One picture that cannot be read is no reason to stop; anything else is. */
function passOverBadPictures(thrown: unknown): undefined {
  if (thrown instanceof FaceError && (thrown.code === "BAD_IMAGE" || thrown.code === "BAD_FILE")) return;
  throw thrown;
}

/** Every pair of faces. */
function scoresOfAll(
  person: readonly number[],
  people: number,
  vectors: readonly UnitVector[],
): IdentifiedScores {
  const count = (vectors.length * (vectors.length - 1)) / 2;
  const scores = new Float64Array(count);
  const same = new Uint8Array(count);
  const [a, b] = [new Uint32Array(count), new Uint32Array(count)];
  for (let j = 1, at = 0; j < vectors.length; j++) {
    for (let i = 0; i < j; i++, at++) {
      scores[at] = cosine(vectors[i]!, vectors[j]!);
      same[at] = Number(person[i] === person[j]);
      a[at] = person[i]!;
      b[at] = person[j]!;
    }
  }
  return { scores, same, a, b, people };
}

function pairCount(person: readonly number[], same: boolean): number {
  let count = 0;
  for (let i = 0; i < person.length; i++)
    for (let j = i + 1; j < person.length; j++) if ((person[i] === person[j]) === same) count++;
  return count;
}
