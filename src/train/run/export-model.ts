import writeFileAtomic from "write-file-atomic";
import { FaceError, reasonOf, systemCode } from "../../core/index.ts";
import { type OwnCard, writeOwnCard } from "../../models/index.ts";
import { type Network, ONNX_INPUT, ONNX_OUTPUT, toOnnx, type Weights } from "../../networks/index.ts";
import { encodeOnnx } from "../../onnx/index.ts";

/**
 * Writes a trained network as ONNX with its card beside it, so that every command takes it as `--model`.
 *
 * A network for other pictures than colour ones of at least 112 px gets a card without a contract.
 *
 * @param provenance what it was trained on and how, for people
 * Returns   the card's path
 * Throws    FaceError STORAGE
 */
export async function exportModel(
  path: string,
  network: Network,
  weights: Weights,
  provenance: string,
): Promise<string> {
  const bytes = encodeOnnx(toOnnx(network, weights));
  try {
    await writeFileAtomic(path, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    const got = systemCode(cause) === "ENOSPC" ? "a full disk" : reasonOf(cause);
    throw new FaceError("STORAGE", { where: path, expected: "to write the network", got, cause });
  }
  return await writeOwnCard(path, { title: network.title, provenance, ...contractOf(network) });
}

function contractOf({
  input: [channels, height],
  embedding,
  unitOutput,
}: Network): Pick<OwnCard, "contract"> {
  if (channels !== 3 || height < 112) return { contract: {} };
  return {
    contract: {
      template: "arcface-5-point",
      input: {
        name: ONNX_INPUT,
        layout: "NCHW",
        sizePx: height,
        channels: "RGB",
        mean: [127.5, 127.5, 127.5],
        scale: [127.5, 127.5, 127.5],
      },
      output: { name: ONNX_OUTPUT, dimension: embedding, normalized: unitOutput },
    },
  };
}
