import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { Button } from "../../parts/button.tsx";
import { FacePicture } from "../../parts/face-picture.tsx";
import { tell, tellFailure } from "../../parts/toasts.tsx";
import { ask } from "../../service.ts";
import { counted } from "../../words.ts";
import { cssColour, personColour } from "./colours.ts";
import { isDark } from "./is-dark.ts";
import type { MapData, MapPerson } from "./map-data.ts";

/** Faces shown at first, above what can be done with them, and added at a time. */
const SHOWN = 15;
const MORE = 60;
/** Names that are proposed while one is typed. */
const PROPOSED = 12;

interface ChosenFacesProps {
  readonly collection: string;
  readonly data: MapData;
  readonly chosen: ReadonlySet<number>;
  readonly choose: (faces: ReadonlySet<number>) => void;
  /** The gallery was changed. */
  readonly changed: () => void;
  /** A change was taken back. */
  readonly undone: () => void;
}

/** The chosen faces as a list, and everything that can be done with them. */
export function ChosenFaces(props: ChosenFacesProps) {
  const { collection, data, chosen, choose, changed, undone } = props;
  const shown = useSignal(SHOWN);
  const name = useSignal("");
  const busy = useSignal(false);
  const people = peopleOf(data, chosen);
  const into = useSignal(people[0]!.person.id);
  const names = useId();
  const faces = [...chosen].map((face) => data.faces[face]!);
  const many = counted(faces.length, "face");

  /** Does something, says so, and how it is taken back. */
  const act = async (done: string, how: () => Promise<{ readonly sequence: number }>): Promise<void> => {
    busy.value = true;
    try {
      const { sequence } = await how();
      if (sequence === 0) tell("That changed nothing: it was so already.");
      else
        tell(done, {
          undo: async () => {
            await ask("undo", { collection, sequence });
            undone();
          },
        });
      changed();
    } catch (thrown) {
      tellFailure(thrown);
    } finally {
      busy.value = false;
    }
  };
  const to = name.value.trim();
  const others = people.filter(({ person }) => person.id !== into.value);
  const kept = people.find(({ person }) => person.id === into.value)?.person ?? people[0]!.person;
  const needle = to.toLocaleLowerCase();
  const proposed = [...data.people.values()]
    .filter((person) => needle !== "" && person.name.toLocaleLowerCase().includes(needle))
    .slice(0, PROPOSED);

  return (
    <>
      <header class="row apart">
        <h2>{many} chosen</h2>
        <Button small icon="close" onClick={() => choose(new Set())}>
          Let go
        </Button>
      </header>
      <p class="small soft map-whose">
        {people
          .slice(0, 8)
          .map(({ person, count }) => `${person.name} (${count} of ${person.faces.length})`)
          .join(", ")}
        {people.length > 8 && ` and ${counted(people.length - 8, "more person", "more people")}`}
      </p>
      <ul class="map-chosen">
        {[...chosen].slice(0, shown.value).map((face) => {
          const person = data.people.get(data.persons[face]!)!;
          return (
            <li key={data.faces[face]}>
              <button
                type="button"
                title={`${person.name}: leave out`}
                aria-label={`Leave out face ${data.faces[face]} of ${person.name}`}
                style={{ borderColor: cssColour(personColour(person.rank, isDark.value)) }}
                onClick={() => choose(new Set([...chosen].filter((each) => each !== face)))}
              >
                <FacePicture collection={collection} face={data.faces[face]!} />
              </button>
            </li>
          );
        })}
      </ul>
      {chosen.size > shown.value && (
        <div>
          <Button
            small
            onClick={() => {
              shown.value += MORE;
            }}
          >
            {counted(chosen.size - shown.value, "more face", "more faces")}
          </Button>
        </div>
      )}
      <form
        class="map-give"
        onSubmit={(event) => {
          event.preventDefault();
          if (to !== "")
            void act(`${many} given to ${to}.`, async () => await ask("move", { collection, faces, to }));
        }}
      >
        <label class="field">
          <span class="small">Whose are they?</span>
          <input
            list={names}
            value={name.value}
            placeholder="Somebody on the map, or a new name"
            autocomplete="off"
            onInput={({ currentTarget }) => {
              name.value = currentTarget.value;
            }}
          />
        </label>
        <datalist id={names}>
          {proposed.map((person) => (
            <option key={person.id} value={person.name} />
          ))}
        </datalist>
        <Button type="submit" look="first" disabled={busy.value || to === ""}>
          Give
        </Button>
      </form>
      {people.length > 1 && people.length <= 1000 && (
        <div class="stack map-merge">
          <p class="small">
            If these are one person: everything of {others.length === 1 ? "the other" : "the others"} goes to
            one,{" "}
            {counted(
              others.reduce((sum, { person }) => sum + person.faces.length, 0),
              "face",
            )}{" "}
            in all, those too that are not chosen.
          </p>
          <div class="row">
            <select
              class="choice"
              aria-label="The person who stays"
              value={into.value}
              onChange={({ currentTarget }) => {
                into.value = Number(currentTarget.value);
              }}
            >
              {people.map(({ person }) => (
                <option key={person.id} value={person.id}>
                  {person.name}
                </option>
              ))}
            </select>
            <Button
              disabled={busy.value}
              onClick={() =>
                void act(
                  `${counted(people.length, "person", "people")} merged into ${kept.name}.`,
                  async () =>
                    await ask("merge", {
                      collection,
                      person: kept.id,
                      persons: others.map(({ person }) => person.id),
                    }),
                )
              }
            >
              Merge
            </Button>
          </div>
        </div>
      )}
      <div>
        <Button
          disabled={busy.value}
          onClick={() =>
            void act(`${many} deleted.`, async () => await ask("deleteFaces", { collection, faces }))
          }
        >
          Delete {many}
        </Button>
      </div>
    </>
  );
}

/** The people of these faces, those with most of them first. */
function peopleOf(
  data: MapData,
  chosen: ReadonlySet<number>,
): { readonly person: MapPerson; readonly count: number }[] {
  const counts = new Map<number, number>();
  for (const face of chosen) counts.set(data.persons[face]!, (counts.get(data.persons[face]!) ?? 0) + 1);
  return [...counts]
    .map(([id, count]) => ({ person: data.people.get(id)!, count }))
    .sort((a, b) => b.count - a.count || a.person.id - b.person.id);
}
