import "./map.css";
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { param, setParams } from "../../address.ts";
import { momentText } from "../../jobs.ts";
import { Button } from "../../parts/button.tsx";
import { Failure, Waiting } from "../../parts/failure.tsx";
import { Link } from "../../parts/link.tsx";
import { tellFailure } from "../../parts/toasts.tsx";
import { ask, type ClientAnswer, gallery, key } from "../../service.ts";
import { useAnswer } from "../../use-answer.ts";
import { loadMap, mapsOf } from "./map-data.ts";
import { MapView } from "./map-view.tsx";

/** The gallery's faces in the plane: alike ones lie near each other. */
export function MapScreen() {
  const collection = gallery.value;
  const rounds = useSignal(0);
  const maps = useAnswer(
    collection === undefined ? undefined : async (signal) => await mapsOf(collection, signal),
    [collection, key.value, rounds.value],
  );
  const begun = useSignal<ClientAnswer<"job"> | undefined>(undefined);
  const begin = async (): Promise<void> => {
    try {
      begun.value = await ask("mapJob", { collection: collection! });
    } catch (thrown) {
      tellFailure(thrown);
    }
  };
  if (collection === undefined)
    return (
      <>
        <Head />
        <p>
          No gallery is served. <code>arcface serve --gallery sqlite:people.db --create</code> makes one.
        </p>
      </>
    );
  const answer = maps.value;
  const found = answer.kind === "there" ? answer.value : answer.kind === "asking" ? answer.before : undefined;
  const wanted = Number(param("map") ?? 0);
  const drawing = begun.value ?? found?.find(({ state }) => state === "waiting" || state === "running");
  const shown = found?.find(({ job, state }) => state === "done" && (wanted === 0 || job === wanted));
  return (
    <>
      <Head>
        {shown && !drawing && (
          <div class="row">
            <span class="soft small">Drawn {momentText(shown.created)}</span>
            <Button icon="map" onClick={() => void begin()}>
              Draw anew
            </Button>
          </div>
        )}
      </Head>
      {drawing && (
        <Drawing
          key={drawing.job}
          collection={collection}
          job={drawing}
          done={(job) => {
            begun.value = undefined;
            setParams({ map: String(job), at: undefined, chosen: undefined }, { replace: true });
            rounds.value++;
          }}
          failed={() => {
            begun.value = undefined;
            rounds.value++;
          }}
        />
      )}
      {answer.kind === "failed" && <Failure thrown={answer.thrown} again={answer.again} />}
      {!found && answer.kind === "asking" && <Waiting for="Looking for the gallery's map …" />}
      {found && !shown && !drawing && (
        <div class="sheet stack map-none">
          <h2>{wanted === 0 ? "No map has been drawn yet" : "This map is not there any more"}</h2>
          <p class="soft">
            A map lays every face of the gallery into the plane by t-SNE, near those it resembles. It takes
            seconds for thousands of faces and some minutes for a hundred thousand, and goes on while you do
            something else.
          </p>
          <div>
            <Button look="first" icon="map" onClick={() => void begin()}>
              Draw the map
            </Button>
          </div>
        </div>
      )}
      {shown && <Shown key={`${collection} ${shown.job}`} collection={collection} job={shown.job} />}
    </>
  );
}

function Head({ children }: { readonly children?: ComponentChildren }) {
  return (
    <header>
      <div>
        <h1>Map</h1>
        <p class="soft">
          Faces that lie close look alike to the network, in so far as a plane can show it. Distances between
          groups mean nothing.
        </p>
      </div>
      {children}
    </header>
  );
}

interface DrawingProps {
  readonly collection: string;
  readonly job: ClientAnswer<"job">;
  readonly done: (job: number) => void;
  readonly failed: () => void;
}

/** A map while it is drawn. */
function Drawing({ collection, job: first, done, failed }: DrawingProps) {
  const job = useSignal(first);
  useEffect(() => {
    const gone = new AbortController();
    void (async () => {
      try {
        const { signal } = gone;
        for await (const each of await ask("jobEvents", { collection, job: first.job }, { signal }))
          job.value = each;
        if (job.value.state === "done") done(first.job);
        else {
          if (job.value.error) tellFailure(new Error(`The map was not drawn: ${job.value.error.message}.`));
          failed();
        }
      } catch (thrown) {
        if (!gone.signal.aborted) {
          tellFailure(thrown);
          failed();
        }
      }
    })();
    return () => gone.abort(new DOMException("not wanted any more", "AbortError"));
  }, [first.job]);
  const { done: step, total } = job.value;
  return (
    <div class="sheet row map-drawing" role="status">
      <progress aria-label="Drawing the map" {...(total > 0 && { value: step, max: total })} />
      <span>{total > 0 ? `Drawing: step ${step} of ${total}` : "The map waits for its turn …"}</span>
      <Button small onClick={() => void ask("cancelJob", { collection, job: first.job }).catch(tellFailure)}>
        Stop
      </Button>
    </div>
  );
}

function Shown({ collection, job }: { readonly collection: string; readonly job: number }) {
  const round = useSignal(0);
  const loaded = useAnswer(
    async (signal) => await loadMap(collection, job, signal),
    [collection, job, round.value],
  );
  const answer = loaded.value;
  if (answer.kind === "failed") return <Failure thrown={answer.thrown} again={answer.again} />;
  const data = answer.kind === "there" ? answer.value : answer.before;
  if (!data) return <Waiting for="Loading the map …" />;
  if (data.faces.length === 0)
    return (
      <p class="sheet">
        There is no face on this map: the gallery is empty, or somebody was forgotten since, which takes maps
        away. <Link to="/people">Bring in people</Link>, then draw it anew.
      </p>
    );
  return <MapView collection={collection} data={data} reload={() => round.value++} />;
}
