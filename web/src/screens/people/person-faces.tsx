import { useRef } from "preact/hooks";
import { Button } from "../../parts/button.tsx";
import { FacePicture } from "../../parts/face-picture.tsx";
import { VirtualGrid } from "../../parts/virtual-grid.tsx";
import type { ClientAnswer } from "../../service.ts";
import { cosineText, counted } from "../../words.ts";

type Face = ClientAnswer<"weakest">["faces"][number];

interface PersonFacesProps {
  readonly collection: string;
  readonly name: string;
  readonly faces: readonly Face[];
  readonly threshold: number | undefined;
  readonly chosen: ReadonlySet<number>;
  readonly choose: (faces: ReadonlySet<number>) => void;
}

/** A person's faces, the weakest link first; each can be chosen. */
export function PersonFaces({ collection, name, faces, threshold, chosen, choose }: PersonFacesProps) {
  const from = useRef<number | undefined>(undefined);
  const isWeak = ({ cosine }: Face): boolean =>
    cosine !== null && threshold !== undefined && cosine < threshold;
  const weak = faces.filter(isWeak);
  const toggle = (face: Face, many: boolean): void => {
    const at = faces.indexOf(face);
    const next = new Set(chosen);
    const begun = faces.findIndex(({ id }) => id === from.current);
    if (many && begun >= 0)
      for (const { id } of faces.slice(Math.min(at, begun), Math.max(at, begun) + 1)) next.add(id);
    else if (!next.delete(face.id)) next.add(face.id);
    from.current = face.id;
    choose(next);
  };
  if (faces.length === 0) return null;
  return (
    <>
      <div class="row choose-many">
        {weak.length > 0 && weak.length < faces.length && (
          <Button small onClick={() => choose(new Set(weak.map(({ id }) => id)))}>
            Choose {counted(weak.length, "weak link")}
          </Button>
        )}
        {faces.length > 1 && (
          <Button small onClick={() => choose(new Set(faces.map(({ id }) => id)))}>
            Choose all
          </Button>
        )}
        <span class="soft small">Click a face to choose it; with Shift, all up to it.</span>
      </div>
      <VirtualGrid
        items={faces}
        keyOf={({ id }) => id}
        label={`Faces of ${name}. Arrow keys go from one to the next, the space bar chooses.`}
        rowPx={148}
        leastPx={112}
        render={(face, tabIndex) => (
          <button
            type="button"
            class={isWeak(face) ? "face-card weak" : "face-card"}
            tabIndex={tabIndex}
            aria-pressed={chosen.has(face.id)}
            aria-label={`Face ${face.id}, ${linkInWords(face, threshold)}`}
            title={fileOf(face)}
            onClick={({ shiftKey }) => toggle(face, shiftKey)}
          >
            <FacePicture collection={collection} face={face.id} />
            <span class="small">{face.cosine === null ? "the only one" : cosineText(face.cosine)}</span>
          </button>
        )}
      />
    </>
  );
}

function linkInWords({ cosine }: Face, threshold: number | undefined): string {
  if (cosine === null) return "the only one";
  const words = `mean cosine with the others ${cosineText(cosine)}`;
  if (threshold === undefined) return words;
  return `${words}, ${cosine < threshold ? "below" : "above"} the threshold`;
}

/** The name of the file that a face came from; undefined of one that came over the wire. */
function fileOf({ source }: Face): string | undefined {
  return source.startsWith("upload:") ? undefined : source.split(/[\\/]/).at(-1);
}
