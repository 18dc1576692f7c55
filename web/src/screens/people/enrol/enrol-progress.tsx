import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Button } from "../../../parts/button.tsx";
import { Icon } from "../../../parts/icon.tsx";
import { Link } from "../../../parts/link.tsx";
import { tell, tellFailure } from "../../../parts/toasts.tsx";
import { VirtualGrid } from "../../../parts/virtual-grid.tsx";
import { reasonInWords } from "../../../refusal-words.ts";
import { sentenceOf } from "../../../service.ts";
import { counted, sentence } from "../../../words.ts";
import { peoplePath } from "../paths.ts";
import { DrawBox, type DrawnBox } from "./draw-box.tsx";
import type { EnrolledPicture, Enrolment } from "./enrolment.ts";

interface EnrolProgressProps {
  readonly running: Enrolment;
  readonly onMore: () => void;
}

/** The progress, and every picture that was not taken with the reason. */
export function EnrolProgress({ running, onMore }: EnrolProgressProps) {
  const { waiting, unsent, enrolled, known, rejected, failed } = running.counts.value;
  const isRunning = running.isRunning.value;
  const undoing = useSignal(false);
  const total = running.pictures.length;
  const refused = running.refused.value;
  useEffect(() => {
    if (!isRunning) return;
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [isRunning]);
  const words = [
    `${counted(enrolled, "face")} added`,
    known > 0 && `${known.toLocaleString("en")} there already`,
    rejected + failed > 0 && `${(rejected + failed).toLocaleString("en")} not taken`,
    unsent > 0 && `${unsent.toLocaleString("en")} could not be sent`,
    waiting > 0 && `${waiting.toLocaleString("en")} ${isRunning ? "to go" : "not sent"}`,
  ].filter(Boolean);
  return (
    <div class="stack">
      <section class="sheet stack" aria-busy={isRunning}>
        <progress max={total} value={total - waiting} aria-label="Pictures that are done" />
        <p role="status">{words.join(", ")}.</p>
        {running.waitsSeconds.value !== undefined && (
          <p class="soft">
            The service has too much to do; it is asked again in{" "}
            {counted(running.waitsSeconds.value, "second")}.
          </p>
        )}
        <div class="row">
          {isRunning && (
            <Button icon="close" onClick={() => running.cancel()}>
              Stop
            </Button>
          )}
          {!isRunning && waiting > 0 && (
            <Button look="first" onClick={() => void running.run()}>
              {enrolled + known + rejected + failed + unsent > 0 ? "Go on" : "Add them"}
            </Button>
          )}
          {!isRunning && unsent > 0 && (
            <Button look="first" onClick={() => void running.retry()}>
              Try {counted(unsent, "picture")} again
            </Button>
          )}
          {!isRunning && enrolled > 0 && (
            <Button
              icon="undo"
              disabled={undoing.value}
              onClick={() => {
                undoing.value = true;
                running
                  .undo()
                  .then(() => tell("Taken back."), tellFailure)
                  .finally(() => {
                    undoing.value = false;
                  });
              }}
            >
              Take {enrolled === 1 ? "it" : `all ${enrolled.toLocaleString("en")}`} back
            </Button>
          )}
          {!isRunning && (
            <Button icon="folder" onClick={onMore}>
              Another folder
            </Button>
          )}
          {!isRunning && (
            <Link class="button" to={peoplePath(running.collection)}>
              To the people
            </Link>
          )}
        </div>
      </section>
      {refused.length > 0 && (
        <section class="stack" aria-labelledby="refused">
          <h2 id="refused">{counted(refused.length, "picture was", "pictures were")} not taken</h2>
          <VirtualGrid
            items={refused}
            keyOf={({ id }) => id}
            label="Pictures that were not taken, with the reasons"
            rowPx={172}
            leastPx={330}
            render={(picture) => <RefusedPicture running={running} picture={picture} />}
          />
        </section>
      )}
    </div>
  );
}

function RefusedPicture({
  running,
  picture,
}: {
  readonly running: Enrolment;
  readonly picture: EnrolledPicture;
}) {
  const url = useSignal<string | undefined>(undefined);
  const broken = useSignal(false);
  const drawing = useSignal(false);
  const busy = useSignal(false);
  const { state, person, name, file } = picture;
  useEffect(() => {
    const made = URL.createObjectURL(file);
    url.value = made;
    return () => URL.revokeObjectURL(made);
  }, [file]);
  const hasFace = state.kind === "rejected" && state.reasons.every(({ code }) => code !== "no-face");
  const take = async (box?: DrawnBox): Promise<void> => {
    drawing.value = false;
    busy.value = true;
    await running.take(picture, box && [box.x, box.y, box.width, box.height]);
    busy.value = false;
    if (picture.state.kind === "enrolled") tell(`1 face added to ${person}.`);
    else tell(`${name.split("/").at(-1)} was not taken. ${whyNot(picture)}`, { alarm: true });
  };
  return (
    <article class="refused" aria-label={name}>
      {url.value === undefined || broken.value ? (
        <span class="unshown">
          <Icon name="picture" size={32} />
        </span>
      ) : (
        <img
          src={url.value}
          alt=""
          decoding="async"
          onError={() => {
            // The service may read what this browser cannot show.
            broken.value = true;
          }}
        />
      )}
      <div>
        <h3>{person}</h3>
        <p class="soft small file" title={name}>
          {name.split("/").at(-1)}
        </p>
        <p class="small">{whyNot(picture)}</p>
        <div class="row">
          {hasFace && (
            <Button small disabled={busy.value} onClick={() => void take()}>
              Add it anyway
            </Button>
          )}
          {state.kind === "rejected" && url.value !== undefined && !broken.value && (
            <Button
              small
              disabled={busy.value}
              onClick={() => {
                drawing.value = true;
              }}
            >
              Draw a box
            </Button>
          )}
          {drawing.value && (
            <DrawBox
              name={name}
              url={url.value!}
              onBox={(box) => void take(box)}
              onClose={() => {
                drawing.value = false;
              }}
            />
          )}
        </div>
      </div>
    </article>
  );
}

function whyNot({ state }: EnrolledPicture): string {
  if (state.kind === "rejected") return `${sentence(state.reasons.map(reasonInWords).join("; "))}.`;
  if (state.kind === "failed") return `${sentence(state.error.message)}.`;
  return state.kind === "unsent" ? sentenceOf(state.thrown) : "";
}
