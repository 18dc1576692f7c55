import "./compare.css";
import { setParams } from "../../address.ts";
import { type ModelAndCurve, useModel } from "../../calibration.ts";
import { Button } from "../../parts/button.tsx";
import { ScoreChart } from "../../parts/score-chart.tsx";
import { Photo } from "../../pictures/photo.tsx";
import { Strip } from "../../pictures/strip.tsx";
import { DropPlace, TakePictures } from "../../pictures/take-pictures.tsx";
import { chosenFace } from "../../pictures/taken-picture.ts";
import { useAnswer } from "../../use-answer.ts";
import { PairTable } from "./pair-table.tsx";
import {
  addPictures,
  judgePairs,
  pairParams,
  pairs,
  removePicture,
  type Side,
  show,
  sides,
} from "./sides.ts";
import { Verdict } from "./verdict.tsx";

/** Two sides, each with pictures of somebody: is it one person? */
export function CompareScreen() {
  const model = useModel(undefined);
  const a = sides.a.value;
  const b = sides.b.value;
  const found = pairs.value;
  const judged = useAnswer(
    found.length === 0
      ? undefined
      : async (signal) =>
          await judgePairs(
            found.map(({ cosine }) => cosine),
            signal,
          ),
    [found],
  );
  const shown = found.findIndex((pair) => pair.a === a.shown && pair.b === b.shown);
  // Pasted pictures go where there is none yet.
  const pastesInto = a.pictures.length > 0 && b.pictures.length === 0 ? "b" : "a";
  return (
    <>
      <header>
        <div>
          <h1>Compare two faces</h1>
          <p class="soft">
            One person or two? Pictures stay in this tab; the service looks at them and keeps none.
          </p>
        </div>
      </header>
      <div class="compare-sides">
        <SideView side={a} title="First face" pastes={pastesInto === "a"} />
        <SideView side={b} title="Second face" pastes={pastesInto === "b"} />
      </div>
      {found.length === 0 && model.value.kind === "there" && <Scale {...model.value.value} />}
      {shown >= 0 && (
        <Verdict
          model={model.value}
          pair={found[shown]!}
          at={shown}
          others={found.filter((_, i) => i !== shown).map(({ cosine }) => cosine)}
          judged={judged.value}
          faces={[chosenFace(a.pictures[a.shown]!)!, chosenFace(b.pictures[b.shown]!)!]}
        />
      )}
      {found.length > 1 && (
        <PairTable
          a={a.pictures}
          b={b.pictures}
          pairs={found}
          shown={shown}
          judged={judged.value}
          onShow={(pair) => setParams(pairParams(pair.a, pair.b))}
        />
      )}
    </>
  );
}

/** The scale on which two pictures will be placed, while there are none. */
function Scale({ model, curve }: ModelAndCurve) {
  if (!curve)
    return (
      <p class="sheet scale">
        Nothing says what a cosine of {model} means, so there will be a number and no verdict.{" "}
        <code>arcface calibrate</code> measures it.
      </p>
    );
  return (
    <section class="sheet scale stack" aria-labelledby="scale">
      <div>
        <h2 id="scale">What a cosine means</h2>
        <p class="soft">
          Pictures of one person and of two, as {model} sees them, measured on {curve.protocol}. Your two
          pictures will be placed here.
        </p>
      </div>
      <ScoreChart curve={curve} />
    </section>
  );
}

interface SideProps {
  readonly side: Side;
  readonly title: string;
  readonly pastes: boolean;
}

function SideView({ side: { name, pictures, shown }, title, pastes }: SideProps) {
  const place = title.toLowerCase();
  const add = (files: readonly File[]): void => addPictures(name, files);
  const picture = pictures[shown];
  if (!picture)
    return (
      <section class="side" aria-label={title}>
        <TakePictures of={`the ${place}`} title={title} pastes={pastes} onPictures={add} />
      </section>
    );
  return (
    <DropPlace class="side sheet" onFiles={(files) => add([...files])}>
      <header>
        <h2>{title}</h2>
        <div class="row">
          <TakePictures of={`the ${place}`} more pastes={pastes} onPictures={add} />
          <Button
            icon="close"
            look="plain"
            small
            aria-label={`Take ${picture.name} away`}
            onClick={() => removePicture(name, picture)}
          />
        </div>
      </header>
      <Photo key={picture.id} picture={picture} onChoose={(face) => show(name, shown, face)} />
      <Strip
        of={`the ${place}`}
        pictures={pictures}
        shown={shown}
        onShow={(i) => show(name, i, pictures[i]!.chosen.value)}
      />
    </DropPlace>
  );
}
