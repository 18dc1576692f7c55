import type { Study } from "../run-study.ts";

/** The format of `study.json`; documented in docs/formats.md. */
export const STUDY_JSON = { format: "arcface-study", version: 1 } as const;

/** All numbers of a study, faces by the names of their photographs. */
export function studyJson(study: Study): object {
  const name = (face: number): string => study.faces[face]!.name;
  const places = [...study.faces.keys()];
  return {
    ...STUDY_JSON,
    model: study.model,
    dimension: study.dimension,
    seed: study.seed,
    threshold: study.calibration?.threshold ?? null,
    calibration: study.calibration ?? null,
    photographs: study.photographs,
    faces: study.faces.length,
    people: study.scores.people.length,
    retrieval: study.retrieval.all,
    separation: study.separation ?? null,
    perPerson: study.retrieval.perPerson,
    rejected: study.rejected.map(({ path: _, ...rest }) => rest),
    nearDuplicates: study.nearDuplicates.map(({ faces, ...rest }) => ({
      photographs: faces.map(name),
      ...rest,
    })),
    lookAlikes: study.lookAlikes.map(({ faces, ...rest }) => ({ ...rest, photographs: faces.map(name) })),
    declared: study.declared.map(({ confused, ...rest }) => ({
      ...rest,
      confused: confused.map(({ face, nearest, cosine }) => ({
        photograph: name(face),
        nearest: name(nearest),
        cosine,
      })),
    })),
    why: study.why
      ? {
          ...study.why,
          perFace: study.why.perFace.map(({ face, self }) => ({
            photograph: name(face),
            self: Object.fromEntries(study.why!.factors.map(({ id }, i) => [id, self[i]!])),
          })),
        }
      : null,
    occlusion: study.occluded.map(({ faces, ...rest }) => ({ photographs: faces.map(name), ...rest })),
    photographsOfFaces: places.map((i) => {
      const { name, person, box, score, others, sha256 } = study.faces[i]!;
      const neighbours = study.retrieval.neighbours[i]!.map(({ face, cosine }) => ({
        photograph: study.faces[face]!.name,
        cosine,
      }));
      const places = Object.fromEntries(study.layouts.map(({ id, x, y }) => [id, [x[i]!, y[i]!]]));
      return { name, person, sha256, box, score, otherFaces: others, neighbours, places };
    }),
    layouts: study.layouts.map(({ id, label, note }) => ({ id, label, note })),
  };
}
