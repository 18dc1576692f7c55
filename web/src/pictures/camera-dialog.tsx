import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Waiting } from "../parts/failure.tsx";
import { Icon } from "../parts/icon.tsx";

interface CameraProps {
  readonly onPhotograph: (file: File) => void;
  readonly onClose: () => void;
}

/** The camera of this device; its picture goes to the page alone, and the camera is off when the window closes. */
export function CameraDialog({ onPhotograph, onClose }: CameraProps) {
  const video = useRef<HTMLVideoElement>(null);
  const state = useSignal<"asking" | "on" | "refused">("asking");
  useEffect(() => {
    let stream: MediaStream | undefined;
    let gone = false;
    const open = async (): Promise<void> => {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 960 } },
      });
      if (gone) for (const track of stream.getTracks()) track.stop();
      else {
        video.current!.srcObject = stream;
        await video.current!.play();
        state.value = "on";
      }
    };
    open().catch(() => {
      state.value = "refused";
    });
    return () => {
      gone = true;
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
  }, []);
  return (
    <Dialog title="Take a photograph" onClose={onClose}>
      <div class="camera">
        <video
          ref={video}
          muted
          playsInline
          aria-label="What the camera sees"
          hidden={state.value !== "on"}
        />
        {state.value === "asking" && <Waiting for="Waiting for the camera …" />}
        {state.value === "refused" && (
          <p class="failure" role="alert">
            <Icon name="alert" /> There is no camera here, or the browser may not use it.
          </p>
        )}
        <div class="row apart">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="first"
            icon="camera"
            disabled={state.value !== "on"}
            onClick={() => void photograph(video.current!).then(onPhotograph)}
          >
            Take it
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

/** The picture as the camera has it: not mirrored, as others see a face. */
async function photograph(video: HTMLVideoElement): Promise<File> {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")!.drawImage(video, 0, 0);
  const blob = await new Promise<Blob | null>((resolve) => {
    canvas.toBlob(resolve, "image/jpeg", 0.95);
  });
  return new File([blob!], "camera.jpg", { type: "image/jpeg" });
}
