import { FaceError } from "../../core/index.ts";

/** One record of a CSV file. */
export interface CsvRow {
  /** Of the record's first line, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * Records of a CSV text: commas, double quotes around fields that hold commas, quotes or line ends, a quote doubled
 * inside them. Empty lines and lines that begin with # are passed over; spaces around a bare field do not count.
 *
 * Throws    FaceError BAD_FILE with the line of a quote that is never closed or followed by something else
 * Source    RFC 4180
 */
export function csvRows(text: string, where: string): CsvRow[] {
  const rows: CsvRow[] = [];
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const first = line;
    const fields: string[] = [];
    for (let more = true; more; ) {
      const quoted = /[ \t]*"/y;
      quoted.lastIndex = at;
      if (quoted.test(text)) {
        let field = "";
        let open = quoted.lastIndex;
        let close: number;
        for (;;) {
          close = text.indexOf('"', open);
          if (close === -1)
            throw new FaceError("BAD_FILE", `${where}: line ${first}: expected a closing quote, got none`);
          field += text.slice(open, close);
          if (text[close + 1] !== '"') break;
          field += '"';
          open = close + 2;
        }
        line += field.split("\n").length - 1;
        const after = /[ \t]*(,|\r?\n|$)/y;
        after.lastIndex = close + 1;
        const end = after.exec(text);
        if (!end)
          throw new FaceError(
            "BAD_FILE",
            `${where}: line ${line}: expected a comma after a quoted field, got ${JSON.stringify(text.slice(close + 1, close + 9))}`,
          );
        fields.push(field);
        at = after.lastIndex;
        more = end[1] === ",";
        if (end[1]?.endsWith("\n")) line++;
      } else {
        const bare = /[^,\n]*/y;
        bare.lastIndex = at;
        fields.push(bare.exec(text)![0].trim());
        at = bare.lastIndex;
        more = text[at] === ",";
        if (text[at] === "\n") line++;
        at++;
      }
    }
    if (fields.length === 1 && (fields[0] === "" || fields[0]!.startsWith("#"))) continue;
    rows.push({ line: first, fields });
  }
  return rows;
}
