import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BUILT_IN_CARDS, DEFAULT_MODELS, ModelStore, networkOf, type Pipeline } from "../models/index.ts";
import { findJudge } from "./find-judge.ts";
import { pipelineOf } from "./pipeline-of.ts";

const card = BUILT_IN_CARDS.find(({ id }) => id === DEFAULT_MODELS.embedder);
if (card?.task !== "embed") throw new Error("expected the default embedder's card");
const network = networkOf(card.id, card.files[0]!.sha256, card.contract);

const emptyStore = async (): Promise<ModelStore> =>
  new ModelStore({ home: await mkdtemp(join(tmpdir(), "arcface-judge-")) });

test("the calibrations of this package are for what the default settings run, whatever the smallest face", async () => {
  const store = await emptyStore();
  for (const options of [{}, { flip: true }, { minFacePx: 80 }]) {
    const used = pipelineOf(store, network, options);
    expect((await findJudge(store, used, undefined, undefined)).kind).toBe("calibrated");
  }
});

test("a pipeline with another detector, feed or alignment is uncalibrated, and why is said", async () => {
  const store = await emptyStore();
  const used = pipelineOf(store, network, {});
  const { alignment, feed } = used;
  const others: readonly (readonly [Pipeline, string])[] = [
    [pipelineOf(store, network, { detector: "yunet" }), "with mtcnn-rfb without --flip, not with yunet"],
    [{ ...used, feed: { ...feed, channels: "RGB" } }, "RGB NCHW"],
    [{ ...used, alignment: { ...alignment!, version: 99 } }, "not with alignment 99"],
  ];
  for (const [other, words] of others) {
    const judge = await findJudge(store, other, undefined, undefined);
    expect(judge).toMatchObject({ kind: "uncalibrated", reason: expect.stringContaining(words) });
  }
});

test("a calibration of version 1 is passed over where it lies ready, with the way out, and refused where it is named", async () => {
  const store = await emptyStore();
  const folder = join(store.home, "models", card.id);
  await mkdir(folder, { recursive: true });
  const shipped = new URL(`../../calibrations/${card.id}.json`, import.meta.url);
  const earlier = (await readFile(shipped, "utf8")).replace('"version": 3', '"version": 1');
  const path = join(folder, "calibration.json");
  await writeFile(path, earlier);
  const used = pipelineOf(store, network, {});
  const judge = await findJudge(store, used, undefined, undefined);
  expect(judge).toMatchObject({ kind: "uncalibrated" });
  expect(judge.kind === "uncalibrated" && judge.reason).toContain(
    'got version 1, which says less of how it was measured; measure it anew with "arcface calibrate"',
  );
  await expect(findJudge(store, used, undefined, path)).rejects.toMatchObject({ code: "MODEL_MISMATCH" });
});
