import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { type Camera, type Place, wholeMap } from "../../../../src/study/page/plane/index.ts";
import { address, param, setParams } from "../../address.ts";
import { Button } from "../../parts/button.tsx";
import { FacePicture } from "../../parts/face-picture.tsx";
import { counted } from "../../words.ts";
import { chosenOf, chosenText } from "./chosen.ts";
import { ChosenFaces } from "./chosen-faces.tsx";
import { FaceMap } from "./face-map.ts";
import { isDark } from "./is-dark.ts";
import type { MapData } from "./map-data.ts";
import { PeopleList } from "./people-list.tsx";

interface MapViewProps {
  readonly collection: string;
  readonly data: MapData;
  /** Asks for the map again after a change. */
  readonly reload: () => void;
}

/** Milliseconds without movement after which the address says what is seen. */
const SETTLED_MS = 250;

/** The map with its tools, and beside it what is chosen, or everybody in a list. */
export function MapView({ collection, data, reload }: MapViewProps) {
  const points = useRef<HTMLCanvasElement>(null);
  const marks = useRef<HTMLCanvasElement>(null);
  const map = useRef<FaceMap | undefined>(undefined);
  const lasso = useSignal(false);
  const spoken = useSignal("");
  const card = useSignal<{ readonly face: number; readonly place: Place } | undefined>(undefined);
  const held = useRef(data);
  held.current = data;
  const links = param("links") !== "no";
  const chosenParam = param("chosen");
  const chosen = chosenOf(chosenParam, data);
  const choose = (faces: ReadonlySet<number>): void => setParams({ chosen: chosenText(faces, held.current) });

  useEffect(() => {
    let settled: ReturnType<typeof setTimeout> | undefined;
    const made = FaceMap.on(points.current!, marks.current!, collection, {
      looked: () => {
        clearTimeout(settled);
        settled = setTimeout(() => {
          if (map.current) setParams({ at: atText(map.current) }, { replace: true });
        }, SETTLED_MS);
      },
      focused: (face, place, byKey) => {
        card.value = face < 0 ? undefined : { face, place };
        if (byKey) spoken.value = sentenceOf(held.current, face);
      },
      chosen: choose,
      escaped: () => {
        lasso.value = false;
        setParams({ chosen: undefined });
      },
    });
    map.current = made;
    return () => {
      clearTimeout(settled);
      made.close();
      map.current = undefined;
    };
  }, [collection]);
  useEffect(() => map.current?.show(data), [data]);
  useEffect(() => {
    const shown = map.current;
    const at = param("at");
    if (!shown || at === atText(shown)) return;
    const camera = cameraOf(at, shown);
    if (camera) shown.look(camera);
    else shown.whole();
  }, [address.value.searchParams.get("at"), data.job]);
  useEffect(() => map.current?.choose(chosen), [chosenParam, data]);
  useEffect(() => {
    if (!map.current) return;
    map.current.links = links;
    map.current.lasso = lasso.value;
    map.current.colour();
  }, [links, lasso.value, isDark.value]);

  const close = card.value;
  return (
    <div class="map-screen">
      <div class="map-side">
        <div class="row map-tools" role="toolbar" aria-label="Map">
          <Button
            small
            aria-pressed={lasso.value}
            onClick={() => {
              lasso.value = !lasso.value;
            }}
          >
            Lasso
          </Button>
          {data.links.length > 0 && (
            <Button
              small
              aria-pressed={links}
              onClick={() => setParams({ links: links ? "no" : undefined }, { replace: true })}
            >
              Links below threshold
            </Button>
          )}
          <span class="row map-zoom">
            <Button small aria-label="Come closer" onClick={() => map.current?.closer(1.6)}>
              +
            </Button>
            <Button small aria-label="Go back" onClick={() => map.current?.closer(1 / 1.6)}>
              −
            </Button>
            <Button small onClick={() => map.current?.whole()}>
              Whole map
            </Button>
          </span>
        </div>
        <div class={`map-plane${lasso.value ? " draws" : ""}`}>
          <canvas class="map-points" ref={points} />
          {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: keys that move it are its own, as an application's are */}
          <canvas
            class="map-marks"
            ref={marks}
            tabIndex={0}
            role="application"
            aria-label={`Map of ${counted(data.faces.length, "face")}`}
            aria-describedby="map-keys"
          />
          {close && <Card collection={collection} data={data} {...close} />}
        </div>
        <p id="map-keys" class="soft small">
          Drag or use the arrow keys to move, the wheel or + and − to come closer, 0 for the whole map. N and
          P go from face to face, S chooses one, Escape lets go. Red lines join faces of one person
          {data.threshold !== undefined && ` below ${data.threshold.toFixed(3)}`}.
        </p>
        <p class="unseen" aria-live="polite">
          {spoken.value}
        </p>
      </div>
      <aside class="sheet map-list" aria-label={chosen.size > 0 ? "Chosen faces" : "People on the map"}>
        {chosen.size > 0 ? (
          <ChosenFaces
            key={chosenParam}
            collection={collection}
            data={data}
            chosen={chosen}
            choose={choose}
            changed={() => {
              setParams({ chosen: undefined }, { replace: true });
              reload();
            }}
            undone={reload}
          />
        ) : (
          <PeopleList
            data={data}
            choose={(person) => {
              choose(new Set(person.faces));
              map.current?.lookAt(person.faces);
            }}
          />
        )}
      </aside>
    </div>
  );
}

interface CardProps {
  readonly collection: string;
  readonly data: MapData;
  readonly face: number;
  readonly place: Place;
}

/** Whom a face shows, beside it. */
function Card({ collection, data, face, place }: CardProps) {
  const person = data.people.get(data.persons[face]!)!;
  return (
    <div class="map-card" style={{ left: `${place.x}px`, top: `${place.y}px` }} aria-hidden="true">
      <FacePicture collection={collection} face={data.faces[face]!} />
      <span>
        <b>{person.name}</b>
        <br />
        <small class="soft">{counted(person.faces.length, "face")}</small>
      </span>
    </div>
  );
}

function sentenceOf(data: MapData, face: number): string {
  const person = data.people.get(data.persons[face]!)!;
  const number = person.faces.indexOf(face) + 1;
  return `${person.name}, face ${number} of ${person.faces.length}.`;
}

/** The part of the map that is seen, as the address has it: the middle, and how much closer than the whole map. */
function atText({ camera: { middle, zoom }, view }: FaceMap): string | undefined {
  const whole = wholeMap(view);
  const closer = zoom / whole.zoom;
  const isWhole = Math.abs(closer - 1) < 1e-3 && middle.x === 0.5 && middle.y === 0.5;
  return isWhole ? undefined : [middle.x, middle.y, closer].map((part) => part.toFixed(3)).join(",");
}

function cameraOf(at: string | undefined, { view }: FaceMap): Camera | undefined {
  const [x, y, closer] = (at ?? "").split(",").map(Number);
  if (!(x! >= 0 && x! <= 1 && y! >= 0 && y! <= 1 && closer! >= 0.6 && closer! <= 60)) return undefined;
  return { middle: { x: x!, y: y! }, zoom: wholeMap(view).zoom * closer! };
}
