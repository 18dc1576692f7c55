import "./take-pictures.css";
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Button } from "../parts/button.tsx";
import { Icon } from "../parts/icon.tsx";
import { tell } from "../parts/toasts.tsx";
import { CameraDialog } from "./camera-dialog.tsx";

interface TakeProps {
  /** The place in words: "the first side". It is part of the names of its buttons. */
  readonly of: string;
  readonly title?: string;
  readonly words?: string;
  /** True once there are pictures: then only the buttons are left, for more. */
  readonly more?: boolean;
  /** True where pictures that are pasted anywhere on the page belong. */
  readonly pastes?: boolean;
  readonly onPictures: (files: readonly File[]) => void;
}

/** Takes pictures: dropped, chosen, pasted, or from the camera. */
export function TakePictures({
  of: place,
  title,
  words,
  more = false,
  pastes = false,
  onPictures,
}: TakeProps) {
  const input = useRef<HTMLInputElement>(null);
  const open = useSignal(false);
  const take = (files: Iterable<File>): void => {
    const all = [...files];
    const pictures = all.filter(
      ({ type, name }) => type.startsWith("image/") || /\.(?:heic|heif|ppm|pgm)$/i.test(name),
    );
    if (pictures.length < all.length) tell("Only pictures can be looked at.", { alarm: true });
    if (pictures.length > 0) onPictures(pictures);
  };
  useEffect(() => {
    if (!pastes) return;
    const paste = ({ clipboardData }: ClipboardEvent): void => {
      const files = [...(clipboardData?.files ?? [])];
      if (files.length > 0) take(files);
    };
    document.addEventListener("paste", paste);
    return () => document.removeEventListener("paste", paste);
  }, [pastes, onPictures]);
  const buttons = (
    <>
      <input
        ref={input}
        type="file"
        accept="image/*,.heic,.heif"
        multiple
        tabIndex={-1}
        aria-hidden="true"
        hidden
        data-take={place}
        onChange={({ currentTarget }) => {
          take(currentTarget.files ?? []);
          currentTarget.value = "";
        }}
      />
      <Button
        icon="picture"
        look={more ? "usual" : "first"}
        small={more}
        aria-label={`${more ? "Add" : "Choose"} pictures for ${place}`}
        onClick={() => input.current!.click()}
      >
        {more ? "Add" : "Choose pictures"}
      </Button>
      <Button
        icon="camera"
        small={more}
        aria-label={`Camera: a photograph for ${place}`}
        onClick={() => {
          open.value = true;
        }}
      >
        Camera
      </Button>
      {open.value && (
        <CameraDialog
          onPhotograph={(file) => {
            open.value = false;
            onPictures([file]);
          }}
          onClose={() => {
            open.value = false;
          }}
        />
      )}
    </>
  );
  if (more) return <div class="take-more">{buttons}</div>;
  return (
    <DropPlace class="take" onFiles={take}>
      <Icon name="picture" size={36} />
      {title !== undefined && <h2>{title}</h2>}
      <p class="soft">{words ?? "Drop pictures here, or paste them."}</p>
      <div class="row">{buttons}</div>
    </DropPlace>
  );
}

interface DropPlaceProps {
  readonly class: string;
  readonly onFiles: (files: Iterable<File>) => void;
  readonly children: preact.ComponentChildren;
}

/** A place on which files may be dropped. */
export function DropPlace({ class: own, onFiles, children }: DropPlaceProps) {
  const over = useSignal(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is one way of several; the buttons inside are for the keyboard
    <div
      class={over.value ? `${own} over` : own}
      onDragOver={(event) => {
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={() => {
        over.value = false;
      }}
      onDrop={(event) => {
        event.preventDefault();
        over.value = false;
        onFiles(event.dataTransfer?.files ?? []);
      }}
    >
      {children}
    </div>
  );
}
