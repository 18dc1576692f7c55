/**
 * Measures every calibration that comes with the package anew, each model with and without flip, on all pairs of LFW's
 * pictures. For after a change of detector, alignment or network.
 *
 *   npm run build && npx tsx tools/calibrate-all.ts [IMAGES PAIRS] [MODEL…]      (default: ../shared/data/lfw)
 *
 * Takes about three minutes a file on two cores for the vectors, which are kept, and half a minute for the pairs.
 */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const shared = process.env["ARCFACE_SHARED"] ?? join(root, "..", "shared");
const [images = join(shared, "data/lfw/images"), pairs = join(shared, "data/lfw/pairs.txt"), ...only] =
  process.argv.slice(2);

/** Models whose files every user can have. */
const MODELS = [
  "fr-feature-512",
  "mobilefacenet-192",
  "mobilefacenet-128",
  "fr-feature-512+mobilefacenet-192",
];

for (const model of MODELS.filter((id) => only.length === 0 || only.includes(id))) {
  for (const flip of [false, true]) {
    const out = join(root, "calibrations", `${model}${flip ? ".flip" : ""}.json`);
    console.log(out);
    // A calibration that is there may be for another pipeline, or in another version of the format.
    rmSync(out, { force: true });
    const args = ["calibrate", "lfw", "--images", images, "--pairs", pairs, "--model", model, "--out", out];
    const flags = flip ? ["--flip"] : [];
    execFileSync(process.execPath, [join(root, "bin", "arcface.js"), ...args, ...flags], {
      stdio: "inherit",
    });
  }
}
