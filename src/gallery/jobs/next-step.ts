import { JOB_STEPS, type JobCounts, type JobStep } from "./job.ts";

/** The step that a job goes on with: the first with something left; undefined when nothing is. */
export function nextStep(left: ReadonlySet<JobStep>): JobStep | undefined {
  return JOB_STEPS.find((step) => left.has(step));
}

/** Both counts together. */
export function addCounts(a: JobCounts, b: JobCounts): JobCounts {
  const sum = new Map(Object.entries(a));
  for (const [name, count] of Object.entries(b)) sum.set(name, (sum.get(name) ?? 0) + count);
  return Object.fromEntries(sum);
}
