/** The process that reads a gallery's files: a {@link SearchRequest} comes in, a {@link SearchAnswer} goes out. */
import { text } from "node:stream/consumers";
import { findMarks } from "./find-marks.ts";
import { Marks } from "./marks.ts";
import type { SearchAnswer, SearchRequest } from "./search-files.ts";

const { paths, marks } = JSON.parse(await text(process.stdin)) as SearchRequest;
const searched = await findMarks(paths, Marks.parse(marks));
const answer: SearchAnswer = searched.map(({ found, ...file }) => ({ ...file, found: [...found] }));
process.stdout.write(JSON.stringify(answer));
