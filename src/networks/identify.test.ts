import { describe, expect, test } from "vitest";
import {
  digitNet,
  identifyNetwork,
  iresnet,
  irNetwork,
  knownNetworks,
  leNetPlusPlus,
  mbf,
  mobileFaceNet,
  mobileFaceNetFoamliu,
  type Network,
  parametersOf,
  type Shapes,
} from "./index.ts";

describe("identify", () => {
  test.each(knownNetworks())("recognises $id by names and shapes", (network) => {
    const found = identifyNetwork(shapesOf(network));
    expect(found).toMatchObject({ kind: "known", prefix: "", unused: [] });
    expect(found.kind === "known" && found.network).toEqual(network);
  });

  test.each<[string, Network]>([
    ["a larger picture", irNetwork(50, true, { inputSize: 224 })],
    ["a smaller embedding", irNetwork(100, false, { embedding: 256 })],
    ["a last batch norm without scale", irNetwork(50, true, { affine: false })],
    ["an iResNet with 128 numbers", iresnet(50, { embedding: 128 })],
    ["a MobileFaceNet with 192 numbers", mobileFaceNet({ embedding: 192 })],
    ["another MobileFaceNet with 256 numbers", mobileFaceNetFoamliu({ embedding: 256 })],
    ["a large mbf with 128 numbers", mbf("mbf-large", { embedding: 128 })],
    ["a LeNet++ with a slope per channel", leNetPlusPlus({ embedding: 3, slopes: "channel" })],
    ["a network for digits with 2 numbers", digitNet({ embedding: 2 })],
    ["a LeNet++ without the last PReLU", leNetPlusPlus({ activatedEmbedding: false })],
  ])("reads the sizes of %s", (_what, network) => {
    const found = identifyNetwork(shapesOf(network));
    expect(found.kind === "known" && found.network).toEqual(network);
  });

  test("does without counts of batches, which old files lack", () => {
    const shapes = new Map([...shapesOf(irNetwork(50, true))].filter(([name]) => !name.endsWith("tracked")));
    expect(shapes.size).toBe(343);
    expect(identifyNetwork(shapes)).toMatchObject({ kind: "known", network: { id: "ir-se-50" } });
  });

  test("finds a network among others' tensors and under a prefix", () => {
    const inside = [...shapesOf(iresnet(18))].map(([name, shape]) => [`backbone.${name}`, shape] as const);
    const found = identifyNetwork(new Map([...inside, ["head.kernel", [512, 10]]]));
    expect(found).toMatchObject({
      kind: "known",
      network: { id: "iresnet-18" },
      prefix: "backbone.",
      unused: ["head.kernel"],
    });
  });

  test("shows the nearest known network and the differences of an unknown one", () => {
    const shapes = new Map(shapesOf(iresnet(34)));
    shapes.delete("bn1.weight");
    shapes.set("layer1.0.conv1.weight", [32, 64, 3, 3]);
    shapes.set("attention.weight", [1]);
    const found = identifyNetwork(shapes);
    expect(found.kind).toBe("unknown");
    if (found.kind === "known" || !found.nearest) return expect.fail("expected a nearest network");
    const { network, differences } = found.nearest;
    expect(network.id).toBe("iresnet-34");
    expect(differences.missing.map(({ name }) => name)).toEqual(["bn1.weight"]);
    expect(differences.unexpected).toEqual(["attention.weight"]);
    expect(differences.different.map(({ parameter, got }) => [parameter.name, got])).toEqual([
      ["layer1.0.conv1.weight", [32, 64, 3, 3]],
    ]);
  });

  test("knows nothing near tensors of another kind", () => {
    expect(identifyNetwork(new Map([["embeddings.word.weight", [30_522, 768]]]))).toEqual({
      kind: "unknown",
    });
    expect(identifyNetwork(new Map())).toEqual({ kind: "unknown" });
  });
});

function shapesOf(network: Network): Shapes {
  return new Map(parametersOf(network).map(({ name, shape }) => [name, shape]));
}
