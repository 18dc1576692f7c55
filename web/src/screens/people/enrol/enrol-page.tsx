import "./enrol.css";
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { param } from "../../../address.ts";
import { Button } from "../../../parts/button.tsx";
import { Waiting } from "../../../parts/failure.tsx";
import { Icon } from "../../../parts/icon.tsx";
import { Link } from "../../../parts/link.tsx";
import { tell } from "../../../parts/toasts.tsx";
import { counted } from "../../../words.ts";
import { peoplePath } from "../paths.ts";
import { EnrolPlan } from "./enrol-plan.tsx";
import { EnrolProgress } from "./enrol-progress.tsx";
import { Enrolment, enrolment } from "./enrolment.ts";
import { chosenFiles, droppedFiles, type PlacedFile } from "./folder-files.ts";
import { type Plan, planOf } from "./plan.ts";

/** Puts people into the gallery: from a folder, or from pictures. */
export function EnrolPage({ collection }: { readonly collection: string }) {
  /** Somebody whose pictures all of them are, where one came here from their page. */
  const whose = param("name");
  const plan = useSignal<Plan | undefined>(undefined);
  const reading = useSignal(false);
  const running = enrolment.value?.collection === collection ? enrolment.value : undefined;
  const take = (files: readonly PlacedFile[]): void => {
    const next = planOf(files, whose);
    if (next.people.length === 0) {
      tell("There are no pictures in it.", { alarm: true });
      return;
    }
    plan.value = next;
  };
  return (
    <>
      <header>
        <div>
          <p class="small">
            <Link to={peoplePath(collection)}>Everybody</Link>
          </p>
          <h1>{whose === undefined ? "Add people" : `Add pictures of ${whose}`}</h1>
          <p class="soft">Each picture is looked at first; what is not taken is shown, with the reason.</p>
        </div>
      </header>
      {running ? (
        <EnrolProgress
          running={running}
          onMore={() => {
            enrolment.value = undefined;
            plan.value = undefined;
          }}
        />
      ) : plan.value ? (
        <EnrolPlan
          plan={plan.value}
          onBack={() => {
            plan.value = undefined;
          }}
          onBegin={(people) => {
            const begun = new Enrolment(collection, people);
            enrolment.value = begun;
            void begun.run().then(() => {
              const { enrolled } = begun.counts.value;
              if (enrolled > 0)
                tell(`${counted(enrolled, "face")} added.`, { undo: async () => await begun.undo() });
            });
          }}
        />
      ) : reading.value ? (
        <Waiting for="Reading the folder …" />
      ) : (
        <TakeFolder
          whose={whose}
          onFiles={(files) => {
            reading.value = true;
            files
              .then(take, () => tell("The folder could not be read.", { alarm: true }))
              .finally(() => {
                reading.value = false;
              });
          }}
        />
      )}
    </>
  );
}

interface TakeFolderProps {
  readonly whose: string | undefined;
  readonly onFiles: (files: Promise<PlacedFile[]>) => void;
}

function TakeFolder({ whose, onFiles }: TakeFolderProps) {
  const folder = useRef<HTMLInputElement>(null);
  const pictures = useRef<HTMLInputElement>(null);
  const over = useSignal(false);
  useEffect(() => {
    // There is no such property in JSX: the attribute is the browsers' own.
    folder.current!.setAttribute("webkitdirectory", "");
  }, []);
  const chosen = ({ currentTarget }: { readonly currentTarget: HTMLInputElement }): void => {
    const files = chosenFiles(currentTarget.files ?? []);
    currentTarget.value = "";
    if (files.length > 0) onFiles(Promise.resolve(files));
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is one way of several; the buttons inside are for the keyboard
    <div
      class={over.value ? "take over" : "take"}
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
        if (event.dataTransfer) onFiles(droppedFiles(event.dataTransfer));
      }}
    >
      <Icon name="folder" size={36} />
      <h2>Drop a folder here</h2>
      <p class="soft">
        {whose === undefined
          ? "With a folder of pictures for each person, named after them; or pictures of somebody, whose name you say next."
          : `Or pictures: all of them are ${whose}'s.`}
      </p>
      <input
        ref={folder}
        type="file"
        multiple
        hidden
        tabIndex={-1}
        aria-hidden="true"
        data-take="folder"
        onChange={chosen}
      />
      <input
        ref={pictures}
        type="file"
        accept="image/*,.heic,.heif"
        multiple
        hidden
        tabIndex={-1}
        aria-hidden="true"
        data-take="pictures"
        onChange={chosen}
      />
      <div class="row">
        <Button icon="folder" look="first" onClick={() => folder.current!.click()}>
          Choose a folder
        </Button>
        <Button icon="picture" onClick={() => pictures.current!.click()}>
          Choose pictures
        </Button>
      </div>
    </div>
  );
}
