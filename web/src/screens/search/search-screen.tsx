import "./search.css";
import { go, param, setParams } from "../../address.ts";
import { Button } from "../../parts/button.tsx";
import { Failure, Waiting } from "../../parts/failure.tsx";
import { Photo } from "../../pictures/photo.tsx";
import { Strip } from "../../pictures/strip.tsx";
import { DropPlace, TakePictures } from "../../pictures/take-pictures.tsx";
import type { TakenPicture } from "../../pictures/taken-picture.ts";
import { ask, type ClientAnswer, collections, gallery } from "../../service.ts";
import { useAnswer } from "../../use-answer.ts";
import { counted } from "../../words.ts";
import { beginWith } from "../compare/sides.ts";
import { PeopleHits, PictureHits } from "./hits.tsx";
import { KeepThem } from "./keep-them.tsx";
import { addPictures, faces, query, removePicture, show } from "./query.ts";
import { WhoItIs } from "./who-it-is.tsx";

/** People and pictures that are told. */
const PEOPLE = 20;
const PICTURES = 60;

/** Somebody's pictures against a gallery: who is it, and where else are they? */
export function SearchScreen() {
  const { pictures, shown } = query.value;
  const collection = gallery.value;
  const found = faces.value;
  const answer = useAnswer(
    collection === undefined || found.length === 0
      ? undefined
      : async (signal) => {
          const vectors = found.map(({ embedding }) => embedding);
          return await ask("who", { collection, vectors, k: PEOPLE, nearest: PICTURES }, { signal });
        },
    [found, collection],
  );
  const served = collections.value;
  const state = answer.value;
  const here = state.kind === "there" ? state.value : state.kind === "asking" ? state.before : undefined;
  const picture = pictures[shown];
  const size = served?.find(({ name }) => name === collection);
  return (
    <>
      <header>
        <div>
          <h1>Search for a face</h1>
          <p class="soft">
            {size
              ? `Who is it, among ${counted(size.people, "person", "people")} with ${counted(size.faces, "face")}?`
              : "Who is it, and where else are they?"}
          </p>
        </div>
      </header>
      {served?.length === 0 && (
        <p class="sheet">
          This service has no gallery to search. It is started with one by{" "}
          <code>arcface serve --gallery sqlite:people.db --create</code>.
        </p>
      )}
      {collection !== undefined && (
        <div class="search">
          {picture ? (
            <DropPlace class="side sheet asked" onFiles={(files) => addPictures([...files])}>
              <header>
                <h2>Who is this?</h2>
                <Button
                  icon="close"
                  look="plain"
                  small
                  aria-label={`Take ${picture.name} away`}
                  onClick={() => removePicture(picture)}
                />
              </header>
              <Photo key={picture.id} picture={picture} onChoose={(face) => show(shown, face)} />
              <Strip
                of="the person who is looked for"
                pictures={pictures}
                shown={shown}
                onShow={(i) => show(i, pictures[i]!.chosen.value)}
              />
              <p class="soft small">Another picture of the same person makes the answer surer.</p>
              <div class="row">
                <TakePictures of="the person who is looked for" more pastes onPictures={addPictures} />
                <Button icon="compare" small onClick={() => compareWith(pictures, shown)}>
                  Compare with another
                </Button>
              </div>
            </DropPlace>
          ) : (
            <TakePictures
              of="the person who is looked for"
              title="Who is this?"
              words="Drop a picture here, or paste it."
              pastes
              onPictures={addPictures}
            />
          )}
          <section class="results" aria-label="Who it is" aria-live="polite">
            {state.kind === "failed" && <Failure thrown={state.thrown} again={state.again} />}
            {found.length > 0 && !here && state.kind === "asking" && <Waiting for="Searching …" />}
            {here && found.length > 0 && (
              <Found answer={here} collection={collection} pictures={pictures.map(({ file }) => file)} />
            )}
          </section>
        </div>
      )}
    </>
  );
}

/** Takes the pictures over to where two are compared, with the face that is chosen. */
function compareWith(pictures: readonly TakenPicture[], shown: number): void {
  beginWith(pictures);
  const served = gallery.value === undefined ? "" : `&gallery=${encodeURIComponent(gallery.value)}`;
  go(`/compare?a=${shown}.${pictures[shown]!.chosen.value}${served}`);
}

interface FoundProps {
  readonly answer: ClientAnswer<"who">;
  readonly collection: string;
  readonly pictures: readonly Blob[];
}

function Found({ answer, collection, pictures }: FoundProps) {
  const { who } = answer;
  const byPictures = param("show") === "pictures";
  const tab = (name: string, value: string | undefined) => (
    <button
      type="button"
      aria-pressed={byPictures === (value !== undefined)}
      onClick={() => setParams({ show: value })}
    >
      {name}
    </button>
  );
  return (
    <>
      <div class="sheet stack">
        <WhoItIs who={who} collection={collection} faces={faces.value} />
        <KeepThem who={who} collection={collection} pictures={pictures} />
      </div>
      {who.candidates.length > 0 && (
        <div class="sheet stack">
          <div class="tabs" role="group" aria-label="Show">
            {tab("People", undefined)}
            {tab("Pictures", "pictures")}
          </div>
          {byPictures ? (
            <PictureHits collection={collection} pictures={answer.pictures} threshold={who.threshold} />
          ) : (
            <PeopleHits collection={collection} candidates={who.candidates} threshold={who.threshold} />
          )}
        </div>
      )}
    </>
  );
}
