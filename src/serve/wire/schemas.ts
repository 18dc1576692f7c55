import { z } from "zod";

/*
 * The wire: everything that goes over it, said once. The service checks requests by these schemas, /openapi.json is made of
 * them, and the client's types are theirs. Nothing here may import from Node.
 */

const share = z.number().min(0).max(1);
export const cosine = z.number().min(-1).max(1);
export const count = z.number().int().min(0);
/** A number that the gallery gives a person or face, once. */
export const number = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
/** ISO 8601: a day, or a moment with its zone. */
export const moment = z.string().max(40);

/** Names are checked and spelled by the gallery, whose sentences say what is wrong with one. */
export const nameText = z.string().min(1).max(2000);
export const collectionName = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/);

export const Box = z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() });
export const Point = z.object({ x: z.number(), y: z.number() });

/** A face found: box and landmarks in pixels of the upright photograph. */
export const FoundFace = z.object({
  box: Box,
  score: share,
  landmarks: z.array(Point).length(5),
});

export const Quality = z.object({
  pose: z.object({ yaw: z.number(), pitch: z.number(), roll: z.number() }).optional(),
  sharpness: z.number(),
  brightness: z.number(),
  contrast: z.number(),
  dynamicRange: z.number(),
  underexposed: z.number(),
  overexposed: z.number(),
  interEyePx: z.number(),
  headSize: z.number(),
});

export const EmbeddedFace = FoundFace.extend({
  embedding: z.array(z.number()).describe("A unit vector: the dot product of two is their cosine."),
  norm: z.number().optional(),
  quality: Quality.optional(),
  crop: z.string().optional().describe("With `crops`: the aligned crop as a JPEG, in base64."),
});

/** An error as it lies in an answer; in a list of pictures, that of one of them. */
export const Failure = z.object({ code: z.string(), message: z.string() });

export const ErrorAnswer = z.object({ error: Failure.extend({ requestId: z.string() }) });

const photographOf = <F extends z.ZodType>(face: F) =>
  z.object({
    width: count,
    height: count,
    faces: z.array(face).describe("By falling score of the detector; empty for a picture without a face."),
    warnings: z.array(z.string()).optional(),
  });

/** Of several pictures one may be none: the others are answered. A single picture that is none is an error of the request. */
const picturesOf = <F extends z.ZodType>(face: F) =>
  z.object({
    model: z.string(),
    pictures: z.array(z.union([photographOf(face), z.object({ error: Failure })])),
  });

export const DetectAnswer = picturesOf(FoundFace);
export const EmbedAnswer = picturesOf(EmbeddedFace);

const Rate = z.object({ rate: share, low: share, high: share });

/** As `verdict/` gives it. */
export const Evidence = z.object({
  fmr: Rate,
  fnmr: Rate,
  likelihood: z.object({
    log10: z.number().nullable(),
    low: z.number().nullable(),
    high: z.number().nullable(),
  }),
  lookAlikes: z.array(z.object({ nearest: share, fmr: Rate })),
});

export const Strangers = z.object({
  threshold: z.number(),
  source: z.enum(["calibration", "own-people", "given"]),
  target: share,
  fpir: Rate,
  faces: count,
  askedAmongOthers: count,
  takenForAnother: count,
});

/** A calibration without its curves, which /v1/model has. */
export const CalibrationSummary = z.object({
  protocol: z.string(),
  sha256: z.string(),
  people: count,
  genuinePairs: count,
  impostorPairs: count,
  confidence: share,
  target: z.object({ fmr: share, kept: z.enum(["upper-bound", "rate"]) }),
  threshold: cosine,
  fmr: Rate,
  fnmr: Rate,
});

/** On which side of a threshold a score lies, and what is known about it: `Verdict` of the library, its curves left out. */
export const Verdict = z.object({
  same: z.boolean(),
  threshold: z.number(),
  evidence: Evidence.optional(),
  calibration: CalibrationSummary.optional(),
  strangers: Strangers.optional(),
});

const ScoredFace = FoundFace.extend({ found: count.describe("Faces that the picture has.") });

export const CompareAnswer = z.object({
  model: z.string(),
  cosine: cosine.nullable().describe("null where a picture has no face"),
  verdict: Verdict.nullable().describe("null where there is no face, or nothing says what the score means"),
  uncalibrated: z.string().optional().describe("Why there is no verdict."),
  faces: z.array(ScoredFace.nullable()).describe("The face that counts of each picture; null for none."),
  scores: z
    .array(z.object({ cosine, verdict: Verdict.nullable() }))
    .optional()
    .describe("With `vectors`: of each."),
});

export const JudgeAnswer = z.object({
  model: z.string(),
  uncalibrated: z.string().optional().describe("Why there is no verdict."),
  scores: z
    .array(
      z.object({
        cosine,
        verdict: Verdict.nullable(),
        sentences: z.array(z.string()).describe("The plain answer, then the evidence behind it."),
      }),
    )
    .describe("In the order of the cosines."),
});

export const OcclusionAnswer = z.object({
  model: z.string(),
  side: count.describe("Patches along each side; each is a quarter of the crop wide."),
  changes: z
    .array(z.number())
    .describe("Of the cosine, rows from the top. Negative: the patch made the two alike."),
});

export const Person = z.object({
  id: number,
  name: z.string(),
  expires: z.string().nullable(),
  faces: count,
});

export const Candidate = z.object({
  person: Person,
  face: number,
  cosine: z.number(),
  similarity: z.number(),
});

export const Identification = z.object({
  answer: z.enum(["person", "unknown", "too-close"]),
  person: Person.nullable(),
  cosine: z.number().nullable(),
  similarity: z.number().nullable(),
  threshold: z.number(),
  verdict: Verdict,
  rival: Candidate.nullable(),
  candidates: z.array(Candidate),
});

export const IdentifyAnswer = picturesOf(FoundFace.extend({ who: Identification }));

export const SearchAnswer = z.object({
  model: z.string(),
  face: FoundFace.nullable(),
  hits: z.array(Candidate),
});

export const VerifyAnswer = z.object({
  model: z.string(),
  person: Person,
  face: ScoredFace.nullable(),
  cosine: z.number().nullable(),
  verdict: Verdict.nullable(),
});

export const GalleryFace = z.object({
  id: number,
  person: number,
  source: z.string(),
  sha256: z.string().nullable(),
  box: Box,
  landmarks: z.array(z.tuple([z.number(), z.number()])),
  score: z.number(),
});

export const WhoAnswer = z.object({
  model: z.string(),
  who: Identification,
  pictures: z
    .array(z.object({ face: GalleryFace, person: Person, cosine: z.number() }))
    .describe("The nearest faces of the gallery, whoever's they are."),
});

export const Reason = z.union([
  z.object({
    code: z.enum(["too-small", "blurred", "turned-away"]),
    measured: z.number(),
    limit: z.number(),
  }),
  z.object({ code: z.literal("no-face") }),
  z.object({ code: z.literal("several-faces"), faces: count }),
  z.object({ code: z.literal("unlike-own"), cosine: z.number(), threshold: z.number() }),
  z.object({
    code: z.literal("like-another"),
    person: z.string(),
    cosine: z.number(),
    threshold: z.number(),
  }),
]);

/** The outcome for each picture, in their order. */
export const Enrolled = z.union([
  z.object({ kind: z.literal("enrolled"), face: number, sequence: number }),
  z.object({ kind: z.literal("rejected"), reasons: z.array(Reason) }),
  z.object({ kind: z.literal("known") }),
  z.object({ kind: z.literal("failed"), error: Failure }),
]);

export const EnrolAnswer = z.object({
  person: Person.nullable().describe("null where nothing was good enough and nobody was made"),
  pictures: z.array(Enrolled),
});

export const Changed = z.object({
  sequence: count.describe("The change's number in the log; 0 where there was nothing to change."),
  person: Person.nullable(),
});

export const PersonPage = z.object({ persons: z.array(Person), next: z.string().nullable() });
export const FacePage = z.object({ faces: z.array(GalleryFace), next: z.string().nullable() });

/** Somebody's word about two faces, or one. */
export const LinkKind = z.enum(["same", "different", "no-face"]);

const state = <T extends z.ZodRawShape>(shape: T) => z.object(shape).nullable();
const PersonEffect = z.object({
  subject: z.literal("person"),
  id: number,
  before: state({ name: z.string(), expires: z.string().nullable() }),
  after: state({ name: z.string(), expires: z.string().nullable() }),
});
const FaceEffect = z.object({
  subject: z.literal("face"),
  id: number,
  before: state({ person: number }),
  after: state({ person: number }),
});

const LinkEffect = z.object({
  subject: z.literal("link"),
  id: number,
  before: state({ kind: LinkKind, faces: z.array(number) }),
  after: state({ kind: LinkKind, faces: z.array(number) }),
});

export const LogEntry = z.object({
  sequence: number,
  kind: z.string(),
  at: z.string(),
  undoes: number.nullable(),
  undoneBy: number.nullable(),
  effects: z.array(z.union([PersonEffect, FaceEffect, LinkEffect])),
  forgotten: count,
});
export const LogPage = z.object({ entries: z.array(LogEntry), next: z.string().nullable() });

/** The receipt of forgetting: what was removed, and where its bytes were searched for afterwards. */
export const Receipt = z.object({
  at: z.string(),
  people: z.array(z.object({ id: number, names: z.array(z.string()), faces: count })),
  faces: count,
  crops: count,
  logEffects: count,
  changes: z.array(number),
  searched: z.array(
    z.object({ file: z.string().describe("Its name, without the path."), bytes: count, hits: count }),
  ),
  notProven: z.array(z.string()),
  finished: z.boolean(),
  proven: z.boolean().describe("Finished, and everything could be searched."),
});

export const Collection = z.object({
  name: z.string(),
  model: z.string(),
  dimension: count,
  people: count,
  faces: count,
  deletedFaces: count,
  changes: count,
  threshold: z.number().nullable(),
  keepCrops: z.boolean(),
});
export const Collections = z.object({ collections: z.array(Collection) });

export const ModelAnswer = z.object({
  model: z.string(),
  dimension: count,
  pipeline: z.record(z.string(), z.unknown()),
  calibration: z.record(z.string(), z.unknown()).nullable().describe("Whole, with its curves."),
  uncalibrated: z.string().nullable(),
});

export const Ready = z.object({
  ready: z.boolean(),
  stopping: z.boolean(),
  waiting: count,
  collections: z.record(z.string(), z.enum(["ok", "unreachable"])),
});

export const Ok = z.object({ ok: z.literal(true) });
