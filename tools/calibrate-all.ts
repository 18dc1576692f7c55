/**
 * Measures every calibration that comes with the package anew: each model with a file in `calibrations/`, with and
 * without flip as there, on all pairs of LFW's pictures. For after a change of detector, alignment or network.
 *
 *   npm run build && npx tsx tools/calibrate-all.ts [IMAGES PAIRS] [MODEL…]      (default: ../shared/data/lfw)
 *
 * Takes about three minutes a file on two cores for the vectors, which are kept, and half a minute for the pairs.
 */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const shared = process.env["ARCFACE_SHARED"] ?? join(root, "..", "shared");
const [images = join(shared, "data/lfw/images"), pairs = join(shared, "data/lfw/pairs.txt"), ...only] =
  process.argv.slice(2);

for (const file of readdirSync(join(root, "calibrations")).sort()) {
  const model = file.replace(/(\.flip)?\.json$/, "");
  if (only.length > 0 && !only.includes(model)) continue;
  const flip = file.includes(".flip.") ? ["--flip"] : [];
  const out = ["--out", join(root, "calibrations", file)];
  console.log(file);
  const args = ["calibrate", "lfw", "--images", images, "--pairs", pairs, "--model", model, ...flip, ...out];
  execFileSync(process.execPath, [join(root, "bin", "arcface.js"), ...args], { stdio: "inherit" });
}
