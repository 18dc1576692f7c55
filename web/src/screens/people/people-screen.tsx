import "./people.css";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { address } from "../../address.ts";
import { useChanges } from "../../changes.ts";
import { collections, gallery } from "../../service.ts";
import { EnrolPage } from "./enrol/enrol-page.tsx";
import { followEverybody, loadEverybody } from "./everybody.ts";
import { PeopleList } from "./people-list.tsx";
import { PersonPage } from "./person-page.tsx";

/** Everybody in the gallery, or one of them. */
export function PeopleScreen() {
  const collection = gallery.value;
  const sequence = useSignal(0);
  const [, , which = ""] = address.value.pathname.split("/");
  const gone = useSignal(new AbortController());
  useEffect(() => {
    if (collection === undefined) return;
    const leaving = new AbortController();
    gone.value = leaving;
    void loadEverybody(collection, leaving.signal);
    return () => leaving.abort(new DOMException("not wanted any more", "AbortError"));
  }, [collection]);
  const follow = (last: number): void => {
    if (collection === undefined) return;
    sequence.value = last;
    void followEverybody(collection, last, gone.peek().signal);
  };
  useChanges(collection, follow, follow);
  if (collection === undefined)
    return (
      <>
        <header>
          <h1>People</h1>
        </header>
        {collections.value?.length === 0 && (
          <p class="sheet">
            This service has no gallery to keep people in. It is started with one by{" "}
            <code>arcface serve --gallery sqlite:people.db --create</code>.
          </p>
        )}
      </>
    );
  if (which === "add") return <EnrolPage collection={collection} />;
  if (which === "") return <PeopleList collection={collection} />;
  return (
    <PersonPage
      key={`${collection} ${which}`}
      collection={collection}
      id={Number(which)}
      sequence={sequence.value}
    />
  );
}
