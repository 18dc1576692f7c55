import { FacePicture } from "../../parts/face-picture.tsx";
import { Link } from "../../parts/link.tsx";
import type { ClientAnswer } from "../../service.ts";
import { cosineText, counted } from "../../words.ts";
import { SCREENS } from "../index.ts";

type Who = ClientAnswer<"who">;

interface Ranked {
  readonly collection: string;
  readonly threshold: number;
}

/** The line below which nobody is named. */
function Ends({ threshold, what }: { readonly threshold: number; readonly what: string }) {
  return (
    <li class="ends">
      <span>
        Certainty ends here, at {cosineText(threshold)}: {what}
      </span>
    </li>
  );
}

/** Things by falling score, with the line among them. */
function withLine<T>(
  things: readonly T[],
  scoreOf: (thing: T) => number,
  threshold: number,
  line: preact.JSX.Element,
  draw: (thing: T, near: boolean) => preact.JSX.Element,
): preact.JSX.Element[] {
  const at = things.findIndex((thing) => scoreOf(thing) < threshold);
  const rows = things.map((thing) => draw(thing, scoreOf(thing) >= threshold));
  return at < 0 ? [...rows, line] : [...rows.slice(0, at), line, ...rows.slice(at)];
}

/** The nearest people. */
export function PeopleHits({
  collection,
  candidates,
  threshold,
}: Ranked & { readonly candidates: Who["who"]["candidates"] }) {
  return (
    <ol class="hits">
      {withLine(
        candidates,
        ({ similarity }) => similarity,
        threshold,
        <Ends key="ends" threshold={threshold} what="who comes after it only looks alike" />,
        ({ person, face, similarity }, near) => (
          <li class={near ? "hit near" : "hit"} key={person.id}>
            <FacePicture collection={collection} face={face} />
            <div>
              <p class="name">
                <PersonLink person={person} collection={collection} />
              </p>
              <p class="soft small">{counted(person.faces, "face")}</p>
            </div>
            <meter min={0} max={1} value={Math.max(0, similarity)} aria-label={`Score of ${person.name}`} />
            <b>{cosineText(similarity)}</b>
          </li>
        ),
      )}
    </ol>
  );
}

/** The nearest pictures, whosever they are. */
export function PictureHits({
  collection,
  pictures,
  threshold,
}: Ranked & { readonly pictures: Who["pictures"] }) {
  return (
    <ol class="wall">
      {withLine(
        pictures,
        ({ cosine }) => cosine,
        threshold,
        <Ends key="ends" threshold={threshold} what="faces after it only look alike" />,
        ({ face, person, cosine }, near) => (
          <li class={near ? "near" : ""} key={face.id}>
            <FacePicture collection={collection} face={face.id} />
            <p class="name small" title={person.name}>
              <PersonLink person={person} collection={collection} />
            </p>
            <p class="soft small">{cosineText(cosine)}</p>
          </li>
        ),
      )}
    </ol>
  );
}

/** A person's name, which leads to them where there is a screen for people. */
function PersonLink({
  person: { id, name },
  collection,
}: {
  readonly person: { readonly id: number; readonly name: string };
  readonly collection: string;
}) {
  if (!SCREENS.some(({ path }) => path === "people")) return <>{name}</>;
  return <Link to={`/people/${id}?gallery=${encodeURIComponent(collection)}`}>{name}</Link>;
}
