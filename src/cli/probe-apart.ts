import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { reasonOf } from "../core/index.ts";

/** The time that a back end may take to start and compute, in milliseconds. */
const LIMIT_MS = 60_000;

/**
 * Tells whether an execution provider computes right here, asked in a process of its own: what graphics drivers write to
 * standard error stays there, and one that crashes takes nothing with it.
 *
 * Returns   undefined when it does, else why not, in one sentence
 */
export async function probeApart(provider: string): Promise<string | undefined> {
  const program = [
    `import { probeProvider } from ${JSON.stringify(new URL("../onnx/index.js", import.meta.url).href)};`,
    `const reason = await probeProvider(${JSON.stringify(provider)});`,
    `process.stdout.write(reason ?? "", () => process.exit(0));`,
  ].join("\n");
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module", "--eval", program],
      { timeout: LIMIT_MS, killSignal: "SIGKILL" },
    );
    return stdout === "" ? undefined : shortReason(stdout);
  } catch (thrown) {
    const killed = thrown instanceof Error && "killed" in thrown && thrown.killed === true;
    return killed ? `no answer within ${LIMIT_MS / 1000} s` : `the process ended: ${reasonOf(thrown)}`;
  }
}

/** The engine's message without the place in its sources; an absent graphics adapter in plain words. */
export function shortReason(reason: string): string {
  if (/No supported adapters|Failed to get a WebGPU adapter/.test(reason))
    return "not here: no graphics adapter was found";
  return reason.replace(/^\S+\.(?:cc|cpp|h):\d+ .*? was false\. /s, "").replace(/\s+/g, " ");
}
