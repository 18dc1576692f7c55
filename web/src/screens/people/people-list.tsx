import { useMemo } from "preact/hooks";
import { param, setParams } from "../../address.ts";
import { PersonPicture } from "../../parts/face-picture.tsx";
import { Failure, Waiting } from "../../parts/failure.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Link } from "../../parts/link.tsx";
import { VirtualGrid } from "../../parts/virtual-grid.tsx";
import { counted } from "../../words.ts";
import { everybody, failedEverybody, loadEverybody, type Person } from "./everybody.ts";
import { addPath, personPath } from "./paths.ts";

const { compare } = new Intl.Collator("en");
const byName = (a: Person, b: Person): number => compare(a.name, b.name);
const ORDERS = {
  name: byName,
  faces: (a: Person, b: Person): number => b.faces - a.faces || byName(a, b),
  newest: (a: Person, b: Person): number => b.id - a.id,
} as const;
type Order = keyof typeof ORDERS;

/** Everybody in the gallery, found by name. */
export function PeopleList({ collection }: { readonly collection: string }) {
  const all = everybody.value?.collection === collection ? everybody.value : undefined;
  const wanted = param("q") ?? "";
  const asked = param("order");
  const order: Order = asked !== undefined && Object.hasOwn(ORDERS, asked) ? (asked as Order) : "name";
  // Ten thousand names take a while to put in order.
  const sorted = useMemo(() => [...(all?.people.values() ?? [])].sort(ORDERS[order]), [all?.people, order]);
  const needle = wanted.trim().toLocaleLowerCase();
  const found = useMemo(
    () => (needle === "" ? sorted : sorted.filter(({ name }) => name.toLocaleLowerCase().includes(needle))),
    [sorted, needle],
  );
  const faces = sorted.reduce((sum, person) => sum + person.faces, 0);
  const isEmpty = all?.isWhole === true && sorted.length === 0;
  return (
    <>
      <header>
        <div>
          <h1>People</h1>
          <p class="soft">
            {all && !isEmpty && `${counted(sorted.length, "person", "people")}, ${counted(faces, "face")}`}
            {all && !all.isWhole && " so far …"}
          </p>
        </div>
        {!isEmpty && (
          <div class="row people-find">
            <label class="field">
              <span class="small soft">Find a person</span>
              <input
                type="search"
                value={wanted}
                autocomplete="off"
                onInput={({ currentTarget: { value } }) =>
                  setParams({ q: value === "" ? undefined : value }, { replace: true })
                }
              />
            </label>
            <label class="field">
              <span class="small soft">First</span>
              <select
                class="choice"
                value={order}
                onChange={({ currentTarget: { value } }) =>
                  setParams({ order: value === "name" ? undefined : value }, { replace: true })
                }
              >
                <option value="name">A to Z</option>
                <option value="faces">most faces</option>
                <option value="newest">newest</option>
              </select>
            </label>
            <Link class="button first" to={addPath(collection)}>
              <Icon name="plus" /> Add people
            </Link>
          </div>
        )}
      </header>
      {failedEverybody.value !== undefined && (
        <Failure
          thrown={failedEverybody.value}
          again={() => void loadEverybody(collection, new AbortController().signal)}
        />
      )}
      {!all && failedEverybody.value === undefined && <Waiting for="Looking who is here …" />}
      {isEmpty && <NobodyYet collection={collection} />}
      <p class="unseen" role="status">
        {needle !== "" && `${counted(found.length, "person", "people")} called so.`}
      </p>
      {needle !== "" && found.length === 0 && sorted.length > 0 && (
        <p class="soft">Nobody here is called that.</p>
      )}
      {found.length > 0 && (
        <VirtualGrid
          key={`${order} ${needle}`}
          items={found}
          keyOf={({ id }) => id}
          label="People. Arrow keys go from one to the next."
          rowPx={84}
          leastPx={288}
          render={(person, tabIndex) => (
            <Link class="person-card" to={personPath(collection, person.id)} tabIndex={tabIndex}>
              <PersonPicture collection={collection} person={person} />
              <span class="name">{person.name}</span>
              <span class="soft small">{counted(person.faces, "face")}</span>
            </Link>
          )}
        />
      )}
    </>
  );
}

function NobodyYet({ collection }: { readonly collection: string }) {
  return (
    <div class="sheet stack">
      <h2>Nobody is here yet</h2>
      <p>
        Add people from a folder with a folder of pictures for each of them, named after them; or{" "}
        <Link to="/search">search for a face</Link> and add whoever it is under a name. From a terminal,{" "}
        <code>arcface gallery enrol people/</code> does the same.
      </p>
      <p>
        <Link class="button first" to={addPath(collection)}>
          <Icon name="plus" /> Add people
        </Link>
      </p>
    </div>
  );
}
