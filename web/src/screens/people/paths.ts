import { param } from "../../address.ts";

const query = (collection: string): string =>
  param("gallery") === undefined ? "" : `?gallery=${encodeURIComponent(collection)}`;

/** The address of a person's page. */
export function personPath(collection: string, person: number): string {
  return `/people/${person}${query(collection)}`;
}

/** The address of everybody. */
export function peoplePath(collection: string): string {
  return `/people${query(collection)}`;
}
