/**
 * Tells whether certain bytes stand at a place, given as a text of the characters U+0000 to U+00FF.
 *
 * A `TextDecoder` cannot say this: by the Encoding Standard its "latin1" is windows-1252, where 0x89 is not U+0089.
 */
export function bytesAt(bytes: Uint8Array, at: number, wanted: string): boolean {
  if (at + wanted.length > bytes.length) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted.charCodeAt(i)) return false;
  return true;
}
