import type { ClientAnswer } from "./service.ts";

/** The outcome of putting a picture into a gallery. */
export type Outcome = ClientAnswer<"createPerson">["pictures"][number];

/** One reason for which a picture was not taken. */
export type Refusal = Extract<Outcome, { kind: "rejected" }>["reasons"][number];

/** The reason for which a picture was not taken, as the end of a sentence. */
export function reasonInWords(reason: Refusal): string {
  switch (reason.code) {
    case "no-face":
      return "no face was found on it";
    case "several-faces":
      return `it has ${reason.faces} faces; one picture of one person is wanted`;
    case "unlike-own":
      return `it does not look like the person's other pictures (cosine ${reason.cosine.toFixed(3)}, threshold ${reason.threshold.toFixed(3)})`;
    case "like-another":
      return `it looks like ${reason.person} (cosine ${reason.cosine.toFixed(3)}, threshold ${reason.threshold.toFixed(3)})`;
    case "too-small":
      return `the face is small: ${reason.measured.toFixed(0)} px between the eyes, ${reason.limit.toFixed(0)} are wanted`;
    case "blurred":
      return `the face is not sharp (${reason.measured.toFixed(0)}, at least ${reason.limit.toFixed(0)} is wanted)`;
    case "turned-away":
      return `the face is turned away (${reason.measured.toFixed(2)}, at most ${reason.limit.toFixed(2)} is wanted)`;
  }
}
