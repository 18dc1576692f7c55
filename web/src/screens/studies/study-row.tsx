import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { momentText } from "../../jobs.ts";
import { Button } from "../../parts/button.tsx";
import { tellFailure } from "../../parts/toasts.tsx";
import { ask, type ClientAnswer } from "../../service.ts";
import { folderOf } from "./started.ts";

interface StudyRowProps {
  readonly collection: string;
  readonly first: ClientAnswer<"job">;
}

/** A study as it goes, and the way to its page. */
export function StudyRow({ collection, first }: StudyRowProps) {
  const job = useSignal(first);
  const result = useSignal<{ readonly page?: string; readonly folder?: string } | undefined>(undefined);
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
        const { page, folder } = await ask("jobResult", { collection, job: first.job }, { signal });
        result.value = { ...(page !== undefined && { page }), ...(folder !== undefined && { folder }) };
      } catch (thrown) {
        if (!signal.aborted) tellFailure(thrown);
      }
    })();
    return () => gone.abort(new DOMException("not wanted any more", "AbortError"));
  }, [first.job]);
  const name = kind === "study" ? "Study" : "Evaluation";
  const folder = result.value?.folder ?? folderOf.get(`${collection} ${first.job}`);
  const whose = folder === undefined || folder === "." ? name : `${name} of ${folder}`;
  return (
    <li class="sheet study-row">
      <div>
        <h3>{whose}</h3>
        <p class="soft small">
          {momentText(created)} · number {first.job}
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
            aria-label={`Stop ${name.toLowerCase()} ${first.job}`}
            onClick={() => void ask("cancelJob", { collection, job: first.job }).catch(tellFailure)}
          >
            Stop
          </Button>
        </>
      )}
      {state === "cancelled" && <p class="soft">Stopped.</p>}
      {state === "failed" && <p class="study-refused">It failed: {error?.message}.</p>}
      {result.value?.page !== undefined && (
        <Button icon="external" onClick={() => void show(collection, first.job)}>
          Open the page
        </Button>
      )}
      {result.value && result.value.page === undefined && (
        <p class="soft study-refused">
          Its page is told to nobody any more: somebody was forgotten since, who may be on it.
        </p>
      )}
    </li>
  );
}

/** Opens a page in a tab of its own. */
async function show(collection: string, job: number): Promise<void> {
  // Made before anything is waited for, or a browser takes it for an advertisement.
  const tab = open("", "_blank");
  try {
    const { address } = await ask("openPage", { collection, job });
    if (!tab) throw new Error("This browser lets the page open no other tab.");
    tab.opener = null;
    tab.location.replace(address);
  } catch (thrown) {
    tab?.close();
    tellFailure(thrown);
  }
}
