import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { Button } from "../../../parts/button.tsx";
import { VirtualGrid } from "../../../parts/virtual-grid.tsx";
import { counted } from "../../../words.ts";
import { everybody } from "../everybody.ts";
import type { Plan, PlannedPerson } from "./plan.ts";

interface EnrolPlanProps {
  readonly plan: Plan;
  readonly onBegin: (people: readonly PlannedPerson[]) => void;
  readonly onBack: () => void;
}

/** People with the pictures that are to be theirs, before anything is sent: names can be changed, and people left out. */
export function EnrolPlan({ plan, onBegin, onBack }: EnrolPlanProps) {
  /** Names that were typed, by place. */
  const names = useSignal<ReadonlyMap<number, string>>(new Map());
  const people = plan.people.map((person, at) => ({
    ...person,
    at,
    name: names.value.get(at) ?? person.name,
  }));
  const taken = people.filter(({ name }) => name.trim() !== "");
  const pictures = taken.reduce((sum, { files }) => sum + files.length, 0);
  const here = everybody.value?.people;
  const byName = useMemo(() => new Map([...(here?.values() ?? [])].map((each) => [each.name, each])), [here]);
  const isUnnamed = plan.people.some(({ name }) => name === "");
  useEffect(() => {
    document.querySelector<HTMLInputElement>(".plan-person input")?.focus();
  }, []);
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (taken.length > 0)
          onBegin(taken.map(({ name, files }) => ({ name: name.trim().normalize("NFC"), files })));
      }}
    >
      <div class="sheet row apart">
        <p>
          {isUnnamed
            ? "Whose are the pictures without a name? Those that have none when you begin are left out. "
            : "A person is left out where the name is empty. "}
          {plan.passedOver > 0 &&
            `${counted(plan.passedOver, "other file is no picture", "other files are no pictures")}.`}
        </p>
        <div class="row">
          <Button onClick={onBack}>Back</Button>
          <Button type="submit" look="first" icon="plus" disabled={taken.length === 0}>
            Add {counted(pictures, "picture")} of {counted(taken.length, "person", "people")}
          </Button>
        </div>
      </div>
      <VirtualGrid
        items={people}
        keyOf={({ at }) => at}
        label="People and how many pictures there are of each"
        rowPx={92}
        leastPx={300}
        render={({ at, name, files }) => {
          const known = byName.get(name.trim());
          return (
            <label class="plan-person field">
              <span class="small soft">
                {counted(files.length, "picture")}
                {known &&
                  `, added to ${counted(known.faces, "face")} that ${known.faces === 1 ? "is" : "are"} here`}
              </span>
              <input
                value={name}
                placeholder="Whose are they?"
                aria-label={`Name, ${counted(files.length, "picture")} from ${files[0]!.path}`}
                autocomplete="off"
                onInput={({ currentTarget: { value } }) => {
                  names.value = new Map(names.value).set(at, value);
                }}
              />
            </label>
          );
        }}
      />
    </form>
  );
}
