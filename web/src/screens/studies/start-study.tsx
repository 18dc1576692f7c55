import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { Button } from "../../parts/button.tsx";
import { Failure, Waiting } from "../../parts/failure.tsx";
import { ask, key, sentenceOf } from "../../service.ts";
import { useAnswer } from "../../use-answer.ts";
import { folderOf } from "./started.ts";

type Kind = "study" | "evaluate";

const KINDS: Readonly<Record<Kind, readonly [name: string, about: string]>> = {
  study: ["A study", "who resembles whom, a map of the faces, and what the scores go by"],
  evaluate: ["An evaluation", "how well the model tells these people apart, with intervals"],
};

interface StartStudyProps {
  readonly collection: string;
  readonly started: () => void;
}

/** The wish for a study of a folder, where the service takes such wishes. */
export function StartStudy({ collection, started }: StartStudyProps) {
  const may = useAnswer(
    async (signal) => await ask("folders", { collection }, { signal }),
    [collection, key.value],
  );
  const answer = may.value;
  if (answer.kind === "failed")
    return (
      <div class="sheet">
        <Failure thrown={answer.thrown} again={answer.again} />
      </div>
    );
  const told = answer.kind === "there" ? answer.value : answer.before;
  if (!told) return <Waiting for="Looking for folders …" />;
  if (!told.studies)
    return (
      <div class="sheet stack">
        <h2>This service takes no studies</h2>
        <p class="soft">
          It needs folders that it may read and one for the pages:{" "}
          <code>arcface serve --gallery … --allow-folder people --studies pages</code>.{" "}
          <code>arcface open people/</code> has both.
        </p>
      </div>
    );
  return <Form collection={collection} folders={told.folders} started={started} />;
}

function Form({ collection, folders, started }: StartStudyProps & { readonly folders: readonly string[] }) {
  const kind = useSignal<Kind>("study");
  const folder = useSignal(folders.length === 1 ? folders[0]! : "");
  const busy = useSignal(false);
  const refused = useSignal<string | undefined>(undefined);
  const names = useId();
  const wanted = folder.value.trim();
  const start = async (): Promise<void> => {
    busy.value = true;
    refused.value = undefined;
    try {
      const input = { collection, folder: wanted };
      const { job } = await (kind.value === "study" ? ask("studyJob", input) : ask("evaluateJob", input));
      folderOf.set(`${collection} ${job}`, wanted);
      started();
    } catch (thrown) {
      refused.value = sentenceOf(thrown);
    } finally {
      busy.value = false;
    }
  };
  return (
    <form
      class="sheet stack"
      aria-label="Start one"
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted !== "") void start();
      }}
    >
      <fieldset class="study-kinds">
        <legend class="unseen">What is made</legend>
        {Object.entries(KINDS).map(([each, [name, about]]) => (
          <label key={each}>
            <input
              type="radio"
              name="kind"
              checked={kind.value === each}
              onChange={() => {
                kind.value = each as Kind;
              }}
            />
            <span>
              <b>{name}</b>
              <br />
              <span class="soft small">{about}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <label class="field">
        <span class="small">Folder</span>
        <input
          list={names}
          value={folder.value}
          placeholder={folders.find((name) => name !== ".") ?? "people"}
          autocomplete="off"
          spellcheck={false}
          aria-describedby={`${names}-note`}
          onInput={({ currentTarget }) => {
            folder.value = currentTarget.value;
          }}
        />
      </label>
      <datalist id={names}>
        {folders.map((name) => (
          <option key={name} value={name}>
            {name === "." ? "the folder that the service was given" : name}
          </option>
        ))}
      </datalist>
      <p class="soft small" id={`${names}-note`}>
        One that the service was given by <code>--allow-folder</code>, or one in it; <code>.</code> is the
        first of them.
      </p>
      {refused.value !== undefined && (
        <p class="study-refused" role="alert">
          {refused.value}
        </p>
      )}
      <div>
        <Button type="submit" look="first" icon="studies" disabled={busy.value || wanted === ""}>
          Start
        </Button>
      </div>
    </form>
  );
}
