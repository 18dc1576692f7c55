import type { Signal } from "@preact/signals";
import { useId, useMemo } from "preact/hooks";
import { everybody, type Person } from "./everybody.ts";

/** Names that are proposed while one is typed. */
const PROPOSED = 12;

interface NameFieldProps {
  readonly label: string;
  readonly name: Signal<string>;
  /** Somebody who is not proposed. */
  readonly but?: number;
  readonly placeholder?: string;
}

/** A field for a person's name, which proposes those who are there. */
export function NameField({ label, name, but, placeholder }: NameFieldProps) {
  const list = useId();
  const people = everybody.value?.people;
  const needle = name.value.trim().toLocaleLowerCase();
  const proposed = useMemo(() => {
    const found: Person[] = [];
    if (needle === "") return found;
    for (const person of people?.values() ?? []) {
      if (person.id === but || !person.name.toLocaleLowerCase().includes(needle)) continue;
      found.push(person);
      if (found.length === PROPOSED) break;
    }
    return found;
  }, [people, needle, but]);
  return (
    <label class="field">
      <span class="small">{label}</span>
      <input
        list={list}
        value={name.value}
        placeholder={placeholder}
        autocomplete="off"
        onInput={({ currentTarget: { value } }) => {
          name.value = value;
        }}
      />
      <datalist id={list}>
        {proposed.map((person) => (
          <option key={person.id} value={person.name} />
        ))}
      </datalist>
    </label>
  );
}

/** Whoever has a name, as far as it is known here. */
export function personNamed(name: string): Person | undefined {
  const wanted = name.trim();
  for (const person of everybody.value?.people.values() ?? []) if (person.name === wanted) return person;
  return undefined;
}
