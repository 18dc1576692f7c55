import { z } from "zod";

/** Numbers that several heads are set by, with the range that makes sense and the usual default. */

/** The factor of cosines before the softmax: without it, unlike cosines in [−1, 1] are nearly alike. */
export const scaleSetting = z.number().positive().max(1024).default(64);

/** A margin on the angle, in radians: 0.5 is 28.6°. */
export const marginRadSetting = z
  .number()
  .min(0)
  .max(Math.PI / 2)
  .default(0.5);

/** A margin on the cosine. */
export const cosineMarginSetting = z.number().min(0).max(1).default(0.35);
