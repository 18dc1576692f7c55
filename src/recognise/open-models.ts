import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FaceError, type WorkOptions } from "../core/index.ts";
import { type Detector, MtcnnDetector, YunetDetector } from "../detect/index.ts";
import { Embedder } from "../embed/index.ts";
import {
  type ContractOptions,
  type DetectCard,
  isModelFile,
  type ModelFile,
  type ModelStore,
  networkOf,
  type Pipeline,
  prepareModelFile,
  prepareNetwork,
  readOwnModel,
} from "../models/index.ts";
import { Session, type SessionOptions } from "../onnx/index.ts";

/** Side of the pictures on which networks that take any size are checked. */
const EXAMPLE_SIDE = 64;

/** Opens the detector of a card, after downloading what is missing. */
export async function openDetector(
  store: ModelStore,
  id: string,
  options: SessionOptions & WorkOptions = {},
): Promise<Detector> {
  const card = store.card(id);
  if (card.task !== "detect")
    throw new FaceError("USAGE", `detector: expected a model that detects faces, got ${id}`);
  const files = await store.pull(id, options);
  const open = (name: string, input: string, side: number, anySize: boolean): Promise<Session> =>
    openNetwork(store, files.get(name)!, input, [1, 3, side, side], anySize, options);
  return card.contract.family === "mtcnn"
    ? await openMtcnn(id, card.contract, open)
    : new YunetDetector(
        id,
        card.contract.input,
        await open(card.files[0]!.name, card.contract.input, EXAMPLE_SIDE, true),
      );
}

async function openMtcnn(
  id: string,
  contract: Extract<DetectCard["contract"], { family: "mtcnn" }>,
  open: (name: string, input: string, side: number, anySize: boolean) => Promise<Session>,
): Promise<Detector> {
  const { proposal, refinement, output } = contract;
  return new MtcnnDetector(id, {
    proposal: { ...proposal, session: await open(proposal.file, proposal.input, EXAMPLE_SIDE, true) },
    refinement: { ...refinement, session: await open(refinement.file, refinement.input, 24, false) },
    output: { ...output, session: await open(output.file, output.input, 48, false) },
  });
}

/** An embedder and what it was made from. */
export interface OpenedEmbedder {
  readonly embedder: Embedder;
  readonly network: Pick<Pipeline, "model" | "feed">;
  /** Of a network file of the user's own; undefined for a card's. */
  readonly path: string | undefined;
}

/** Opens a card's embedder, or a network file of the user's own: ONNX, TFLite, PyTorch or safetensors, by its content. */
export async function openEmbedder(
  store: ModelStore,
  model: string,
  contractOptions: ContractOptions = {},
  options: SessionOptions & WorkOptions = {},
): Promise<OpenedEmbedder> {
  if (await isModelFile(model)) {
    const { id, contract, file, card } = await readOwnModel(model, store.cards(), contractOptions);
    if (card) await store.requireLicence(card);
    const session = await openNetworkFile(store, file, contract.input, options);
    return {
      embedder: new Embedder(id, contract, session),
      network: networkOf(id, file.sha256, contract),
      path: file.path,
    };
  }
  const card = store.card(model);
  if (card.task === "checkpoint") await store.pull(model);
  if (card.task !== "embed")
    throw new FaceError("USAGE", `model: expected a model that embeds faces, got ${model}`);
  const files = await store.pull(model, options);
  const session = await openPrepared(
    store,
    await readFile(files.get(card.files[0]!.name)!),
    card.contract.input,
    options,
  );
  return {
    embedder: new Embedder(card.id, card.contract, session),
    network: networkOf(card.id, card.files[0]!.sha256, card.contract),
    path: undefined,
  };
}

/** A session on a network file of the user's own, prepared or found prepared. */
export async function openNetworkFile(
  store: ModelStore,
  file: ModelFile,
  input: { readonly name: string; readonly layout: "NCHW" | "NHWC"; readonly sizePx: number },
  options: SessionOptions & WorkOptions = {},
): Promise<Session> {
  const onnx = await prepareModelFile(file, input, { ...options, cache: preparedFolder(store) });
  return await Session.open(onnx, options);
}

async function openPrepared(
  store: ModelStore,
  data: Uint8Array,
  input: { name: string; sizePx: number; layout: "NCHW" | "NHWC" },
  options: SessionOptions,
): Promise<Session> {
  const { sizePx } = input;
  const example = input.layout === "NCHW" ? [1, 3, sizePx, sizePx] : [1, sizePx, sizePx, 3];
  const prepared = await prepareNetwork(data, { input: input.name, example, cache: preparedFolder(store) });
  return await Session.open(prepared.onnx, options);
}

async function openNetwork(
  store: ModelStore,
  path: string,
  input: string,
  example: readonly number[],
  anySize: boolean,
  options: SessionOptions,
): Promise<Session> {
  const prepared = await prepareNetwork(await readFile(path), {
    input,
    example,
    anySize,
    cache: preparedFolder(store),
  });
  return await Session.open(prepared.onnx, options);
}

function preparedFolder(store: ModelStore): string {
  return join(store.home, "prepared");
}
