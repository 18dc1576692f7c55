import { useSignal } from "@preact/signals";
import { Button } from "../../parts/button.tsx";
import { Failure } from "../../parts/failure.tsx";
import { tell } from "../../parts/toasts.tsx";
import { type Outcome, reasonInWords } from "../../refusal-words.ts";
import { ask, type ClientAnswer, refreshCollections } from "../../service.ts";
import { counted } from "../../words.ts";

interface KeepProps {
  readonly who: ClientAnswer<"who">["who"];
  readonly collection: string;
  readonly pictures: readonly Blob[];
}

/** Puts the pictures into the gallery: with the person who was found, or as somebody new. What the gate refuses is told. */
export function KeepThem({ who, collection, pictures }: KeepProps) {
  const name = useSignal("");
  const busy = useSignal(false);
  const failed = useSignal<unknown>(undefined);
  const refused = useSignal<readonly string[]>([]);
  const keep = async (
    how: () => Promise<{ readonly pictures: readonly Outcome[] }>,
    whom: string,
  ): Promise<void> => {
    busy.value = true;
    failed.value = undefined;
    refused.value = [];
    try {
      const { pictures: outcomes } = await how();
      const kept = outcomes.flatMap((each) => (each.kind === "enrolled" ? [each] : []));
      refused.value = outcomes.flatMap((outcome, i) => reasonsOf(outcome, i + 1));
      if (kept.length > 0) {
        const sequences = new Set(kept.map(({ sequence }) => sequence));
        tell(`${counted(kept.length, "face")} added to ${whom}.`, {
          undo: async () => {
            for (const sequence of [...sequences].reverse()) await ask("undo", { collection, sequence });
            await refreshCollections();
          },
        });
        await refreshCollections();
        name.value = "";
      }
    } catch (thrown) {
      failed.value = thrown;
    } finally {
      busy.value = false;
    }
  };
  const { person } = who;
  return (
    <div class="stack">
      {person ? (
        <div>
          <Button
            icon="plus"
            small
            disabled={busy.value}
            onClick={() =>
              void keep(
                async () => await ask("addFaces", { collection, person: person.id, pictures: [...pictures] }),
                person.name,
              )
            }
          >
            Add {counted(pictures.length, "picture")} to {person.name}
          </Button>
        </div>
      ) : (
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault();
            const wanted = name.value.trim();
            if (wanted === "") return;
            void keep(
              async () => await ask("createPerson", { collection, name: wanted, pictures: [...pictures] }),
              wanted,
            );
          }}
        >
          <label class="field">
            <span class="small soft">Somebody new? Their name</span>
            <input
              value={name.value}
              autocomplete="off"
              onInput={({ currentTarget }) => {
                name.value = currentTarget.value;
              }}
            />
          </label>
          <Button icon="plus" type="submit" disabled={busy.value || name.value.trim() === ""} class="level">
            Add to the gallery
          </Button>
        </form>
      )}
      {refused.value.length > 0 && (
        <ul class="doubt" role="alert">
          {refused.value.map((words) => (
            <li key={words}>{words}</li>
          ))}
        </ul>
      )}
      {failed.value !== undefined && <Failure thrown={failed.value} />}
    </div>
  );
}

function reasonsOf(outcome: Outcome, number: number): string[] {
  if (outcome.kind === "enrolled") return [];
  if (outcome.kind === "known") return [`Picture ${number} is in the gallery already.`];
  if (outcome.kind === "failed") return [`Picture ${number}: ${outcome.error.message}.`];
  return outcome.reasons.map((reason) => `Picture ${number} was not taken: ${reasonInWords(reason)}.`);
}
