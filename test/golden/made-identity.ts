import { vi } from "vitest";
import { FaceError, normalize } from "../../src/core/index.ts";
import {
  type IdentityJudge,
  IdentityPool,
  identityProtocol,
  protocolDigest,
  type SeenPicture,
  type SeenResult,
} from "../../src/identity/index.ts";
import type { RgbImage } from "../../src/image/index.ts";
import { type Calibration, DEFAULT_MODELS } from "../../src/models/index.ts";
import { thresholdOf } from "../../src/verdict/index.ts";
import { facesOf, PIPELINE } from "./made-recognizer.ts";

const SIZE = { width: 400, height: 200 };

/** A face that every judge sees at an angle; the second judge sees it a tenth further. */
function seenAt(degrees: number, judges: number): SeenPicture {
  const [face] = facesOf(`made-${Math.round(degrees)}.jpg`);
  const { box, score, landmarks } = face!;
  const vectors = Array.from({ length: judges }, (_, which) => {
    const angle = ((degrees * (10 + which)) / 10) * (Math.PI / 180);
    return Float32Array.from(normalize(Float32Array.of(Math.cos(angle), Math.sin(angle), 0, 0)));
  });
  const quality = {
    pose: { yaw: degrees / 2, pitch: -degrees / 4, roll: 0 },
    sharpness: 900 - degrees,
    brightness: 0.5,
    contrast: 0.1,
    dynamicRange: 6,
    underexposed: 0,
    overexposed: 0,
    interEyePx: 60,
    headSize: 0.6,
  };
  return { kind: "face", ...SIZE, face: { box, score, landmarks, quality, found: 1 }, vectors };
}

/** One angle for people, sources at its bottom; a name without one shows nobody. */
function seenIn(path: string, judges: number): SeenPicture {
  const [face] = facesOf(path);
  if (!face) return { kind: "no-face", ...SIZE };
  const [x, y] = face.embedding as unknown as readonly [number, number];
  return seenAt((Math.atan2(y, x) * 180) / Math.PI, judges);
}

/** Frames in one colour: its red is the angle, 255 is nobody. */
function seenInFrame({ data }: RgbImage, judges: number): SeenPicture {
  return data[0] === 255 ? { kind: "no-face", ...SIZE } : seenAt(data[0]!, judges);
}

/** Lets `arcface identity` run with faces by the names of the pictures. Judges are told apart by their networks' names. */
export function useMadeIdentity(calibration: Calibration | undefined): void {
  const { open } = IdentityPool;
  vi.spyOn(IdentityPool, "open").mockImplementation(async (options = {}) => {
    const judges = (options.judges ?? [{}]).map((choice): IdentityJudge | undefined => {
      const protocol =
        typeof choice.protocol === "object"
          ? choice.protocol
          : identityProtocol(choice.protocol ?? "default");
      // Its network is not given: the sentence is the real one.
      if (protocol.network && choice.model === undefined) return undefined;
      const model = choice.model ?? DEFAULT_MODELS.embedder;
      const other = protocol.network !== null;
      const own = other ? undefined : calibration;
      return {
        model,
        protocol: { id: protocol.id, revision: protocol.revision, sha256: protocolDigest(protocol) },
        pipeline: PIPELINE,
        match: other ? "other" : "any",
        family: undefined,
        warnings: other
          ? [`protocol ${protocol.id} is about ${protocol.network!.title}: a made-up warning`]
          : [],
        calibration: own,
        uncalibrated: own ? undefined : `there is no calibration for ${model}`,
        threshold: thresholdOf({ threshold: options.threshold, calibration: own }),
        spec: { model, contract: {}, flip: choice.flip ?? protocol.flip, protocol },
      };
    });
    if (judges.includes(undefined)) return await open.call(IdentityPool, options);
    const made = {
      judges,
      workers: 1,
      follows: true,
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
      pictures: async function* (paths: readonly string[]): AsyncGenerator<SeenResult> {
        for (const path of paths) {
          try {
            yield { path, kind: "seen", picture: seenIn(path, judges.length) };
          } catch (error) {
            if (!(error instanceof FaceError)) throw error;
            yield { path, kind: "failed", error };
          }
        }
      },
      frames: async function* (images: AsyncIterable<RgbImage>): AsyncGenerator<SeenPicture> {
        for await (const image of images) yield seenInFrame(image, judges.length);
      },
    };
    return Object.create(IdentityPool.prototype, Object.getOwnPropertyDescriptors(made)) as IdentityPool;
  });
}
