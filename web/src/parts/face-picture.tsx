import "./face-picture.css";
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { ask } from "../service.ts";
import { Icon } from "./icon.tsx";

/** Crops that are held at once; the one that was not shown for longest goes first. */
const HELD = 600;

const held = new Map<string, Promise<string | undefined>>();

/** A kept crop as an address for `img`; undefined where none was kept. A key cannot go with an `img`, so it is asked for. */
export function cropOf(collection: string, face: number): Promise<string | undefined> {
  const name = `${collection} ${face}`;
  const known = held.get(name);
  const crop =
    known ??
    ask("crop", { collection, face }).then(
      (blob) => URL.createObjectURL(blob),
      () => undefined,
    );
  held.delete(name);
  held.set(name, crop);
  if (held.size > HELD) {
    const [oldest, gone] = held.entries().next().value!;
    held.delete(oldest);
    void gone.then((url) => url !== undefined && URL.revokeObjectURL(url));
  }
  return crop;
}

interface FacePictureProps {
  readonly collection: string;
  readonly face: number;
  /** Empty beside words that say the same. */
  readonly alt?: string;
}

/** The crop of a face of a gallery, asked for when it comes into sight. */
export function FacePicture({ collection, face, alt = "" }: FacePictureProps) {
  const frame = useRef<HTMLSpanElement>(null);
  const url = useSignal<string | undefined>(undefined);
  useEffect(() => {
    let gone = false;
    url.value = undefined;
    const watch = new IntersectionObserver(
      ([entry]) => {
        if (!entry?.isIntersecting) return;
        watch.disconnect();
        void cropOf(collection, face).then((found) => {
          if (!gone) url.value = found;
        });
      },
      { rootMargin: "200px" },
    );
    watch.observe(frame.current!);
    return () => {
      gone = true;
      watch.disconnect();
    };
  }, [collection, face]);
  return (
    <span class="face-picture" ref={frame}>
      {url.value === undefined ? <Icon name="people" /> : <img src={url.value} alt={alt} />}
    </span>
  );
}
