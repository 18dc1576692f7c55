import "./score-chart.css";
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { type Curve, densitiesOf } from "../calibration.ts";
import { cosineText } from "../words.ts";

interface ScoreChartProps {
  readonly curve: Curve;
  /** The score that is asked about. */
  readonly score?: number | undefined;
  /** Further scores, drawn small. */
  readonly others?: readonly number[];
  /** Another threshold than the calibration's. */
  readonly threshold?: number | undefined;
}

const HEIGHT = 220;
const TOP = 44;
const FOOT = 26;
const SIDE = 12;

/** A score among all scores of the calibration: pairs of two people on one side, pairs of one person on the other. */
export function ScoreChart({ curve, score, others = [], threshold = curve.threshold }: ScoreChartProps) {
  const frame = useRef<HTMLElement>(null);
  const width = useSignal(640);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => {
      width.value = Math.max(280, Math.round(entry!.contentRect.width));
    });
    watch.observe(frame.current!);
    return () => watch.disconnect();
  }, []);
  const densities = useMemo(() => densitiesOf(curve), [curve]);
  const { cosines, genuine, impostor } = densities;
  const from = cosines[0]!;
  const to = cosines.at(-1)!;
  const highest = Math.max(...genuine, ...impostor);
  const x = (cosine: number): number =>
    SIDE + ((Math.min(Math.max(cosine, from), to) - from) / (to - from)) * (width.value - 2 * SIDE);
  const y = (density: number): number => HEIGHT - FOOT - (density / highest) * (HEIGHT - FOOT - TOP);
  const area = (values: readonly number[]): string => {
    const line = values.map((value, i) => `${x(cosines[i]!).toFixed(1)},${y(value).toFixed(1)}`);
    return `M${x(from)},${y(0)}L${line.join("L")}L${x(to)},${y(0)}Z`;
  };
  const peak = (values: readonly number[]): number => cosines[values.indexOf(Math.max(...values))]!;
  const ticks = [-0.4, -0.2, 0, 0.2, 0.4, 0.6, 0.8, 1];
  return (
    <figure class="chart" ref={frame}>
      <svg viewBox={`0 0 ${width.value} ${HEIGHT}`} role="img" aria-label={inWords(curve, score, threshold)}>
        <path class="area impostor" d={area(impostor)} />
        <path class="area genuine" d={area(genuine)} />
        <text class="of-impostor" x={x(peak(impostor))} y={HEIGHT - FOOT - 10} text-anchor="middle">
          two people
        </text>
        <text class="of-genuine" x={x(peak(genuine))} y={HEIGHT - FOOT - 10} text-anchor="middle">
          one person
        </text>
        <line class="axis" x1={SIDE} x2={width.value - SIDE} y1={y(0)} y2={y(0)} />
        {ticks.map((tick) => (
          <text key={tick} x={x(tick)} y={HEIGHT - 6} text-anchor="middle">
            {cosineText(tick, 1)}
          </text>
        ))}
        <line class="threshold" x1={x(threshold)} x2={x(threshold)} y1={TOP - 14} y2={y(0)} />
        <text x={x(threshold)} y={TOP - 20} text-anchor="middle">
          threshold {cosineText(threshold)}
        </text>
        {others.map((other, i) => (
          <line key={i} class="other-score" x1={x(other)} x2={x(other)} y1={y(0) - 10} y2={y(0)} />
        ))}
        {score !== undefined && (
          <>
            <line class="score" x1={x(score)} x2={x(score)} y1={18} y2={y(0)} />
            <circle class="score-dot" cx={x(score)} cy={18} r={5} />
            <text class="score-text" {...besides(x(score), width.value)} y={11}>
              {cosineText(score)}
            </text>
          </>
        )}
      </svg>
    </figure>
  );
}

/** Beside its mark, on the side that has room. */
function besides(x: number, width: number): { x: number; "text-anchor": "start" | "end" } {
  return x > width - 90 ? { x: x - 10, "text-anchor": "end" } : { x: x + 10, "text-anchor": "start" };
}

function inWords({ protocol }: Curve, score: number | undefined, threshold: number): string {
  const scale = `The scores of pairs of one person and of pairs of two people, measured on ${protocol}; the threshold is ${cosineText(threshold)}.`;
  if (score === undefined) return scale;
  return `${scale} This score, ${cosineText(score)}, is ${score >= threshold ? "above it" : "below it"}.`;
}
