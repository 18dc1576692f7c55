import { expect, test } from "vitest";
import type { Landmarks } from "../core/index.ts";
import { seeded } from "../core/index.ts";
import { headPose, projectHead } from "./head-pose.ts";
import { alignmentTemplate } from "./template.ts";

/** A head that is turned so, as a camera far away sees it. */
function seen(yaw: number, pitch: number, roll: number, scale = 60, jitter = 0): Landmarks<"image"> {
  const random = seeded(3);
  const radians = [yaw, pitch, roll].map((degrees) => (degrees * Math.PI) / 180) as [number, number, number];
  return projectHead(radians).map(([x, y]) => ({
    x: 300 + scale * x + jitter * (random.next() - 0.5),
    y: 200 + scale * y + jitter * (random.next() - 0.5),
  })) as unknown as Landmarks<"image">;
}

test.each([
  [0, 0, 0],
  [30, 0, 0],
  [-60, 10, 5],
  [15, -25, 0],
  [-20, 20, 90],
  [5, 5, 179],
  [45, 20, -120],
  [75, 0, 0],
])("a head turned by %d°, raised by %d° and tilted by %d° is found so, at any size", (yaw, pitch, roll) => {
  for (const scale of [12, 400]) {
    const pose = headPose(seen(yaw, pitch, roll, scale))!;
    expect(pose.yaw).toBeCloseTo(yaw, 4);
    expect(pose.pitch).toBeCloseTo(pitch, 4);
    expect(pose.roll).toBeCloseTo(roll, 4);
  }
});

test("a face of the template looks into the camera", () => {
  const { yaw, pitch, roll } = headPose(alignmentTemplate(112))!;
  for (const angle of [yaw, pitch, roll]) expect(Math.abs(angle)).toBeLessThan(3);
});

test("landmarks that are off by a twentieth of the eye distance move angles by a few degrees", () => {
  for (const [yaw, pitch] of [
    [0, 0],
    [30, 10],
    [-45, -10],
  ] as const) {
    const pose = headPose(seen(yaw, pitch, 0, 60, 3))!;
    expect(Math.abs(pose.yaw - yaw)).toBeLessThan(8);
    expect(Math.abs(pose.pitch - pitch)).toBeLessThan(12);
    expect(Math.abs(pose.roll)).toBeLessThan(5);
  }
});

test("yaw is positive towards the picture's right, pitch upwards, roll clockwise", () => {
  const nose = (points: Landmarks<"image">) => points[2];
  expect(nose(seen(30, 0, 0)).x).toBeGreaterThan(nose(seen(0, 0, 0)).x);
  expect(nose(seen(0, 30, 0)).y).toBeLessThan(nose(seen(0, 0, 0)).y);
  const [left, right] = seen(0, 0, 30);
  expect(right.y).toBeGreaterThan(left.y);
});

test("a head in profile that is raised lifts the eye that is near the camera", () => {
  // Turned by 90° an eye half an eye distance off the middle comes as far before or behind it: ±0.5 · sin 30°.
  const [nearer, farther] = projectHead([Math.PI / 2, Math.PI / 6, 0]);
  const middle = -0.5 * Math.cos(Math.PI / 6);
  expect(nearer![1]).toBeCloseTo(middle - 0.25, 12);
  expect(farther![1]).toBeCloseTo(middle + 0.25, 12);
  expect(nearer![0]).toBeCloseTo(0, 12);
});

test("landmarks in one point have no pose", () => {
  const point = { x: 4, y: 4 };
  expect(headPose([point, point, point, point, point] as unknown as Landmarks<"image">)).toBeUndefined();
});
