import type { PageData, PageLayout } from "../report/page-data.ts";

/** A neighbour of a face, in the page. */
export interface ListedNeighbour {
  readonly face: number;
  readonly cosine: number;
  /** True if it is the same person. */
  readonly right: boolean;
}

/** The faces of the report. */
export class Faces {
  readonly data: PageData;

  constructor(data: PageData) {
    this.data = data;
  }

  get count(): number {
    return this.data.person.length;
  }

  personOf(face: number): string {
    return this.data.people[this.data.person[face]!]!.name;
  }

  hueOf(face: number): string {
    return this.data.people[this.data.person[face]!]!.hue;
  }

  shapeOf(face: number): string {
    return this.data.people[this.data.person[face]!]!.shape;
  }

  nameOf(face: number): string {
    return this.data.names[face]!;
  }

  neighbours(face: number): ListedNeighbour[] {
    const { k, neighbours, cosines, person } = this.data;
    return Array.from({ length: k }, (_, i) => face * k + i)
      .filter((at) => neighbours[at]! >= 0)
      .map((at) => ({
        face: neighbours[at]!,
        cosine: cosines[at]!,
        right: person[neighbours[at]!] === person[face],
      }));
  }

  layout(index: number): PageLayout {
    return this.data.layouts[index]!;
  }
}

/** A cosine as it is written. */
export function written(cosine: number): string {
  return cosine.toFixed(3).replace("-", "−");
}
