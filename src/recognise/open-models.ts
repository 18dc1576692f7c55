import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FaceError, type WorkOptions } from "../core/index.ts";
import {
  CenterFaceDetector,
  CenterFaceNet,
  type CropNet,
  type Detector,
  LandmarkNet,
  MtcnnDetector,
  type MtcnnNets,
  MtcnnRfbDetector,
  OutputNet,
  RfbNet,
  YunetDetector,
} from "../detect/index.ts";
import { Embedder, type FaceEmbedder, FusedEmbedder } from "../embed/index.ts";
import {
  type ContractOptions,
  type DetectCard,
  isModelFile,
  type ModelCard,
  type ModelFile,
  type ModelStore,
  networkOf,
  networkOfCard,
  type Pipeline,
  prepareModelFile,
  prepareNetwork,
  readOwnModel,
} from "../models/index.ts";
import { decodeOnnx, encodeOnnx, Session, type SessionOptions, withAnySize } from "../onnx/index.ts";

/** Side of the pictures on which networks that take any size are checked. */
const EXAMPLE_SIDE = 64;

/** Beside a second detector MTCNN looks at fewer sizes: what falls between them the other finds. */
const RFB_PYRAMID_FACTOR = 0.6;

/** Opens the detector of a card, after downloading what is missing. */
export async function openDetector(
  store: ModelStore,
  id: string,
  options: SessionOptions & WorkOptions = {},
): Promise<Detector> {
  const card = store.card(id, "detect");
  if (card.task !== "detect")
    throw new FaceError("USAGE", { where: "detector", expected: "a model that detects faces", got: id });
  const files = await store.pull(id, options);
  const opener = new NetOpener(store, files, options);
  const { contract } = card;
  switch (contract.family) {
    case "mtcnn":
      return new MtcnnDetector(id, await opener.mtcnn(contract));
    case "mtcnn-rfb":
      return new MtcnnRfbDetector(
        id,
        new MtcnnDetector(id, await opener.mtcnn(contract), { pyramidFactor: RFB_PYRAMID_FACTOR }),
        await opener.rfb(contract.rfb),
        await opener.points(contract.points),
      );
    case "centerface":
      return new CenterFaceDetector(
        id,
        await opener.centres(contract.centres),
        new OutputNet(await opener.output(contract.judge)),
        await opener.points(contract.points),
      );
    case "yunet":
      return new YunetDetector(
        id,
        contract.input,
        await opener.prepared(card.files[0]!.name, contract.input, EXAMPLE_SIDE, true),
      );
  }
}

type Contract<F extends DetectCard["contract"]["family"]> = Extract<DetectCard["contract"], { family: F }>;

/** Opens the networks of a detection model, each file once. */
class NetOpener {
  readonly #store: ModelStore;
  readonly #files: ReadonlyMap<string, string>;
  readonly #options: SessionOptions;

  constructor(store: ModelStore, files: ReadonlyMap<string, string>, options: SessionOptions) {
    this.#store = store;
    this.#files = files;
    this.#options = options;
  }

  async prepared(name: string, input: string, side: number, anySize: boolean): Promise<Session> {
    const example = [1, 3, side, side];
    return await openNetwork(this.#store, this.#files.get(name)!, input, example, anySize, this.#options);
  }

  async mtcnn(contract: Pick<Contract<"mtcnn">, "proposal" | "refinement" | "output">): Promise<MtcnnNets> {
    const { proposal, refinement } = contract;
    return {
      proposal: {
        ...proposal,
        session: await this.prepared(proposal.file, proposal.input, EXAMPLE_SIDE, true),
      },
      refinement: {
        ...refinement,
        session: await this.prepared(refinement.file, refinement.input, 24, false),
      },
      output: await this.output(contract.output),
    };
  }

  async output(net: Contract<"mtcnn">["output"]): Promise<CropNet & { readonly landmarks: string }> {
    return { ...net, session: await this.prepared(net.file, net.input, 48, false) };
  }

  async rfb(net: Contract<"mtcnn-rfb">["rfb"]): Promise<RfbNet> {
    return new RfbNet({ ...net, session: await this.#anySize(net.file, [net.logits, net.offsets]) });
  }

  async centres(net: Contract<"centerface">["centres"]): Promise<CenterFaceNet> {
    const outputs = [net.heat, net.size, net.offset, net.points];
    return new CenterFaceNet({ ...net, session: await this.#anySize(net.file, outputs) });
  }

  async points(net: Contract<"centerface">["points"]): Promise<LandmarkNet> {
    const data = await readFile(this.#files.get(net.file)!);
    return new LandmarkNet({ ...net, session: await Session.open(data, this.#options) });
  }

  async #anySize(file: string, outputs: readonly string[]): Promise<Session> {
    const model = withAnySize(decodeOnnx(await readFile(this.#files.get(file)!)), outputs);
    return await Session.open(encodeOnnx(model), this.#options);
  }
}

/** An embedder and what it was made from. */
export interface OpenedEmbedder {
  readonly embedder: FaceEmbedder;
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
  const card = store.card(model, "embed");
  if (card.task === "checkpoint") await store.pull(model);
  return {
    embedder: await openCard(store, card, options),
    network: networkOfCard(store, card),
    path: undefined,
  };
}

/** Refuses a network that is unknown or whose licence is not accepted, before anything is downloaded for it. */
export async function expectEmbedder(store: ModelStore, model: string): Promise<void> {
  if (!(await isModelFile(model))) await store.requireLicence(store.card(model, "embed"));
}

async function openCard(
  store: ModelStore,
  card: ModelCard,
  options: SessionOptions & WorkOptions,
): Promise<FaceEmbedder> {
  if (card.task === "fusion") {
    await store.requireLicence(card);
    const parts: FaceEmbedder[] = [];
    try {
      for (const part of store.partsOf(card.id)) parts.push(await openCard(store, part, options));
      return new FusedEmbedder(card.id, parts);
    } catch (error) {
      for (const part of parts) await part.close();
      throw error;
    }
  }
  if (card.task !== "embed")
    throw new FaceError("USAGE", { where: "model", expected: "a model that embeds faces", got: card.id });
  const files = await store.pull(card.id, options);
  const data = await readFile(files.get(card.files[0]!.name)!);
  const session = await openPrepared(store, data, card.contract.input, options);
  return new Embedder(card.id, card.contract, session);
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
