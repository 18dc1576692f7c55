import { basename } from "node:path";
import { FaceError, type WorkOptions } from "../core/index.ts";
import {
  type Calibration,
  type ContractOptions,
  cardOfFile,
  DEFAULT_MODELS,
  isModelFile,
  type ModelCard,
  type ModelStore,
  type Pipeline,
  readModelFile,
} from "../models/index.ts";
import {
  type FaceFinderOptions,
  openEmbedder,
  pipelineOf,
  pipelineOfCrops,
  Recognizer,
  recognizerOptionsAmong,
  type VerdictOptions,
} from "../recognise/index.ts";
import { thresholdOf } from "../verdict/index.ts";
import { DEFAULT_PROTOCOL, type IdentityProtocol, identityProtocol, protocolDigest } from "./protocol.ts";

/** The one that is asked whether two pictures show one person: a network, and the convention by which pictures reach it. */
export interface JudgeChoice {
  /** Id of an embedding model, or the path of a network file. @default the protocol's own network, else the default model */
  readonly model?: string | undefined;
  /** A protocol, or the name of one. @default "default" */
  readonly protocol?: string | IdentityProtocol | undefined;
  /** The contract of a network file; it beats the protocol's. */
  readonly contract?: ContractOptions | undefined;
  /** Embed each face with its mirror image. @default as the protocol says */
  readonly flip?: boolean | undefined;
}

/** The relation of a network to the one that a protocol is about. */
export type NetworkMatch =
  /** The protocol is about no network in particular. */
  | "any"
  /** Its checksum is among those known. */
  | "checksum"
  /** Its weights are those of the network that the protocol names. */
  | "family"
  /** A graph that says nothing of what it is: taken at the caller's word. */
  | "unknown"
  /** Another network, fed by its own contract: only crop and resize are the protocol's. */
  | "other";

/** A judge that can be handed to another thread: everything it is opened with. */
export interface JudgeSpec {
  readonly model: string;
  readonly contract: ContractOptions;
  readonly flip: boolean;
  readonly protocol: IdentityProtocol;
}

/** A judge as it was found: who it is, and what its scores mean. */
export interface IdentityJudge {
  /** The network: a card's id, or file name and first digits of the file's sha256. */
  readonly model: string;
  readonly protocol: { readonly id: string; readonly revision: number; readonly sha256: string };
  readonly pipeline: Pipeline;
  readonly match: NetworkMatch;
  /** The network that weights were recognised as; undefined for graphs and cards. */
  readonly family: string | undefined;
  /** Things about this judge that a reader of its numbers has to know, a sentence each. */
  readonly warnings: readonly string[];
  readonly calibration: Calibration | undefined;
  /** Says why there is no calibration. */
  readonly uncalibrated: string | undefined;
  /** From which cosine on two faces count as one person's; undefined where nothing says so. */
  readonly threshold: number | undefined;
  readonly spec: JudgeSpec;
}

/** Options that judges are found with, besides their own. */
export type JudgeOptions = FaceFinderOptions &
  VerdictOptions &
  WorkOptions & {
    readonly store: ModelStore;
    /** Pictures are frames of the protocol already: nothing is looked for in them. */
    readonly aligned: boolean;
  };

/**
 * Finds a judge: its network is downloaded and prepared where that is to be done, and its calibration is looked up.
 *
 * Throws    FaceError USAGE for a protocol whose network cannot be had unless it is named; as `Recognizer.open` otherwise
 */
export async function findIdentityJudge(choice: JudgeChoice, options: JudgeOptions): Promise<IdentityJudge> {
  const protocol =
    typeof choice.protocol === "object"
      ? choice.protocol
      : identityProtocol(choice.protocol ?? DEFAULT_PROTOCOL);
  const model = choice.model ?? (protocol.network ? undefined : DEFAULT_MODELS.embedder);
  if (model === undefined) throw networkWanted(protocol);
  const found = await matchOf(model, protocol, options.store.cards());
  const flip = choice.flip ?? protocol.flip;
  const contract: ContractOptions = {
    ...(protocol.network &&
      found.match !== "other" && {
        ...protocol.feed,
        dimension: protocol.network.dimension,
        sizePx: protocol.resize?.toPx ?? protocol.frame.sidePx ?? undefined,
        ...(found.family === undefined && { layout: "NCHW" }),
      }),
    ...given(choice.contract),
  };
  const spec: JudgeSpec = { model, contract, flip, protocol };
  return {
    ...(await openOnce(spec, options)),
    protocol: { id: protocol.id, revision: protocol.revision, sha256: protocolDigest(protocol) },
    ...found,
    spec,
  };
}

function given(contract: ContractOptions = {}): ContractOptions {
  return Object.fromEntries(Object.entries(contract).filter(([, value]) => value !== undefined));
}

function networkWanted({ id, network }: IdentityProtocol): FaceError {
  const { title, files, sha256, where } = network!;
  const sums = sha256.length > 0 ? `, sha256 ${sha256.join(" or ")}` : ", whose checksum is not known here";
  return new FaceError("USAGE", {
    where: `protocol ${id}`,
    expected: `a model: ${title}, a file ${files.join(" or ")}${sums}`,
    got: "none",
    note: `give its path as --model; it is not downloaded from here: ${where}`,
  });
}

/** Compares a network with the one that a protocol is about. */
async function matchOf(
  model: string,
  { id, network }: IdentityProtocol,
  cards: readonly ModelCard[],
): Promise<Pick<IdentityJudge, "match" | "family" | "warnings">> {
  if (!network) return { match: "any", family: undefined, warnings: [] };
  const about = `protocol ${id} is about ${network.title}`;
  if (!(await isModelFile(model))) {
    return {
      match: "other",
      family: undefined,
      warnings: [
        `${about}: ${model} is another network, fed by its own contract, and only crop and resize are the protocol's`,
      ],
    };
  }
  const file = await readModelFile(model);
  const name = basename(model);
  if (network.sha256.includes(file.sha256)) {
    return { match: "checksum", family: file.network?.id ?? network.family, warnings: [] };
  }
  const unlike =
    network.sha256.length > 0
      ? [
          `${name} is not the file whose checksum is known (sha256 ${file.sha256}): other weights, or the same in another form`,
        ]
      : [];
  if (file.network?.id === network.family)
    return { match: "family", family: network.family, warnings: unlike };
  const card = cardOfFile(file, cards);
  const other = file.network?.id ?? card?.id;
  if (other !== undefined) {
    return {
      match: "other",
      family: file.network?.id,
      warnings: [
        `${about}: ${name} is ${other}, fed by its own contract, and only crop and resize are the protocol's`,
      ],
    };
  }
  return {
    match: "unknown",
    family: undefined,
    warnings: [`${about}: ${name} does not say what it is, and is taken for it`, ...unlike],
  };
}

type Opened = Pick<IdentityJudge, "model" | "pipeline" | "calibration" | "uncalibrated" | "threshold">;

/** Opens a judge's network once, here, so that threads find it prepared. */
async function openOnce(spec: JudgeSpec, options: JudgeOptions): Promise<Opened> {
  const { model, contract, flip, protocol } = spec;
  const { store, threshold } = options;
  if (protocol.id === DEFAULT_PROTOCOL && !options.aligned) {
    await using recognizer = await Recognizer.open({
      ...recognizerOptionsAmong(options),
      store,
      model,
      contract,
      flip,
    });
    const { calibration } = recognizer;
    return {
      model: recognizer.model,
      pipeline: recognizer.pipeline,
      calibration,
      uncalibrated: recognizer.uncalibrated,
      threshold: thresholdOf({ threshold, calibration }),
    };
  }
  const { embedder, network } = await openEmbedder(store, model, contract, options);
  await embedder.close();
  const how = options.aligned
    ? "pictures that were arranged elsewhere"
    : `the crops of protocol ${protocol.id}`;
  return {
    model: embedder.id,
    pipeline: options.aligned
      ? pipelineOfCrops(network, flip)
      : pipelineOf(store, network, { ...options, flip }),
    calibration: undefined,
    uncalibrated: `no calibration was measured on ${how}`,
    threshold,
  };
}
