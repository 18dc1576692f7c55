import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Button } from "../../parts/button.tsx";
import { Icon } from "../../parts/icon.tsx";
import { tellFailure } from "../../parts/toasts.tsx";
import { ask, type ClientAnswer } from "../../service.ts";

interface StudyRowProps {
  readonly collection: string;
  readonly first: ClientAnswer<"job">;
}

/** A study as it goes, and the way to its page. */
export function StudyRow({ collection, first }: StudyRowProps) {
  const job = useSignal(first);
  const folder = useSignal<string | undefined>(undefined);
  const address = useSignal<string | undefined>(undefined);
  const { state, done, total, error, kind, created } = job.value;
  const open = state === "waiting" || state === "running";
  useEffect(() => {
    const gone = new AbortController();
    const { signal } = gone;
    void (async () => {
      try {
        if (open)
          for await (const each of await ask("jobEvents", { collection, job: first.job }, { signal }))
            job.value = each;
        if (job.value.state !== "done") return;
        folder.value = (await ask("jobResult", { collection, job: first.job }, { signal })).folder;
        address.value = (await ask("openPage", { collection, job: first.job }, { signal })).address;
      } catch (thrown) {
        if (!signal.aborted) tellFailure(thrown);
      }
    })();
    return () => gone.abort(new DOMException("not wanted any more", "AbortError"));
  }, [first.job]);
  const name = kind === "study" ? "Study" : "Evaluation";
  return (
    <li class="sheet study-row">
      <div>
        <h3>
          {name}
          {folder.value !== undefined && ` of ${folder.value}`}
        </h3>
        <p class="soft small">
          {new Date(created).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" })} · number{" "}
          {first.job}
        </p>
      </div>
      {open && (
        <>
          <p class="row study-progress" role="status">
            <progress aria-label={`${name} ${first.job}`} {...(total > 0 && { value: done, max: total })} />
            {state === "waiting" ? "waits for its turn" : total > 0 ? `${done} of ${total}` : "has begun"}
          </p>
          <Button
            small
            onClick={() => void ask("cancelJob", { collection, job: first.job }).catch(tellFailure)}
          >
            Stop
          </Button>
        </>
      )}
      {state === "cancelled" && <p class="soft">Stopped.</p>}
      {state === "failed" && <p class="study-refused">It failed: {error?.message}.</p>}
      {address.value !== undefined && (
        <a class="button usual" href={address.value} target="_blank" rel="noopener">
          <Icon name="external" /> Open the page
        </a>
      )}
    </li>
  );
}
