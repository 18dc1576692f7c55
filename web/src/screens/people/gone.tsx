import { Button } from "../../parts/button.tsx";
import { Failure, Waiting } from "../../parts/failure.tsx";
import { Link } from "../../parts/link.tsx";
import { ask, type ClientAnswer } from "../../service.ts";
import { useAnswer } from "../../use-answer.ts";
import { act } from "./act.ts";
import { peoplePath, personPath } from "./paths.ts";

type Entry = ClientAnswer<"log">["entries"][number];

/** Changes of the log that are looked through. */
const LATEST = 1000;

interface GoneProps {
  readonly collection: string;
  readonly id: number;
  /** Their name, where it was seen before. */
  readonly name: string | undefined;
  readonly again: () => void;
}

/** Says of somebody who is not there what became of them. */
export function Gone({ collection, id, name = "This person", again }: GoneProps) {
  const found = useAnswer(async (signal) => await fateOf(collection, id, signal), [collection, id]).value;
  if (found.kind === "asking") return <Waiting for="Looking what became of them …" />;
  if (found.kind === "failed") return <Failure thrown={found.thrown} again={found.again} />;
  const { entry, into } = found.value;
  return (
    <div class="sheet stack">
      <h1>{name} is not here any more</h1>
      <p role="status">{wordsOf(entry, into?.name)}</p>
      <div class="row">
        {into && (
          <Link class="button first" to={personPath(collection, into.id)}>
            To {into.name}
          </Link>
        )}
        {entry && entry.undoneBy === null && (
          <Button
            icon="undo"
            onClick={() =>
              void act({
                collection,
                done: `${name} is back.`,
                how: async () => await ask("undo", { collection, sequence: entry.sequence }),
                again,
              })
            }
          >
            Bring them back
          </Button>
        )}
        <Link class="button" to={peoplePath(collection)}>
          Everybody
        </Link>
      </div>
    </div>
  );
}

async function fateOf(
  collection: string,
  id: number,
  signal: AbortSignal,
): Promise<{ entry: Entry | undefined; into: { readonly id: number; readonly name: string } | undefined }> {
  const { entries } = await ask("log", { collection, limit: LATEST }, { signal });
  const entry = entries.find(({ effects }) =>
    effects.some((effect) => effect.subject === "person" && effect.id === id && effect.after === null),
  );
  const went = entry?.effects.find((effect) => effect.subject === "face" && effect.before?.person === id);
  const whose = went?.subject === "face" ? went.after?.person : undefined;
  const into =
    whose === undefined
      ? undefined
      : await ask("person", { collection, person: whose }, { signal }).catch(() => undefined);
  return { entry, into };
}

function wordsOf(entry: Entry | undefined, into: string | undefined): string {
  if (!entry)
    return "The gallery keeps nothing of them: they were forgotten, or this number was never anybody's.";
  if (into !== undefined) return `Their faces are ${into}'s now: the two were made one person.`;
  if (entry.kind === "undo") return "The change that brought them was taken back.";
  return "They were deleted. Nothing is lost: they can be brought back.";
}
