import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files of the longest, the longest first: one that began last would let every other core wait for its end. */
const LONGEST = [
  "src/gallery/milvus/milvus-store.test.ts",
  "test/documents-run.test.ts",
  "test/interrupt.test.ts",
  "test/privacy.test.ts",
  "test/cli.test.ts",
  "test/detectors.test.ts",
  "test/checkpoint-cli.test.ts",
  "test/gallery-stress.test.ts",
  "test/worker-cli.test.ts",
  "src/gallery/postgres/postgres-store.test.ts",
  "test/large-pictures.test.ts",
  "test/train.test.ts",
  "src/gallery/sqlite/sqlite-store.test.ts",
  "test/people-browser.test.ts",
  "src/networks/parity.test.ts",
  "src/gallery/milvus/milvus-server.test.ts",
  "test/hostile-text.test.ts",
  "test/gallery-forget.test.ts",
  "test/terminal-text.test.ts",
  "test/gallery-cli.test.ts",
  "test/page-browser.test.ts",
  "src/study/mnist/mnist.test.ts",
  "src/train/run/run.test.ts",
  "test/model-store.test.ts",
  "src/gallery/sqlite/own-log.test.ts",
  "test/folders-cli.test.ts",
  "test/trial.test.ts",
  "test/serve-cli.test.ts",
  "test/spared-inputs-cli.test.ts",
  "src/gallery/postgres/postgres-server.test.ts",
  "src/statistics/coverage.test.ts",
  "test/reproduce-mnist.test.ts",
  "test/report-browser.test.ts",
  "src/search/learned-axes.test.ts",
  "test/web/map.test.ts",
  "src/gallery/sqlite/damage.test.ts",
  "test/serve-load.test.ts",
  "test/golden/sentences.test.ts",
  "test/serve-postgres.test.ts",
  "test/fusion.test.ts",
  "test/identity-video.test.ts",
  "test/map-and-cluster-cli.test.ts",
  "test/serve/bombs.test.ts",
  "test/fuzz.test.ts",
  "test/picture-warnings.test.ts",
  "src/train/step/training-step.test.ts",
  "src/autodiff/gradients.test.ts",
];

/** Starts the files of {@link LONGEST} before all others, so that every core is busy until the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}`));
      return at < 0 ? LONGEST.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
