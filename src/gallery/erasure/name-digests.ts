import { randomBytes, scryptSync } from "node:crypto";
import { z } from "zod";

/** The form that {@link digestNames} writes. */
export const NameDigestsSchema = z.strictObject({
  salt: z.base64(),
  cost: z.number().int().min(2),
  digests: z.array(z.base64()),
});

/** Some milliseconds for each guess, and for each name: of many names together no more than a second or two. */
const MOST_COST = 4096;
const COST_OF_ALL = 64 * MOST_COST;
const BYTES = 16;

/** Digests of names, by which an erasure knows whom it was of when somebody asks by name. */
export function digestNames(names: readonly string[]): string {
  const salt = randomBytes(BYTES);
  const most = Math.min(MOST_COST, Math.max(2, COST_OF_ALL / Math.max(1, names.length)));
  const cost = 2 ** Math.floor(Math.log2(most));
  const digests = names.map((name) => digestOf(name, salt, cost));
  return JSON.stringify({ salt: salt.toString("base64"), cost, digests });
}

/** Tells whether a name is one of those that were digested. */
export function isDigested(written: string, name: string): boolean {
  const { salt, cost, digests } = NameDigestsSchema.parse(JSON.parse(written));
  return digests.length > 0 && digests.includes(digestOf(name, Buffer.from(salt, "base64"), cost));
}

function digestOf(name: string, salt: Uint8Array, cost: number): string {
  return scryptSync(name, salt, BYTES, { N: cost }).toString("base64");
}
