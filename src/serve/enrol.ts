import { createHash } from "node:crypto";
import { type Box, FaceError, internal } from "../core/index.ts";
import {
  type EnrolmentOptions,
  enrolPhotographs,
  type PersonToEnrol,
  type PortraitSource,
  type RejectReason,
} from "../recognise/index.ts";
import type { Served, Service } from "./service.ts";

/** Enrolment as the wire asks for it. */
export interface Gate {
  readonly threshold?: number | undefined;
  readonly minEyeDistancePx?: number | undefined;
  readonly minSharpness?: number | undefined;
  readonly maxTurn?: number | undefined;
  readonly maxTilt?: number | undefined;
  readonly force?: boolean | undefined;
  /** Of a single picture: x, y, width and height of the one face that counts. */
  readonly box?: readonly number[] | undefined;
}

/** A picture's outcome. */
export type Outcome =
  | { readonly kind: "enrolled"; readonly face: number; readonly sequence: number }
  | { readonly kind: "rejected"; readonly reasons: readonly RejectReason[] }
  | { readonly kind: "known" }
  | { readonly kind: "failed"; readonly error: FaceError };

/**
 * Enrols someone from pictures through the queue, in one change. The photographs' names are not kept: a face's source is
 * `upload:` and its picture's sha256.
 *
 * Throws    as `enrolPhotographs` and `Gallery.enrol`; ServiceError OVERLOADED
 */
export async function enrolUploads(
  service: Service,
  { gallery, recognition }: Served,
  whose: Pick<PersonToEnrol, "name" | "person">,
  pictures: readonly Uint8Array[],
  gate: Gate & Pick<EnrolmentOptions, "expires">,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const queue = service.queueOf(recognition);
  const sources = pictures.map((picture) => `upload:${createHash("sha256").update(picture).digest("hex")}`);
  const bytes = new Map(sources.map((source, i) => [source, pictures[i]!]));
  queue.expectRoom(bytes.size);
  const { threshold, force, expires, box: place, ...limits } = gate;
  const box = place && boxOf(place, pictures.length);
  const { calibration, pipeline } = recognition;
  const portraits: PortraitSource["portraits"] = async function* (paths) {
    const asked = [...paths].map((path) => ({
      path,
      result: queue.ask(bytes.get(path)!, "portraits", signal, box),
    }));
    for (const { result } of asked) result.catch(() => undefined);
    for (const { path, result } of asked) yield { path, ...(await result) };
  };
  const people = [{ ...whose, paths: [...bytes.keys()] }];
  const outcomes = new Map<string, Outcome>();
  for await (const { path, person: _, ...outcome } of enrolPhotographs(
    gallery,
    { calibration, pipeline, portraits },
    people,
    { threshold, force, expires, gate: given(limits), signal },
  )) {
    outcomes.set(path, outcome as Outcome);
    count(service, outcome as Outcome);
  }
  // A picture that came twice is known the second time.
  const seen = new Set<string>();
  return sources.map((source) => {
    const outcome = outcomes.get(source);
    if (!outcome) throw internal("enrol: expected an outcome for every picture");
    const again = seen.has(source) && outcome.kind === "enrolled";
    seen.add(source);
    return again ? { kind: "known" } : outcome;
  });
}

/** Throws FaceError USAGE where there is not one picture. */
function boxOf([x, y, width, height]: readonly number[], pictures: number): Box<"image"> {
  if (pictures === 1) return { x: x!, y: y!, width: width!, height: height! };
  throw new FaceError("USAGE", { where: "box", expected: "one picture, in which it is", got: pictures });
}

function count({ metrics }: Service, outcome: Outcome): void {
  if (outcome.kind !== "rejected") metrics.enrolment(outcome.kind);
  else for (const { code } of outcome.reasons) metrics.enrolment(code);
}

function given(limits: Omit<Gate, "threshold" | "force" | "box">): EnrolmentOptions["gate"] {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

/** An outcome on the wire. */
export function outcomeOnWire(outcome: Outcome) {
  if (outcome.kind === "failed") {
    const { code, message } = outcome.error;
    return { kind: outcome.kind, error: { code, message: code === "INTERNAL" ? "internal" : message } };
  }
  if (outcome.kind === "rejected") return { kind: outcome.kind, reasons: [...outcome.reasons] };
  return outcome;
}
