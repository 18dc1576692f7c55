import { randomBytes, scryptSync } from "node:crypto";
import { z } from "zod";

const NameDigestsSchema = z.strictObject({ salt: z.base64(), digests: z.array(z.base64()) });

/** Some milliseconds for each guess. */
const COST = 4096;
const BYTES = 16;

/** Digests of names, by which an erasure knows whom it was of when somebody asks by name. */
export function digestNames(names: readonly string[]): string {
  const salt = randomBytes(BYTES);
  const digests = names.map((name) => digestOf(name, salt));
  return JSON.stringify({ salt: salt.toString("base64"), digests });
}

/** Whether a name is one of those that were digested. */
export function isDigested(written: string, name: string): boolean {
  const { salt, digests } = NameDigestsSchema.parse(JSON.parse(written));
  return digests.length > 0 && digests.includes(digestOf(name, Buffer.from(salt, "base64")));
}

function digestOf(name: string, salt: Uint8Array): string {
  return scryptSync(name, salt, BYTES, { N: COST }).toString("base64");
}
