/**
 * The service under more than it can do: what it gives to clients that wait is measured first, then one and a half times that is
 * asked for minutes by clients that do not wait, of a mix of endpoints. Told: statuses, times of what was accepted beside
 * their bound, memory in the second and in the last minute, and whether everybody whose making was acknowledged is there.
 *
 * npm run bench serve-overload -- [SECONDS] [MAX_WAIT]: needs LFW in ../shared and a built dist; 600 seconds, and the
 * service's own bound of waiting pictures, by default.
 */
import { fork, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type LoadReport, MixedLoad, picturesBefore, quantile } from "../test/serve/mixed-load.ts";
import { figure } from "./figures.ts";
import { describeMachine, sharedFolder } from "./machine.ts";

interface Work {
  readonly url: string;
  readonly run: string;
  /** Requests a second of clients that do not wait; without it eight that do. */
  readonly perSecond?: number;
  readonly ms: number;
}

const PICTURES = 100;
/** Milliseconds in which it is measured what clients get that wait. */
const CALM_MS = 30_000;

function pictures(): Uint8Array<ArrayBuffer>[] {
  const root = join(sharedFolder(), "data", "lfw", "images");
  return readdirSync(root)
    .sort()
    .slice(0, PICTURES)
    .map((name) => Uint8Array.from(readFileSync(join(root, name, readdirSync(join(root, name)).sort()[0]!))));
}

if (process.send) {
  process.on("message", ({ url, run, perSecond, ms }: Work) => {
    const load = new MixedLoad(url, pictures(), run);
    const report = perSecond === undefined ? load.closed(8, ms) : load.open(perSecond, ms);
    void report.then((done) => process.send!(done));
  });
} else await overload();

async function overload(): Promise<void> {
  const [seconds = 600, maxWait = 256] = process.argv.slice(2).map(Number);
  const folder = mkdtempSync(join(tmpdir(), "arcface-bench-"));
  const bin = fileURLToPath(new URL("../bin/arcface.js", import.meta.url));
  const flags = ["--port", "0", "--json", "--log-level", "error", "--max-wait", String(maxWait)];
  const gallery = ["--gallery", `sqlite:${join(folder, "people.db")}`, "--create"];
  const service = spawn(process.execPath, [bin, "serve", ...flags, ...gallery], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { url } = await new Promise<{ url: string }>((settle) => {
    service.stdout.once("data", (line: Buffer) => settle(JSON.parse(line.toString()) as { url: string }));
  });
  const client = fork(fileURLToPath(import.meta.url), { execArgv: process.execArgv });
  const ask = async (work: Omit<Work, "url">): Promise<LoadReport> =>
    await new Promise((settle) => {
      client.once("message", (report: LoadReport) => settle(report));
      client.send({ url, ...work } satisfies Work);
    });
  await ask({ run: "warm", ms: 5000 });
  const calm = await ask({ run: "calm", ms: CALM_MS });
  const perSecond = calm.answers.length / (CALM_MS / 1000);
  const memory: number[] = [];
  const sample = setInterval(() => memory.push(residentMiB(service.pid!)), 1000);
  const report = await ask({ run: "over", perSecond: 1.5 * perSecond, ms: seconds * 1000 });
  clearInterval(sample);
  const statuses = new Map<number, number>();
  for (const { status } of report.answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  const accepted = report.answers.filter(({ status }) => status < 300 && status > 0);
  const refused = report.answers.filter(({ status }) => status === 503);
  // A request has one and a quarter pictures on average, of the seven in eight that have any.
  const picturesPerSecond = (accepted.length / seconds) * (9 / 8);
  const mean = (some: readonly number[]): number => some.reduce((sum, each) => sum + each, 0) / some.length;
  const [second, last] = [mean(memory.slice(60, 120)), mean(memory.slice(seconds - 60, seconds))];
  let missing = 0;
  for (const id of report.acknowledged)
    if ((await fetch(`${url}/v1/collections/default/persons/${id}`)).status !== 200) missing++;
  console.log(describeMachine());
  console.log(
    `8 clients that wait: ${perSecond.toFixed(1)} requests/s; asked: ${(1.5 * perSecond).toFixed(1)}/s for ${seconds} s`,
  );
  figure("capacity.requests-per-second", perSecond);
  figure("asked.requests-per-second", 1.5 * perSecond);
  figure("asked.seconds", seconds);
  console.log(`statuses: ${[...statuses].map(([status, n]) => `${status}: ${n}`).join(", ")}`);
  for (const [status, n] of statuses) figure(`answers.${status}`, n);
  for (const [name, some] of [
    ["accepted", accepted],
    ["refused", refused],
  ] as const) {
    const ms = some.map((each) => each.ms);
    const [p50, p99] = [quantile(ms, 0.5), quantile(ms, 0.99)];
    console.log(`${name}: p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`);
    figure(`${name}.p50-ms`, p50);
    figure(`${name}.p99-ms`, p99);
  }
  // Counted in pictures, so that a machine that is slow for a while changes nothing.
  const before = picturesBefore(report.answers);
  const [half, most] = [quantile(before, 0.5), quantile(before, 0.99)];
  console.log(
    `pictures done while one was waited for: p50 ${half}, p99 ${most}; ${maxWait} may wait, ${picturesPerSecond.toFixed(1)} pictures/s`,
  );
  figure("bound.pictures", maxWait);
  figure("accepted.p50-pictures", half);
  figure("accepted.p99-pictures", most);
  figure("accepted.pictures-per-second", picturesPerSecond);
  console.log(
    `memory: second minute ${second.toFixed(0)} MiB, last ${last.toFixed(0)} MiB (${(100 * (last / second - 1)).toFixed(1)} %)`,
  );
  figure("memory.second-minute-mib", second);
  figure("memory.last-minute-mib", last);
  console.log(`${report.acknowledged.length} people acknowledged, ${missing} of them missing`);
  figure("people.acknowledged", report.acknowledged.length);
  figure("people.missing", missing);
  client.kill();
  service.kill("SIGTERM");
  await new Promise((settle) => service.once("close", settle));
  rmSync(folder, { recursive: true, force: true });
}

/** Memory of a process that lies in the machine's, in MiB. */
function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;
}
