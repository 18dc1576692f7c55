import "./questions.css";
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { useChanges } from "../../changes.ts";
import { Button } from "../../parts/button.tsx";
import { FacePicture } from "../../parts/face-picture.tsx";
import { Failure, Waiting } from "../../parts/failure.tsx";
import { tell, tellFailure } from "../../parts/toasts.tsx";
import { ask, type ClientAnswer, collections, gallery } from "../../service.ts";
import { useAnswer } from "../../use-answer.ts";
import { cosineText, counted, percentText } from "../../words.ts";

type Question = ClientAnswer<"questions">["questions"][number];
type Said = { readonly kind: "same" | "different" } | { readonly kind: "no-face"; readonly side: 0 | 1 };

/** Questions that are asked for at once: as many may be skipped before others are needed. */
const AT_ONCE = 200;

/** An answer's key on the keyboard. */
const KEYS: Readonly<Record<string, Said | "skip" | "undo">> = {
  s: { kind: "same" },
  d: { kind: "different" },
  1: { kind: "no-face", side: 0 },
  2: { kind: "no-face", side: 1 },
  k: "skip",
  u: "undo",
};

const nameOf = ({ kind, faces }: Question): string => `${kind} ${faces.join(" ")}`;

/** One question at a time about the gallery's people; a key answers it. */
export function QuestionsScreen() {
  const collection = gallery.value;
  const round = useSignal(0);
  const skipped = useSignal<ReadonlySet<string>>(new Set());
  const given = useSignal<readonly number[]>([]);
  const isAnswering = useSignal(false);
  const own = useRef(0);
  const answer = useAnswer(
    collection === undefined
      ? undefined
      : async (signal) => await ask("questions", { collection, limit: AT_ONCE }, { signal }),
    [collection, round.value],
  );
  useChanges(collection, (sequence) => {
    if (sequence > own.current) round.value++;
  });
  const state = answer.value;
  const here = state.kind === "there" ? state.value : state.kind === "asking" ? state.before : undefined;
  const question = here?.questions.find((each) => !skipped.value.has(nameOf(each)));
  const busy = isAnswering.value || state.kind === "asking";

  const undo = async (): Promise<void> => {
    const sequence = given.value.at(-1);
    if (collection === undefined || sequence === undefined || isAnswering.value) return;
    isAnswering.value = true;
    try {
      own.current = (await ask("undo", { collection, sequence })).sequence;
      given.value = given.value.slice(0, -1);
      tell("Taken back.");
    } catch (thrown) {
      tellFailure(thrown);
    }
    isAnswering.value = false;
    round.value++;
  };

  const say = async (said: Said): Promise<void> => {
    if (collection === undefined || !question || busy) return;
    isAnswering.value = true;
    const { faces, leaving } = question;
    try {
      const { sequence } = await ask(
        "answer",
        said.kind === "no-face"
          ? { collection, kind: "no-face", faces: [faces[said.side]!] }
          : {
              collection,
              kind: said.kind,
              faces,
              ...(said.kind === "different" && leaving ? { leaving: leaving } : {}),
            },
      );
      if (sequence > 0) {
        own.current = sequence;
        given.value = [...given.value, sequence];
      }
    } catch (thrown) {
      // Somebody else said the contrary meanwhile, in the service's own words.
      tellFailure(thrown);
    }
    isAnswering.value = false;
    round.value++;
  };

  const act = (what: Said | "skip" | "undo"): void => {
    if (what === "undo") void undo();
    else if (what !== "skip") void say(what);
    else if (question) skipped.value = new Set([...skipped.value, nameOf(question)]);
  };

  useEffect(() => {
    const typed = (event: KeyboardEvent): void => {
      const { target, key, altKey, ctrlKey, metaKey } = event;
      if (altKey || ctrlKey || metaKey || event.repeat) return;
      if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) return;
      if (document.querySelector("dialog[open]")) return;
      const what = KEYS[key.toLowerCase()];
      if (!what) return;
      event.preventDefault();
      act(what);
    };
    addEventListener("keydown", typed);
    return () => removeEventListener("keydown", typed);
  });

  return (
    <>
      <header>
        <div>
          <h1>One question at a time</h1>
          <p class="soft">
            The answer that puts most right is asked for first. Answers are kept, and can be taken back.
          </p>
        </div>
        <Button
          icon="undo"
          disabled={given.value.length === 0}
          aria-keyshortcuts="u"
          onClick={() => act("undo")}
        >
          Undo <kbd class="key">U</kbd>
        </Button>
      </header>
      {collections.value?.length === 0 && (
        <p class="sheet">
          This service has no gallery to ask about. It is started with one by{" "}
          <code>arcface serve --gallery sqlite:people.db --create</code>.
        </p>
      )}
      {state.kind === "failed" && <Failure thrown={state.thrown} again={state.again} />}
      {collection !== undefined && !here && state.kind === "asking" && (
        <Waiting for="Looking at everybody…" />
      )}
      {collection !== undefined && question && (
        <section class="question sheet" aria-busy={busy} aria-labelledby="asked">
          <h2 id="asked" aria-live="polite">
            {wording(question)}
          </h2>
          <div class="sides">
            {question.sides.map((side, i) => (
              <Side
                key={`${nameOf(question)} ${i}`}
                collection={collection}
                side={side}
                shown={question.faces[i]!}
                part={question.kind === "split"}
              />
            ))}
          </div>
          <div class="answers">
            <Button icon="check" look="first" aria-keyshortcuts="s" onClick={() => act({ kind: "same" })}>
              Same person <kbd class="key">S</kbd>
            </Button>
            <Button icon="compare" aria-keyshortcuts="d" onClick={() => act({ kind: "different" })}>
              Different <kbd class="key">D</kbd>
            </Button>
            <Button look="plain" aria-keyshortcuts="k" onClick={() => act("skip")}>
              Skip <kbd class="key">K</kbd>
            </Button>
            <Button look="plain" aria-keyshortcuts="1" onClick={() => act({ kind: "no-face", side: 0 })}>
              First is no face <kbd class="key">1</kbd>
            </Button>
            <Button look="plain" aria-keyshortcuts="2" onClick={() => act({ kind: "no-face", side: 1 })}>
              Second is no face <kbd class="key">2</kbd>
            </Button>
          </div>
          <p class="soft small">
            Mean cosine {cosineText(question.cosine)}. Guessed at {percentText(question.likelihood)} to be one
            person, by that and by the answers so far; no calibration stands behind it. The answer settles{" "}
            {counted(question.pairs, "pair")} of faces.
          </p>
        </section>
      )}
      {collection !== undefined && here && !question && (
        <div class="sheet stack">
          <p>
            {skipped.value.size > 0
              ? `Nothing else to ask; ${counted(skipped.value.size, "question")} skipped.`
              : "Nothing to ask: no two people here are alike enough, and nobody's faces fall in two."}
          </p>
          {skipped.value.size > 0 && (
            <p>
              <Button
                onClick={() => {
                  skipped.value = new Set();
                }}
              >
                Ask the skipped ones again
              </Button>
            </p>
          )}
        </div>
      )}
      {given.value.length > 0 && (
        <p class="soft small given">
          {counted(given.value.length, "answer")} given since this page was opened.
        </p>
      )}
    </>
  );
}

function wording({ kind, sides }: Question): string {
  const [one, other] = sides as [Question["sides"][number], Question["sides"][number]];
  if (kind === "split") return `Are these faces of ${one.person.name} all one person's?`;
  if (kind === "merge") return "Are these two people one?";
  return `Is this ${(one.unknown ? other : one).person.name}?`;
}

/** Faces of one side: the one that is asked about large, some others small. */
function Side({
  collection,
  side: { person, faces, count },
  shown,
  part,
}: {
  readonly collection: string;
  readonly side: Question["sides"][number];
  readonly shown: number;
  readonly part: boolean;
}) {
  const others = faces.filter((face) => face !== shown).slice(0, 6);
  return (
    <div class="side">
      <FacePicture collection={collection} face={shown} alt={`A face of ${person.name}`} />
      <h3>{person.name}</h3>
      <p class="soft small">
        {part ? `${counted(count, "face")} of ${person.faces}` : counted(count, "face")}
      </p>
      <div class="others">
        {others.map((face) => (
          <FacePicture key={face} collection={collection} face={face} />
        ))}
      </div>
    </div>
  );
}
