import "./photo.css";
import { useSignal } from "@preact/signals";
import { Failure, Waiting } from "../parts/failure.tsx";
import type { TakenPicture } from "./taken-picture.ts";

interface PhotoProps {
  readonly picture: TakenPicture;
  /** Another face is to count. */
  readonly onChoose: (face: number) => void;
}

/** A picture with its faces, one of which counts; the others are a click, or an arrow key, away. */
export function Photo({ picture, onChoose }: PhotoProps) {
  const look = picture.look.value;
  const natural = useSignal<number | undefined>(undefined);
  const broken = useSignal(false);
  const seen = look.kind === "seen" ? look : undefined;
  const ratio = seen ? seen.width / seen.height : (natural.value ?? 4 / 3);
  const faces = seen?.faces ?? [];
  const chosen = picture.chosen.value;
  return (
    <div class="stack">
      <div
        class={broken.value ? "photo unshown" : "photo"}
        style={{ "--ratio": String(ratio) }}
        role="group"
        aria-label={`${picture.name}: ${facesInWords(faces.length, look.kind === "seen")}`}
        onKeyDown={(event) => {
          const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
          if (step === undefined || faces.length < 2) return;
          event.preventDefault();
          const next = (chosen + step + faces.length) % faces.length;
          onChoose(next);
          event.currentTarget.querySelectorAll<HTMLElement>(".face")[next]?.focus();
        }}
      >
        <img
          src={picture.url}
          alt=""
          onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => {
            natural.value = naturalWidth / naturalHeight;
          }}
          onError={() => {
            broken.value = true;
          }}
        />
        {broken.value && (
          <p class="note soft">This browser cannot show such a picture; the service can read it.</p>
        )}
        {seen && (
          <>
            <svg class="marks" viewBox={`0 0 ${seen.width} ${seen.height}`} aria-hidden="true">
              {faces.map(({ box, landmarks }, face) => (
                <g key={face} class={face === chosen ? "counts" : ""}>
                  {landmarks.map(({ x, y }, i) => (
                    <circle key={i} cx={x} cy={y} r={Math.max(box.width * 0.028, seen.width / 500)} />
                  ))}
                </g>
              ))}
            </svg>
            {faces.map(({ box }, i) => (
              <button
                key={i}
                type="button"
                class="face"
                aria-label={`Face ${i + 1} of ${faces.length}`}
                aria-pressed={i === chosen}
                style={{
                  left: `${(100 * box.x) / seen.width}%`,
                  top: `${(100 * box.y) / seen.height}%`,
                  width: `${(100 * box.width) / seen.width}%`,
                  height: `${(100 * box.height) / seen.height}%`,
                }}
                onClick={() => onChoose(i)}
              />
            ))}
          </>
        )}
      </div>
      {look.kind === "looking" && <Waiting for="Looking for faces …" />}
      {look.kind === "failed" && <Failure thrown={look.thrown} again={picture.again} />}
      {seen && <p class="soft small">{captionOf(faces.length)}</p>}
    </div>
  );
}

function facesInWords(count: number, looked: boolean): string {
  if (!looked) return "not looked at yet";
  return count === 1 ? "1 face" : `${count || "no"} faces`;
}

function captionOf(count: number): string {
  if (count === 0)
    return "No face was found here. Another picture, in which the face is larger or brighter, may do.";
  if (count === 1) return "One face.";
  return `${count} faces. The yellow one counts; choose another on the picture.`;
}
