import "./face-picture.css";
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { crops, portraits } from "./held-crops.ts";
import { Icon } from "./icon.tsx";

interface FacePictureProps {
  readonly collection: string;
  readonly face: number;
  /** Empty beside words that say the same. */
  readonly alt?: string;
}

/** The crop of a face of a gallery, asked for when it comes into sight. */
export function FacePicture({ collection, face, alt = "" }: FacePictureProps) {
  return <Seen alt={alt} find={() => crops.of(collection, face)} of={[collection, face]} />;
}

interface PersonPictureProps {
  readonly collection: string;
  readonly person: { readonly id: number; readonly faces: number };
}

/** A face of a person, beside their name. */
export function PersonPicture({ collection, person: { id, faces } }: PersonPictureProps) {
  return <Seen alt="" find={() => portraits.of(collection, id)} of={[collection, id, faces]} />;
}

/** A picture that is looked for when it comes into sight, and again when one of `of` changes. */
function Seen({
  find,
  of,
  alt,
}: {
  readonly find: () => Promise<string | undefined>;
  readonly of: readonly unknown[];
  readonly alt: string;
}) {
  const frame = useRef<HTMLSpanElement>(null);
  const url = useSignal<string | undefined>(undefined);
  useEffect(() => {
    let gone = false;
    url.value = undefined;
    const stop = whenSeen(frame.current!, () => {
      void find().then((found) => {
        if (!gone) url.value = found;
      });
    });
    return () => {
      gone = true;
      stop();
    };
  }, of);
  return (
    <span class="face-picture" ref={frame}>
      {url.value === undefined ? <Icon name="people" /> : <img src={url.value} alt={alt} decoding="async" />}
    </span>
  );
}

/** The work to do when an element comes into sight; one observer watches all, for hundreds of them cost as much as they are. */
const waiting = new Map<Element, () => void>();
const watch = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watch.unobserve(target);
      waiting.get(target)?.();
      waiting.delete(target);
    }
  },
  { rootMargin: "200px" },
);

function whenSeen(element: Element, seen: () => void): () => void {
  waiting.set(element, seen);
  watch.observe(element);
  return () => {
    waiting.delete(element);
    watch.unobserve(element);
  };
}
