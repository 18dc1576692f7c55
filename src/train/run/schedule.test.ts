import { expect, test } from "vitest";
import { learningRateAt, type Schedule, ScheduleSchema } from "./schedule.ts";

const frame = { learningRate: 0.1, steps: 100, warmupSteps: 0 };
const rates = (schedule: Schedule, warmupSteps = 0): ((step: number) => number) => {
  return (step) => learningRateAt(step, schedule, { ...frame, warmupSteps });
};

test("constant stays", () => {
  const rate = rates({ name: "constant" });
  expect([0, 50, 99].map(rate)).toEqual([0.1, 0.1, 0.1]);
});

test("step falls by its factor where it is told to", () => {
  const rate = rates({ name: "step", at: [0.5, 0.75], factor: 0.1 });
  expect(rate(49)).toBe(0.1);
  expect(rate(50)).toBeCloseTo(0.01, 12);
  expect(rate(74)).toBeCloseTo(0.01, 12);
  expect(rate(75)).toBeCloseTo(0.001, 12);
});

test("cosine is half way down in the middle and ends near its final share", () => {
  const rate = rates({ name: "cosine", final: 0 });
  expect(rate(0)).toBe(0.1);
  expect(rate(50)).toBeCloseTo(0.05, 12);
  expect(rate(25)).toBeCloseTo(0.1 * 0.853553, 6);
  expect(rate(99)).toBeLessThan(1e-4);
  expect(rates({ name: "cosine", final: 0.2 })(100)).toBeCloseTo(0.02, 12);
});

test("polynomial with power 1 is a line, with power 2 a parabola", () => {
  expect(rates({ name: "polynomial", power: 1, final: 0 })(25)).toBeCloseTo(0.075, 12);
  expect(rates({ name: "polynomial", power: 2, final: 0 })(50)).toBeCloseTo(0.025, 12);
});

test("warm-up rises in a line to the full rate, and the schedule has the rest of the run", () => {
  const rate = rates({ name: "cosine", final: 0 }, 10);
  expect(rate(0)).toBeCloseTo(0.01, 12);
  expect(rate(9)).toBe(0.1);
  expect(rate(10)).toBe(0.1);
  expect(rate(55)).toBeCloseTo(0.05, 12);
});

test("defaults are those of the schema", () => {
  expect(ScheduleSchema.parse({ name: "step" })).toEqual({ name: "step", at: [0.5, 0.75], factor: 0.1 });
});
