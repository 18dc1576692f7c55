import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files of the longest, the longest first: one that began last would let every other core wait for its end. */
const LONGEST = [
  "test/interrupt.test.ts",
  "test/documents-run.test.ts",
  "test/privacy.test.ts",
  "test/cli.test.ts",
  "test/train.test.ts",
  "src/gallery/sqlite/sqlite-store.test.ts",
  "test/people-browser.test.ts",
  "test/serve-cli.test.ts",
  "test/gallery-cli.test.ts",
  "test/checkpoint-journey.test.ts",
  "test/hostile-text.test.ts",
  "test/spared-inputs-cli.test.ts",
  "test/fusion.test.ts",
  "test/reproduce-mnist.test.ts",
  "test/detectors.test.ts",
  "test/gallery-stress.test.ts",
  "test/terminal-text.test.ts",
  "test/checkpoint-cli.test.ts",
  "src/gallery/sqlite/own-log.test.ts",
  "test/gallery-forget.test.ts",
  "test/picture-warnings.test.ts",
  "test/trial.test.ts",
  "test/fuzz.test.ts",
  "src/train/run/run.test.ts",
  "src/train/step/training-step.test.ts",
  "src/train/heads/heads.test.ts",
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
