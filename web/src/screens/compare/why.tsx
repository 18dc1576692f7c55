import "./why.css";
import { param, setParams } from "../../address.ts";
import { Button } from "../../parts/button.tsx";
import { Failure, Waiting } from "../../parts/failure.tsx";
import type { SeenFace } from "../../pictures/taken-picture.ts";
import { ask, type ClientAnswer } from "../../service.ts";
import { useAnswer } from "../../use-answer.ts";
import { cosineText } from "../../words.ts";

type Occlusion = ClientAnswer<"occlusion">;

/** The parts of both faces that made the score what it is: it is asked for, because it takes a hundred looks. */
export function Why({ faces: [a, b] }: { readonly faces: readonly [SeenFace, SeenFace] }) {
  const wanted = param("why") !== undefined;
  return (
    <div class="wide why">
      <Button icon="eye" aria-expanded={wanted} onClick={() => setParams({ why: wanted ? undefined : "1" })}>
        Why?
      </Button>
      {wanted && <Maps a={a} b={b} />}
    </div>
  );
}

function Maps({ a, b }: { readonly a: SeenFace; readonly b: SeenFace }) {
  const answer = useAnswer(
    async (signal) =>
      await Promise.all(
        [
          { crop: a.crop!, vector: b.embedding },
          { crop: b.crop!, vector: a.embedding },
        ].map(async (input) => await ask("occlusion", input, { signal })),
      ),
    [a, b],
  );
  const state = answer.value;
  if (state.kind === "failed") return <Failure thrown={state.thrown} again={state.again} />;
  if (state.kind === "asking") return <Waiting for="Covering both faces, patch by patch …" />;
  const most = Math.max(...state.value.flatMap(({ changes }) => changes.map(Math.abs)), 1e-6);
  return (
    <>
      <div class="crops">
        {state.value.map((map, i) => (
          <Heat key={i} map={map} most={most} face={i === 0 ? a : b} name={i === 0 ? "First" : "Second"} />
        ))}
      </div>
      <p class="soft small">
        Patches of each face were covered in turn. <span class="alike">Round and green</span>: covered, the
        score falls, so this made the two alike. <span class="apart-from">Square and orange</span>: covered,
        it rises, so this set them apart. The strongest patch changes the cosine by{" "}
        {cosineText(strongest(state.value))}.
      </p>
    </>
  );
}

/** The largest change, with its sign. */
function strongest(maps: readonly Occlusion[]): number {
  return maps
    .flatMap(({ changes }) => changes)
    .reduce((most, change) => (Math.abs(change) > Math.abs(most) ? change : most), 0);
}

interface HeatProps {
  readonly map: Occlusion;
  /** The largest change of both maps, which is drawn strongest. */
  readonly most: number;
  readonly face: SeenFace;
  readonly name: string;
}

/** A crop with its patches: the stronger the mark, the more the score goes by it. */
function Heat({ map: { side, changes }, most, face, name }: HeatProps) {
  const lowest = changes.indexOf(Math.min(...changes));
  return (
    <div
      class="heat"
      role="img"
      aria-label={`${name} face. What makes the two alike most lies ${placeInWords(lowest, side)}: covered, the cosine changes by ${cosineText(changes[lowest]!)}.`}
    >
      <img src={`data:image/jpeg;base64,${face.crop}`} alt="" />
      <svg viewBox="0 0 1 1" aria-hidden="true">
        {changes.map((change, i) => {
          const x = 0.125 + (0.75 * (i % side)) / (side - 1);
          const y = 0.125 + (0.75 * Math.floor(i / side)) / (side - 1);
          const size = 0.052 * Math.sqrt(Math.abs(change) / most);
          return change < 0 ? (
            <circle key={i} cx={x} cy={y} r={size} />
          ) : (
            <rect
              key={i}
              x={x - size * 0.886}
              y={y - size * 0.886}
              width={size * 1.772}
              height={size * 1.772}
            />
          );
        })}
      </svg>
    </div>
  );
}

function placeInWords(at: number, side: number): string {
  const third = (value: number): number => Math.min(2, Math.floor((3 * value) / side));
  const row = ["at the top", "in the middle", "at the bottom"][third(Math.floor(at / side))]!;
  const column = ["left", "", "right"][third(at % side)]!;
  return column === "" ? row : `${row} ${column}`;
}
