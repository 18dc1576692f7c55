/** Facts from a JPEG's markers, without decoding. */
export interface JpegStructure {
  readonly progressive: boolean;
  readonly scans: number;
  /** Blocks of 8×8 that all scans together go over: what decoding costs. */
  readonly blockVisits: number;
  /** True if the end marker is there. */
  readonly ended: boolean;
  /** True if the scans bring every coefficient of every component to its last bit. */
  readonly complete: boolean;
  /** True if the last scan only sharpens coefficients that are there. */
  readonly endsRefining: boolean;
}

interface Component {
  readonly id: number;
  readonly blocks: number;
  /** The lowest bit that was sent, for each coefficient; undefined before its first. */
  readonly sentTo: (number | undefined)[];
}

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const DHT = 0xc4;
const JPG = 0xc8;
const DAC = 0xcc;

/**
 * Walks over the markers of a JPEG up to its end; undefined when they make no sense, which the decoder will say.
 *
 * Source    ITU-T T.81, annex B and G.1
 */
export function jpegStructure(file: Uint8Array): JpegStructure | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const components: Component[] = [];
  let [progressive, scans, blockVisits, ended, endsRefining] = [false, 0, 0, false, false];
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) {
      // Bytes between segments: decoders pass over them.
      at = bytes.indexOf(0xff, at);
      if (at < 0) break;
      continue;
    }
    const marker = bytes[at + 1]!;
    if (marker === 0xff) at += 1;
    else if (marker === EOI) break;
    else if (marker <= 0x01 || (marker >= 0xd0 && marker <= SOI)) at += 2;
    else {
      const length = bytes.readUInt16BE(at + 2);
      const segment = bytes.subarray(at + 4, at + 2 + length);
      at += 2 + length;
      if (isFrame(marker)) {
        if (components.length > 0) return undefined;
        components.push(...componentsOf(segment));
        progressive = marker === 0xc2 || marker === 0xca;
      } else if (marker === SOS) {
        const scan = scanOf(segment, components);
        if (!scan) return undefined;
        scans++;
        blockVisits += scan.blocks;
        endsRefining = scan.refining;
        at = endOfEntropy(bytes, at);
      }
    }
  }
  ended = at >= 0 && at + 2 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] === EOI;
  const complete =
    !progressive || components.every(({ sentTo }) => Array.from(sentTo).every((bit) => bit === 0));
  return { progressive, scans, blockVisits, ended, complete, endsRefining };
}

function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== DHT && marker !== JPG && marker !== DAC;
}

function componentsOf(frame: Buffer): Component[] {
  if (frame.length < 6) return [];
  const height = frame.readUInt16BE(1);
  const width = frame.readUInt16BE(3);
  const samplings = Array.from(
    { length: Math.min(frame[5]!, Math.floor((frame.length - 6) / 3)) },
    (_, i) => ({
      id: frame[6 + 3 * i]!,
      across: Math.max(1, frame[7 + 3 * i]! >> 4),
      down: Math.max(1, frame[7 + 3 * i]! & 15),
    }),
  );
  const mostAcross = Math.max(...samplings.map(({ across }) => across));
  const mostDown = Math.max(...samplings.map(({ down }) => down));
  return samplings.map(({ id, across, down }) => ({
    id,
    blocks: Math.ceil((width * across) / (8 * mostAcross)) * Math.ceil((height * down) / (8 * mostDown)),
    sentTo: new Array<number | undefined>(64).fill(undefined),
  }));
}

/** The blocks of one scan; notes in its components the parts that it sends. */
function scanOf(
  segment: Buffer,
  components: readonly Component[],
): { readonly blocks: number; readonly refining: boolean } | undefined {
  const count = segment[0] ?? 0;
  if (segment.length < 4 + 2 * count) return undefined;
  const first = segment[1 + 2 * count]!;
  const last = Math.min(63, segment[2 + 2 * count]!);
  const approximation = segment[3 + 2 * count]!;
  let blocks = 0;
  for (let i = 0; i < count; i++) {
    const component = components.find(({ id }) => id === segment[1 + 2 * i]);
    if (!component) return undefined;
    blocks += component.blocks;
    for (let k = first; k <= last; k++) component.sentTo[k] = approximation & 15;
  }
  return { blocks, refining: approximation >> 4 > 0 };
}

/** The place of the next marker after a scan's coded data, or the end of the bytes. */
function endOfEntropy(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0 || at + 1 >= bytes.length) return bytes.length;
    const next = bytes[at + 1]!;
    if (next === 0xff) at += 1;
    else if (next === 0 || (next >= 0xd0 && next <= 0xd7)) at += 2;
    else return at;
  }
}
