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

/** The address at which people are added. @param name somebody whose pictures all of them are */
export function addPath(collection: string, name?: string): string {
  const more = name === undefined ? "" : `name=${encodeURIComponent(name)}`;
  const before = query(collection);
  if (more === "") return `/people/add${before}`;
  return `/people/add${before === "" ? "?" : `${before}&`}${more}`;
}
