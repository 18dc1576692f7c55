import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { ClientError } from "../../../../src/serve/client/index.ts";
import { go } from "../../address.ts";
import { useModel } from "../../calibration.ts";
import { Button } from "../../parts/button.tsx";
import { PersonPicture } from "../../parts/face-picture.tsx";
import { Failure, Waiting } from "../../parts/failure.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Link } from "../../parts/link.tsx";
import { tell } from "../../parts/toasts.tsx";
import { ask, collections } from "../../service.ts";
import { useAnswer } from "../../use-answer.ts";
import { cosineText, counted } from "../../words.ts";
import { act } from "./act.ts";
import { ChosenBar } from "./chosen-bar.tsx";
import type { Person } from "./everybody.ts";
import { ForgetDialog } from "./forget-dialog.tsx";
import { Gone } from "./gone.tsx";
import { MergeDialog } from "./merge-dialog.tsx";
import { addPath, peoplePath, personPath } from "./paths.ts";
import { PersonFaces } from "./person-faces.tsx";

interface PersonPageProps {
  readonly collection: string;
  readonly id: number;
  /** The gallery's latest change, by whoever. */
  readonly sequence: number;
}

/** One person: their faces, and everything that can be put right about them. */
export function PersonPage({ collection, id, sequence }: PersonPageProps) {
  const round = useSignal(0);
  const chosen = useSignal<ReadonlySet<number>>(new Set());
  const open = useSignal<"rename" | "merge" | "forget" | undefined>(undefined);
  const last = useRef<Person | undefined>(undefined);
  /** The name that this page itself gave. */
  const given = useRef<string | undefined>(undefined);
  /** True while chosen faces go somewhere by our own doing. */
  const isActing = useRef(false);
  const again = (): void => {
    round.value++;
  };
  const found = useAnswer(
    async (signal) => {
      const [person, { faces }] = await Promise.all([
        ask("person", { collection, person: id }, { signal }),
        ask("weakest", { collection, person: id }, { signal }),
      ]);
      return { person, faces };
    },
    [collection, id, sequence, round.value],
  ).value;
  const now = found.kind === "there" ? found.value : found.kind === "asking" ? found.before : undefined;
  const seen = useRef(now);
  seen.current = now ?? seen.current;
  // Whoever is being forgotten is shown until the receipt was read.
  const here = open.value === "forget" ? seen.current : now;
  const model = useModel(collection).value;
  const own = collections.value?.find(({ name }) => name === collection)?.threshold;
  const threshold = own ?? (model.kind === "there" ? model.value.curve?.threshold : undefined);

  useEffect(() => {
    if (!here) return;
    const before = last.current;
    last.current = here.person;
    document.title = `${here.person.name} · arcface`;
    if (before && before.name !== here.person.name && given.current !== here.person.name)
      tell(`Somebody else renamed ${before.name}: the name is ${here.person.name} now.`);
    const there = new Set(here.faces.map((face) => face.id));
    const stay = [...chosen.peek()].filter((face) => there.has(face));
    const lost = chosen.peek().size - stay.length;
    if (lost === 0) return;
    chosen.value = new Set(stay);
    if (open.peek() === undefined && !isActing.current)
      tell(`${counted(lost, "chosen face is", "chosen faces are")} not ${here.person.name}'s any more.`);
  }, [here]);

  if (
    !here &&
    found.kind === "failed" &&
    found.thrown instanceof ClientError &&
    [400, 404].includes(found.thrown.status)
  )
    return <Gone collection={collection} id={id} name={last.current?.name} again={again} />;
  if (!here && found.kind === "failed") return <Failure thrown={found.thrown} again={found.again} />;
  if (!here) return <Waiting for="Looking at their faces …" />;
  const { person, faces } = here;
  const weak = faces.filter(({ cosine }) => cosine !== null && threshold !== undefined && cosine < threshold);
  return (
    <>
      <header class="person-head">
        <PersonPicture collection={collection} person={person} />
        <div>
          <p class="small">
            <Link to={peoplePath(collection)}>Everybody</Link>
          </p>
          {open.value === "rename" ? (
            <Rename
              collection={collection}
              person={person}
              again={again}
              onGiven={(name) => {
                given.current = name;
              }}
              onClose={() => {
                open.value = undefined;
              }}
            />
          ) : (
            <h1>{person.name}</h1>
          )}
          <p class="soft">
            {counted(person.faces, "face")}
            {person.expires !== null &&
              `, forgotten after ${new Date(person.expires).toLocaleDateString("en")}`}
          </p>
        </div>
        <div class="row person-tools">
          <Link class="button" to={addPath(collection, person.name)}>
            <Icon name="plus" /> Add
          </Link>
          <Button
            icon="edit"
            onClick={() => {
              open.value = "rename";
            }}
          >
            Rename
          </Button>
          <Button
            icon="merge"
            onClick={() => {
              open.value = "merge";
            }}
          >
            Merge
          </Button>
          <Button
            icon="trash"
            onClick={() => {
              void act({
                collection,
                done: `${person.name} was deleted, with ${counted(person.faces, "face")}.`,
                how: async () => await ask("deletePerson", { collection, person: id }),
                again: () => undefined,
              }).then((went) => {
                if (went) go(peoplePath(collection));
                else again();
              });
            }}
          >
            Delete
          </Button>
          <Button
            look="plain"
            onClick={() => {
              open.value = "forget";
            }}
          >
            Forget …
          </Button>
        </div>
      </header>
      {faces.length > 0 && (
        <p class="soft small links-words">
          The weakest link first. The number under a face is the mean of its cosines with{" "}
          {faces.length === 2 ? "the other" : "the others"}
          {threshold !== undefined &&
            `; two faces count as one person's from ${cosineText(threshold)}. ${
              weak.length === 0
                ? "None is below it."
                : `${counted(weak.length, "face is", "faces are")} below it: look whether they are theirs.`
            }`}
          {faces.length < person.faces && ` Shown are the first ${faces.length} of ${person.faces}.`}
        </p>
      )}
      {faces.length === 0 && <p class="sheet">No faces are kept of {person.name}.</p>}
      <PersonFaces
        collection={collection}
        name={person.name}
        faces={faces}
        threshold={threshold}
        chosen={chosen.value}
        choose={(next) => {
          chosen.value = next;
        }}
      />
      {chosen.value.size > 0 && (
        <ChosenBar
          collection={collection}
          person={person}
          chosen={chosen.value}
          letGo={() => {
            chosen.value = new Set();
          }}
          begin={() => {
            isActing.current = true;
          }}
          again={() => {
            isActing.current = false;
            again();
          }}
        />
      )}
      {open.value === "merge" && (
        <MergeDialog
          collection={collection}
          person={person}
          again={again}
          onMerged={(kept) => go(personPath(collection, kept.id), { replace: true })}
          onClose={() => {
            open.value = undefined;
          }}
        />
      )}
      {open.value === "forget" && (
        <ForgetDialog
          collection={collection}
          person={person}
          onClose={(forgotten) => {
            open.value = undefined;
            if (forgotten) go(peoplePath(collection), { replace: true });
          }}
        />
      )}
    </>
  );
}

interface RenameProps {
  readonly collection: string;
  readonly person: Person;
  readonly again: () => void;
  readonly onGiven: (name: string) => void;
  readonly onClose: () => void;
}

function Rename({ collection, person, again, onGiven, onClose }: RenameProps) {
  const field = useRef<HTMLInputElement>(null);
  const name = useSignal(person.name);
  useEffect(() => field.current!.select(), []);
  const rename = async (): Promise<void> => {
    const wanted = name.value.trim();
    if (wanted === "" || wanted === person.name) return onClose();
    onGiven(wanted);
    const went = await act({
      collection,
      done: `${person.name} is called ${wanted} now.`,
      how: async () => {
        const now = await ask("person", { collection, person: person.id });
        if (now.name !== person.name) throw new Error(`Somebody else called them ${now.name} meanwhile.`);
        return await ask("changePerson", { collection, person: person.id, name: wanted });
      },
      again,
      refused: ({ status }) =>
        status === 409
          ? `Somebody here is called ${wanted} already. Merge the two, or choose another name.`
          : undefined,
    });
    if (went) onClose();
  };
  return (
    <form
      class="row rename"
      onSubmit={(event) => {
        event.preventDefault();
        void rename();
      }}
      onKeyDown={({ key }) => {
        if (key === "Escape") onClose();
      }}
    >
      <h1 class="unseen">{person.name}</h1>
      <label class="field">
        <span class="unseen">Name of {person.name}</span>
        <input
          ref={field}
          value={name.value}
          autocomplete="off"
          onInput={({ currentTarget: { value } }) => {
            name.value = value;
          }}
        />
      </label>
      <Button type="submit" look="first">
        Rename
      </Button>
      <Button look="plain" onClick={onClose}>
        Cancel
      </Button>
    </form>
  );
}
