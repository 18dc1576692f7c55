/**
 * The frequency with which intervals of 95 % hold the truth, measured by drawing samples from populations of which it is known:
 * the tables of docs/statistics.md.
 *
 * npx tsx tools/measure-coverage.ts [SAMPLES] > coverage.md
 */
import {
  type Coverage,
  likelihoodCoverage,
  meanCoverage,
  probeCoverage,
  REGIMES,
  shareCoverage,
  verificationCoverage,
} from "../src/statistics/measure-coverage.ts";

const samples = Number(process.argv[2] ?? 400);
/** Others than the test's. */
const SEED = 1_000_003;

const regimes = REGIMES.map((regime) => verificationCoverage(regime, samples, SEED));
const names = [...new Set(regimes.flatMap(({ figures }) => [...figures.keys()]))];
const share = ({ figures }: Coverage, name: string): string => {
  const found = figures.get(name);
  return found ? ((100 * found.held) / found.of).toFixed(1) : "";
};
const lines = [
  `| ${["", ...REGIMES.map(({ name }) => name)].join(" | ")} |`,
  `|${"---|".repeat(REGIMES.length + 1)}`,
  ...names.map((name) => `| ${[name, ...regimes.map((regime) => share(regime, name))].join(" | ")} |`),
  "",
  "| | |",
  "|---|---|",
  ...[shareCoverage, likelihoodCoverage, probeCoverage, meanCoverage]
    .map((measure) => measure(samples, SEED))
    .flatMap((coverage) =>
      [...coverage.figures.keys()].map((name) => `| ${name} | ${share(coverage, name)} |`),
    ),
];
process.stdout.write(`${lines.join("\n")}\n`);
