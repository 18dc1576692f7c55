import { chosenFace, type TakenPicture } from "../../pictures/taken-picture.ts";
import type { Answer } from "../../use-answer.ts";
import { cosineText, counted } from "../../words.ts";
import type { Judged, Pair } from "./sides.ts";

interface PairTableProps {
  readonly a: readonly TakenPicture[];
  readonly b: readonly TakenPicture[];
  readonly pairs: readonly Pair[];
  /** Number of the pair that is looked at; −1 for none. */
  readonly shown: number;
  readonly judged: Answer<Judged>;
  readonly onShow: (pair: Pair) => void;
}

/** Every picture of one side with every one of the other. */
export function PairTable({ a, b, pairs, shown, judged, onShow }: PairTableProps) {
  const scores = judged.kind === "there" ? judged.value.scores : [];
  const same = scores.filter(({ verdict }) => verdict?.same).length;
  const rows = a.map((picture, i) => ({ picture, i })).filter(({ i }) => pairs.some((pair) => pair.a === i));
  const columns = b
    .map((picture, i) => ({ picture, i }))
    .filter(({ i }) => pairs.some((pair) => pair.b === i));
  return (
    <section class="sheet stack" style={{ marginTop: "var(--s5)" }} aria-labelledby="all-pairs">
      <div>
        <h2 id="all-pairs">All pairs</h2>
        {scores.length > 0 && scores.every(({ verdict }) => verdict) && (
          <p class="soft">
            {same} of {counted(pairs.length, "pair")} {same === 1 ? "reaches" : "reach"} the threshold. Each
            pair is judged by itself.
          </p>
        )}
      </div>
      <div class="grid-of-pairs">
        <table>
          <thead>
            <tr>
              <td />
              {columns.map(({ picture, i }) => (
                <th key={picture.id} scope="col">
                  <Head picture={picture} words={`Second face, picture ${i + 1}`} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ picture, i }) => (
              <tr key={picture.id}>
                <th scope="row">
                  <Head picture={picture} words={`First face, picture ${i + 1}`} />
                </th>
                {columns.map((column) => {
                  const at = pairs.findIndex((pair) => pair.a === i && pair.b === column.i);
                  const pair = pairs[at];
                  const verdict = scores[at]?.verdict;
                  return (
                    <td key={column.picture.id}>
                      {pair && (
                        <button
                          type="button"
                          class={verdict ? (verdict.same ? "same" : "other") : ""}
                          aria-pressed={at === shown}
                          onClick={() => onShow(pair)}
                        >
                          {cosineText(pair.cosine)}
                        </button>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Head({ picture, words }: { readonly picture: TakenPicture; readonly words: string }) {
  return <img src={`data:image/jpeg;base64,${chosenFace(picture)?.crop ?? ""}`} alt={words} />;
}
