import type { FloatTensor } from "./session.ts";
import { Session } from "./session.ts";

/**
 * The largest relative difference between the outputs of two networks that should be the same function.
 *
 * Formula   max over outputs of ‖a − b‖₂ / ‖a‖₂, infinite when an output is missing or has another shape
 */
export async function disagreement(
  original: Uint8Array,
  rewritten: Uint8Array,
  feeds: Readonly<Record<string, FloatTensor>>,
): Promise<number> {
  const a = await runOnce(original, feeds);
  const b = await runOnce(rewritten, feeds);
  return outputDistance(a, b);
}

/** See {@link disagreement}. */
export function outputDistance(
  a: Readonly<Record<string, FloatTensor>>,
  b: Readonly<Record<string, FloatTensor>>,
): number {
  let worst = 0;
  for (const [name, wanted] of Object.entries(a)) {
    const got = b[name];
    if (!got || got.dims.join() !== wanted.dims.join()) return Number.POSITIVE_INFINITY;
    let difference = 0;
    let norm = 0;
    for (let i = 0; i < wanted.data.length; i++) {
      difference += (wanted.data[i]! - got.data[i]!) ** 2;
      norm += wanted.data[i]! ** 2;
    }
    const relative = norm === 0 ? difference : difference / norm;
    if (!(relative <= worst)) worst = Number.isNaN(relative) ? Number.POSITIVE_INFINITY : relative;
  }
  return Math.sqrt(worst);
}

async function runOnce(
  model: Uint8Array,
  feeds: Readonly<Record<string, FloatTensor>>,
): Promise<Record<string, FloatTensor>> {
  await using session = await Session.open(model);
  return await session.run(feeds);
}
