import { useSignal } from "@preact/signals";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { PersonPicture } from "../../parts/face-picture.tsx";
import { ask } from "../../service.ts";
import { counted } from "../../words.ts";
import { act } from "./act.ts";
import type { Person } from "./everybody.ts";
import { NameField, personNamed } from "./name-field.tsx";

interface MergeDialogProps {
  readonly collection: string;
  readonly person: Person;
  /** Told of whoever stays, once it is done. */
  readonly onMerged: (kept: Person) => void;
  readonly again: () => void;
  readonly onClose: () => void;
}

/** Makes two people one: by the name that stays. */
export function MergeDialog({ collection, person, onMerged, again, onClose }: MergeDialogProps) {
  const name = useSignal("");
  const staying = useSignal<"this" | "other">("this");
  const busy = useSignal(false);
  const found = personNamed(name.value);
  const other = found?.id === person.id ? undefined : found;
  const merge = async (): Promise<void> => {
    if (!other) return;
    const [kept, gone] = staying.value === "this" ? [person, other] : [other, person];
    busy.value = true;
    const went = await act({
      collection,
      done: `${gone.name} was merged into ${kept.name}: ${counted(gone.faces, "face")} went over.`,
      how: async () => await ask("merge", { collection, person: kept.id, persons: [gone.id] }),
      again,
    });
    busy.value = false;
    onClose();
    if (went) onMerged(kept);
  };
  return (
    <Dialog title={`Merge ${person.name} with somebody`} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void merge();
        }}
      >
        <NameField label="Who is the same person?" name={name} but={person.id} />
        {name.value.trim() !== "" && !other && <p class="soft small">Nobody here is called exactly that.</p>}
        {other && (
          <fieldset class="staying">
            <legend class="small">Who stays? The other's faces go over.</legend>
            {(
              [
                ["this", person],
                ["other", other],
              ] as const
            ).map(([which, each]) => (
              <label key={each.id} class="person-card">
                <PersonPicture collection={collection} person={each} />
                <span class="name">{each.name}</span>
                <span class="soft small">{counted(each.faces, "face")}</span>
                <input
                  type="radio"
                  name="staying"
                  checked={staying.value === which}
                  onChange={() => {
                    staying.value = which;
                  }}
                />
              </label>
            ))}
          </fieldset>
        )}
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="first" icon="merge" type="submit" disabled={!other || busy.value}>
            Merge
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
