import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { cosineText, counted } from "../../words.ts";
import { cssColour, personColour } from "./colours.ts";
import { isDark } from "./is-dark.ts";
import type { MapData, MapPerson } from "./map-data.ts";

/** People shown at first, and added at a time. */
const ROWS = 100;

interface PeopleListProps {
  readonly data: MapData;
  readonly choose: (person: MapPerson) => void;
}

/** Everybody on the map: the same as it shows, for those who do not look at it. */
export function PeopleList({ data, choose }: PeopleListProps) {
  const wanted = useSignal("");
  const order = useSignal<"weakest" | "faces" | "name">(data.links.length > 0 ? "weakest" : "faces");
  const rows = useSignal(ROWS);
  const needle = wanted.value.trim().toLocaleLowerCase();
  // Ten thousand names take a while to put in order.
  const found = useMemo(
    () =>
      [...data.people.values()]
        .filter(({ name }) => name.toLocaleLowerCase().includes(needle))
        .sort(ORDERS[order.value]),
    [data, needle, order.value],
  );
  return (
    <>
      <h2>
        {counted(data.people.size, "person", "people")}, {counted(data.faces.length, "face")}
      </h2>
      <div class="map-find">
        <label class="field">
          <span class="small soft">Find a person</span>
          <input
            type="search"
            value={wanted.value}
            onInput={({ currentTarget }) => {
              wanted.value = currentTarget.value;
              rows.value = ROWS;
            }}
          />
        </label>
        <label class="field">
          <span class="small soft">First</span>
          <select
            class="choice"
            value={order.value}
            onChange={({ currentTarget }) => {
              order.value = currentTarget.value as keyof typeof ORDERS;
            }}
          >
            {data.links.length > 0 && <option value="weakest">the weakest link</option>}
            <option value="faces">most faces</option>
            <option value="name">A to Z</option>
          </select>
        </label>
      </div>
      {found.length === 0 && <p class="soft">Nobody on the map is called that.</p>}
      <ul class="map-people">
        {found.slice(0, rows.value).map((person) => (
          <li key={person.id}>
            <button type="button" onClick={() => choose(person)}>
              <i
                aria-hidden="true"
                style={{ background: cssColour(personColour(person.rank, isDark.value)) }}
              />
              <span class="name">{person.name}</span>
              <span class="soft small">{counted(person.faces.length, "face")}</span>
              {person.weakest !== undefined && (
                <span class="weak small" title="Lowest cosine of two of these faces, below the threshold">
                  {cosineText(person.weakest)}
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
      {found.length > rows.value && (
        <button
          type="button"
          class="button usual small"
          onClick={() => {
            rows.value += ROWS;
          }}
        >
          {counted(found.length - rows.value, "more person", "more people")}
        </button>
      )}
    </>
  );
}

const { compare } = new Intl.Collator("en");
const byName = (a: MapPerson, b: MapPerson): number => compare(a.name, b.name);
const ORDERS = {
  weakest: (a: MapPerson, b: MapPerson): number => (a.weakest ?? 2) - (b.weakest ?? 2) || byName(a, b),
  faces: (a: MapPerson, b: MapPerson): number => b.faces.length - a.faces.length || byName(a, b),
  name: byName,
} as const;
