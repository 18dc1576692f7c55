import { expect, test } from "vitest";
import { sharedFile } from "../../test/shared-files.ts";
import { Embedder } from "../embed/index.ts";
import { RgbImage } from "../image/index.ts";
import { ModelStore } from "../models/index.ts";
import type { Session } from "../onnx/index.ts";
import { FaceReader } from "./face-reader.ts";
import pytorch from "./fixtures/pytorch.json" with { type: "json" };
import { identityProtocol } from "./protocol.ts";
import { protocolPlanes } from "./protocol-input.ts";

/** The picture of tools/make-identity-fixtures.py. */
function picture(number: number, side: number): RgbImage {
  const data = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      for (let c = 0; c < 3; c++) {
        const wave =
          Math.sin(x * (0.11 + 0.013 * number) + c) * Math.cos(y * (0.07 + 0.009 * number) - number);
        const edges = Math.floor((x * 3 + y * (2 + number) + 40 * c) / 17) % 2;
        const value = Math.floor(127.5 + 90 * wave + 37 * (2 * edges - 1) + 0.5);
        data[(y * side + x) * 3 + c] = Math.min(255, Math.max(0, value));
      }
  return new RgbImage(side, side, data);
}

/** The values that reach the network of a protocol: everything between a frame and the engine. */
async function networkInput(name: string, frame: RgbImage): Promise<Float32Array> {
  const protocol = identityProtocol(name);
  let fed: Float32Array | undefined;
  const session = {
    run: async ({ input }: { input: { data: Float32Array } }) => {
      fed = input.data;
      return { output: { dims: [1, 2], data: Float32Array.of(1, 0) } };
    },
  } as unknown as Session;
  const { channels, mean, scale } = protocol.feed!;
  const embedder = new Embedder(
    "watched",
    {
      input: { name: "input", layout: "NCHW", sizePx: 112, channels, mean, scale },
      output: { name: "output", dimension: 2, normalized: false },
    },
    session,
  );
  await embedder.embedPlanes([protocolPlanes(protocol, frame, 112).data]);
  return fed!;
}

interface Expected {
  readonly samples: readonly number[];
  readonly sum: number;
  readonly squares: number;
}

/** Values to 1e-5, in float32 as PyTorch has them; sums over all 37,632 of them to 1e-5 each. */
function expectEqual(input: Float32Array, { samples, sum, squares }: Expected): void {
  expect(input).toHaveLength(3 * 112 * 112);
  const off = samples.map((value, i) => Math.abs(input[(i * 7919 + 13) % input.length]! - value));
  expect(Math.max(...off)).toBeLessThan(1e-5);
  let [total, square] = [0, 0];
  for (const value of input) {
    total += value;
    square += value * value;
  }
  expect(Math.abs(total - sum) / input.length).toBeLessThan(1e-5);
  expect(Math.abs(square - squares) / input.length).toBeLessThan(1e-5);
}

test.each(Object.keys(pytorch.protocols))(
  "%s hands its network what PyTorch does, on ten pictures",
  async (name) => {
    const { side, pictures } = pytorch.protocols[name as keyof typeof pytorch.protocols];
    expect(pictures).toHaveLength(10);
    for (const [i, expected] of pictures.entries())
      expectEqual(await networkInput(name, picture(i, side)), expected);
  },
);

test.each(Object.entries(pytorch.larger))(
  "%s pools a larger picture to its frame first",
  async (name, expected) => {
    expectEqual(await networkInput(name, picture(1, expected.side)), expected);
  },
);

test("a picture that is not square is refused, not stretched", () => {
  const wide = new RgbImage(300, 256, new Uint8Array(300 * 256 * 3));
  expect(() => protocolPlanes(identityProtocol("psp"), wide, 112)).toThrow(
    /expected a square picture.*300×256/,
  );
});

const pth = sharedFile("models/mobilefacenet.pt");
test.skipIf(pth === undefined)(
  "cosines of a real network are PyTorch's to 1e-4 under every protocol (needs ../shared/models)",
  async () => {
    for (const [name, { side, pictures }] of Object.entries(pytorch.protocols)) {
      const protocol = identityProtocol(name);
      const spec = { model: pth!, contract: protocol.feed!, flip: false, protocol };
      await using reader = await FaceReader.open(new ModelStore(), {
        judges: [spec],
        face: "largest",
        aligned: true,
      });
      const vectors: Float32Array[] = [];
      for (const i of pictures.keys()) {
        const seen = await reader.read(picture(i, side));
        if (seen.kind === "face") vectors.push(seen.vectors[0]!);
      }
      const expected = pytorch.cosines[name as keyof typeof pytorch.cosines];
      for (const [i, cosine] of expected.entries()) {
        const own = vectors[i]!.reduce((sum, value, k) => sum + value * vectors[0]![k]!, 0);
        expect(Math.abs(own - cosine), `${name} ${i}`).toBeLessThan(1e-4);
      }
    }
  },
);
