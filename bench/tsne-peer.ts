/**
 * arcface's t-SNE in a process of its own, for its peak memory; see tsne.bench.ts.
 *
 * node --import tsx bench/tsne-peer.ts POINTS.npy LAYOUT.f32 THREADS
 */
import { writeFileSync } from "node:fs";
import { embedTsne } from "arcface-ts/project";
import { readNpy } from "./npy.ts";

const [points, layoutPath, threads] = process.argv.slice(2) as [string, string, string];
const data = readNpy(points);
const started = performance.now();
const { layout, klDivergence } = await embedTsne(data, { threads: Number(threads) });
const seconds = (performance.now() - started) / 1000;
writeFileSync(layoutPath, new Uint8Array(layout.buffer, layout.byteOffset, layout.byteLength));
const peakMb = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ version: "", seconds, ownDivergence: klDivergence, peakMb }));
