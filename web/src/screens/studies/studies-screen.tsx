import "./studies.css";
import { useSignal } from "@preact/signals";
import { Button } from "../../parts/button.tsx";
import { Failure, Waiting } from "../../parts/failure.tsx";
import { ask, type ClientAnswer, gallery, key, sentenceOf } from "../../service.ts";
import { useAnswer } from "../../use-answer.ts";
import { StudyRow } from "./study-row.tsx";

type Kind = "study" | "evaluate";

const KINDS: Readonly<Record<Kind, readonly [name: string, about: string]>> = {
  study: ["A study", "who resembles whom, a map of the faces, and what the scores go by"],
  evaluate: ["An evaluation", "how well the model tells these people apart, with intervals"],
};

/** Studies and evaluations of folders of people: started, watched, opened. */
export function StudiesScreen() {
  const collection = gallery.value;
  const round = useSignal(0);
  const found = useAnswer(
    collection === undefined
      ? undefined
      : async (signal) => {
          const { jobs } = await ask("jobs", { collection, limit: 100 }, { signal });
          return jobs.filter(({ kind }) => kind === "study" || kind === "evaluate");
        },
    [collection, key.value, round.value],
  );
  const answer = found.value;
  const jobs = answer.kind === "there" ? answer.value : answer.kind === "asking" ? answer.before : undefined;
  return (
    <>
      <header>
        <div>
          <h1>Studies and evaluations</h1>
          <p class="soft">
            Of a folder with a folder of pictures for every person. Its pictures are read and never changed;
            the gallery is not touched.
          </p>
        </div>
      </header>
      {collection === undefined ? (
        <p>
          No gallery is served. <code>arcface serve --gallery sqlite:people.db --create</code> makes one.
        </p>
      ) : (
        <div class="studies">
          <Start collection={collection} started={() => round.value++} />
          <section class="stack" aria-labelledby="studies-so-far">
            <h2 id="studies-so-far">So far</h2>
            {answer.kind === "failed" && <Failure thrown={answer.thrown} again={answer.again} />}
            {!jobs && answer.kind === "asking" && <Waiting for="Looking for studies …" />}
            {jobs?.length === 0 && <p class="soft">Nothing was studied yet.</p>}
            <ul class="stack">
              {jobs?.map((job: ClientAnswer<"job">) => (
                <StudyRow key={job.job} collection={collection} first={job} />
              ))}
            </ul>
          </section>
        </div>
      )}
    </>
  );
}

function Start({ collection, started }: { readonly collection: string; readonly started: () => void }) {
  const kind = useSignal<Kind>("study");
  const folder = useSignal("");
  const busy = useSignal(false);
  const refused = useSignal<string | undefined>(undefined);
  const start = async (): Promise<void> => {
    busy.value = true;
    refused.value = undefined;
    try {
      const input = { collection, folder: folder.value.trim() };
      await (kind.value === "study" ? ask("studyJob", input) : ask("evaluateJob", input));
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
      onSubmit={(event) => {
        event.preventDefault();
        void start();
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
          value={folder.value}
          placeholder="people"
          autocomplete="off"
          spellcheck={false}
          aria-describedby="study-folder-note"
          onInput={({ currentTarget }) => {
            folder.value = currentTarget.value;
          }}
        />
      </label>
      <p class="soft small" id="study-folder-note">
        One that the service was started with by <code>--allow-folder</code>, or one in it; <code>.</code> is
        the first of them.
      </p>
      {refused.value !== undefined && (
        <p class="study-refused" role="alert">
          {refused.value}
        </p>
      )}
      <div>
        <Button type="submit" look="first" icon="studies" disabled={busy.value || folder.value.trim() === ""}>
          Start
        </Button>
      </div>
    </form>
  );
}
