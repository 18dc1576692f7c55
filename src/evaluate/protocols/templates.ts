import { basename, dirname, isAbsolute, join } from "node:path";
import { FaceError, type Random } from "../../core/index.ts";
import { readCsv } from "../../photographs/index.ts";
import { stratifiedFolds } from "../../statistics/index.ts";
import { expectBothLabels, type ListedPicture, type PairList, PictureList } from "./pair-list.ts";
import { type LabelledPeople, pairsOfPeople } from "./people-pairs.ts";

/** A template: all that is known of one person on one occasion, from several media with several pictures each. */
export interface Template {
  readonly id: string;
  /** Indices of pictures by medium: a video's frames are one medium. */
  readonly media: readonly (readonly number[])[];
}

/** Templates and the people they are of. */
export interface TemplateList {
  readonly pictures: readonly ListedPicture[];
  /** By person. */
  readonly templates: readonly Template[];
  /** The templates as pictures of people, for what is done with those. */
  readonly people: LabelledPeople;
}

/** Names that a header may give to the columns, those of IJB-B and IJB-C among them. */
const COLUMNS = [
  ["template", "template_id", "tid"],
  ["subject", "subject_id", "sid", "person"],
  ["media", "media_id", "mid"],
  ["path", "file", "filename", "image"],
] as const;
const PAIR_COLUMNS = [
  ["template", "template1", "a", "left", "enrol_template_id"],
  ["template", "template2", "b", "right", "verif_template_id"],
] as const;

/**
 * Templates of a CSV file with a line `template,subject,media,path` for every picture, in the manner of IJB-B and IJB-C. Paths are
 * relative to the file's folder; a first line that names these columns is a header.
 *
 * Throws    FaceError BAD_FILE with the line that cannot be read, gives a template a second subject, or names a picture
 *           that is not there
 */
export async function readTemplates(path: string): Promise<TemplateList> {
  const rows = await readCsv(path, COLUMNS);
  const pictures = new PictureList();
  const templates = new Map<string, { subject: string; media: Map<string, number[]> }>();
  for (const { line, fields } of rows) {
    const where = `${path}: line ${line}`;
    const [id = "", subject = "", medium = "", file = ""] = fields;
    const template = templates.get(id) ?? { subject, media: new Map<string, number[]>() };
    templates.set(id, template);
    if (template.subject !== subject) {
      throw new FaceError("BAD_FILE", {
        where,
        expected: `subject ${template.subject} for template ${id}, as above`,
        got: subject,
      });
    }
    const own = template.media.get(medium) ?? [];
    template.media.set(medium, own);
    own.push(pictures.add(isAbsolute(file) ? file : join(dirname(path), file), where));
  }
  await pictures.expectFiles();
  const names = [...new Set([...templates.values()].map(({ subject }) => subject))].sort();
  if (names.length < 2)
    throw new FaceError("USAGE", {
      where: path,
      expected: "templates of at least 2 subjects",
      got: names.length,
    });
  const numberOf = new Map(names.map((name, i) => [name, i]));
  const ordered = [...templates].sort(([, x], [, y]) => numberOf.get(x.subject)! - numberOf.get(y.subject)!);
  return {
    pictures: pictures.pictures,
    templates: ordered.map(([id, { media }]) => ({ id, media: [...media.values()] })),
    people: {
      pictures: ordered.map(([id]) => ({ name: `template ${id}`, source: id })),
      person: Uint32Array.from(ordered, ([, { subject }]) => numberOf.get(subject)!),
      names,
    },
  };
}

/**
 * Pairs of templates from a CSV file with lines `template,template`; what is the same follows from their subjects.
 *
 * Throws    FaceError BAD_FILE with the line that names no template, USAGE without pairs of both kinds
 */
export async function readTemplatePairs(
  path: string,
  { templates, people }: TemplateList,
  random: Random,
): Promise<PairList> {
  const numbers = new Map(templates.map(({ id }, i) => [id, i]));
  const rows = await readCsv(path, PAIR_COLUMNS);
  const [a, b] = [new Uint32Array(rows.length), new Uint32Array(rows.length)];
  for (const [i, { line, fields }] of rows.entries()) {
    const [x, y] = [numbers.get(fields[0] ?? ""), numbers.get(fields[1] ?? "")];
    if (x === undefined || y === undefined) {
      throw new FaceError("BAD_FILE", {
        where: `${path}: line ${line}`,
        expected: "two templates of the list",
        got: JSON.stringify(fields.join(",").slice(0, 80)),
      });
    }
    a[i] = x;
    b[i] = y;
  }
  const same = Uint8Array.from(a, (x, i) => Number(people.person[x] === people.person[b[i]!]));
  expectBothLabels(path, same);
  return {
    protocol: `${basename(path)}, ${rows.length.toLocaleString("en")} pairs of ${templates.length.toLocaleString("en")} templates`,
    pictures: people.pictures,
    a,
    b,
    same,
    person: people.person,
    people: people.names.length,
    fold: stratifiedFolds(same, Math.min(10, rows.length), random),
  };
}

/** Pairs of templates drawn by chance, at most so many of each kind. */
export function drawTemplatePairs(
  path: string,
  { people }: TemplateList,
  most: number,
  random: Random,
): PairList {
  return pairsOfPeople(people, `${basename(path)}, templates`, { genuine: most, impostor: most }, random);
}
