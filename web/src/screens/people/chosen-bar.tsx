import { useSignal } from "@preact/signals";
import { Button } from "../../parts/button.tsx";
import { tell } from "../../parts/toasts.tsx";
import { ask } from "../../service.ts";
import { counted } from "../../words.ts";
import { act } from "./act.ts";
import type { Person } from "./everybody.ts";
import { NameField, personNamed } from "./name-field.tsx";

interface ChosenBarProps {
  readonly collection: string;
  readonly person: Person;
  readonly chosen: ReadonlySet<number>;
  readonly letGo: () => void;
  /** Told that a change is on its way. */
  readonly begin: () => void;
  readonly again: () => void;
}

/** Everything that can be done with the chosen faces of a person. */
export function ChosenBar({ collection, person, chosen, letGo, begin, again }: ChosenBarProps) {
  const name = useSignal("");
  const busy = useSignal(false);
  const faces = [...chosen];
  const many = counted(faces.length, "face");
  const to = name.value.trim();
  const known = personNamed(to);
  const doing = async (
    done: string,
    how: () => Promise<{ readonly sequence: number }>,
    clash?: string,
  ): Promise<void> => {
    busy.value = true;
    begin();
    const went = await act({
      collection,
      done,
      how,
      again,
      refused: ({ status }) => (status === 409 ? clash : undefined),
    });
    busy.value = false;
    if (went) letGo();
  };
  const move = async (other: Person): Promise<void> =>
    await doing(`${many} moved to ${other.name}.`, async () => {
      const { sequence, person: got } = await ask("move", { collection, faces, to: other.name });
      if (got && got.id !== other.id)
        tell(`Nobody was called ${other.name} any more: somebody new has the faces, under that name.`, {
          alarm: true,
        });
      return { sequence };
    });
  const split = async (): Promise<void> =>
    await doing(
      `${many} split off as ${to}.`,
      async () => await ask("split", { collection, person: person.id, faces, name: to }),
      `Nothing was done: either somebody called ${to} came meanwhile, or these faces are not all ${person.name}'s any more.`,
    );
  const isSelf = known?.id === person.id;
  return (
    <section class="chosen-bar" aria-label={`${many} chosen`}>
      <p>
        <b>{many}</b> chosen
      </p>
      <form
        class="chosen-give"
        onSubmit={(event) => {
          event.preventDefault();
          if (to === "" || isSelf || busy.value) return;
          void (known ? move(known) : split());
        }}
      >
        <NameField
          label="Whose are they?"
          name={name}
          but={person.id}
          placeholder="Somebody here, or a new name"
        />
        <Button type="submit" look="first" disabled={busy.value || to === "" || isSelf}>
          {known && !isSelf ? `Move to ${known.name}` : "Split off"}
        </Button>
      </form>
      <div class="row">
        <Button
          icon="trash"
          disabled={busy.value}
          onClick={() =>
            void doing(`${many} deleted.`, async () => await ask("deleteFaces", { collection, faces }))
          }
        >
          Delete
        </Button>
        <Button look="plain" icon="close" aria-label="Let the chosen faces go" onClick={letGo} />
      </div>
    </section>
  );
}
