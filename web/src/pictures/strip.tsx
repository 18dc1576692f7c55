import "./strip.css";
import { chosenFace, type TakenPicture } from "./taken-picture.ts";

interface StripProps {
  /** Of whom the pictures are, in words. */
  readonly of: string;
  readonly pictures: readonly TakenPicture[];
  readonly shown: number;
  readonly onShow: (picture: number) => void;
}

/** Several pictures of one person, small; nothing for a single one. */
export function Strip({ of: whom, pictures, shown, onShow }: StripProps) {
  if (pictures.length < 2) return null;
  return (
    <div class="strip" role="group" aria-label={`Pictures of ${whom}`}>
      {pictures.map((each, i) => {
        const crop = chosenFace(each)?.crop;
        return (
          <button
            key={each.id}
            type="button"
            aria-pressed={i === shown}
            aria-label={`${each.name}, picture ${i + 1} of ${pictures.length}`}
            onClick={() => onShow(i)}
          >
            <img src={crop === undefined ? each.url : `data:image/jpeg;base64,${crop}`} alt="" />
          </button>
        );
      })}
    </div>
  );
}
