import "./studies.css";
import { useSignal } from "@preact/signals";
import { jobsOf } from "../../jobs.ts";
import { Failure, Waiting } from "../../parts/failure.tsx";
import { gallery, key } from "../../service.ts";
import { useAnswer } from "../../use-answer.ts";
import { StartStudy } from "./start-study.tsx";
import { StudyRow } from "./study-row.tsx";

/** Studies and evaluations of folders of people: started, watched, opened. */
export function StudiesScreen() {
  const collection = gallery.value;
  const round = useSignal(0);
  const found = useAnswer(
    collection === undefined
      ? undefined
      : async (signal) => await jobsOf(collection, ["study", "evaluate"], signal),
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
            the gallery's people are not touched.
          </p>
        </div>
      </header>
      {collection === undefined ? (
        <p>
          No gallery is served. <code>arcface serve --gallery sqlite:people.db --create</code> makes one.
        </p>
      ) : (
        <div class="studies" key={collection}>
          <StartStudy collection={collection} started={() => round.value++} />
          <section class="stack" aria-labelledby="studies-so-far">
            <h2 id="studies-so-far">So far</h2>
            {answer.kind === "failed" && <Failure thrown={answer.thrown} again={answer.again} />}
            {!jobs && answer.kind === "asking" && <Waiting for="Looking for studies …" />}
            {jobs?.length === 0 && <p class="soft">Nothing was studied yet.</p>}
            <ul class="stack">
              {jobs?.map((job) => (
                <StudyRow key={job.job} collection={collection} first={job} />
              ))}
            </ul>
          </section>
        </div>
      )}
    </>
  );
}
