import { realpath } from "node:fs/promises";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import { FaceError, momentOf } from "../../core/index.ts";
import { Gallery } from "../../gallery/index.ts";
import { type RecognizerOptions, RecognizerPool } from "../../recognise/index.ts";
import type { ServiceLog } from "../../serve/index.ts";
import { KeyRing, LIMITS, type Limits, ROLES, type Role } from "../../serve/settings/index.ts";
import type { Act } from "../act.ts";
import { applyConfig } from "../config-file.ts";
import { EXIT } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import {
  addJobsFlag,
  addModelFlags,
  type ModelFlags,
  openStore,
  recognizerOptions,
  whole,
} from "../options.ts";
import { progressBar } from "../progress-bar.ts";
import { servedStudies } from "../served-studies.ts";
import { VERSION } from "../version.ts";
import { clock, modelOf } from "./gallery/open.ts";

interface ServeFlags extends ModelFlags {
  readonly gallery?: readonly string[];
  readonly create?: boolean;
  readonly host: string;
  readonly port: number;
  readonly keys?: string;
  readonly json?: boolean;
  readonly allowUrls?: boolean;
  readonly allowFolder?: readonly string[];
  readonly studies?: string;
  readonly leaveJobs?: boolean;
  readonly keepJobs: number;
  readonly origin?: readonly string[];
  readonly maxBody: number;
  readonly maxPixels: number;
  readonly maxFaces: number;
  readonly maxWait: number;
  readonly timeout: number;
  readonly rate: number;
  readonly logLevel: string;
  readonly config?: string;
  readonly jobs?: number;
}

interface KeyFlags {
  readonly keys?: string;
  readonly json?: boolean;
}

/** The time that a stopping service may take to answer what it accepted, in milliseconds. */
const DRAIN_MS = 30_000;

const DAY_MS = 86_400_000;

/** `arcface serve`, `arcface serve keys create | list | revoke` */
export function serveCommand(program: Command, act: Act): void {
  const serve = program
    .command("serve")
    // Flags behind "keys create" are that command's.
    .enablePositionalOptions()
    .description("answer over HTTP: find, embed and compare faces, keep people; /docs has the reference")
    .option(
      "--gallery <address...>",
      "galleries to serve: sqlite:people.db, or staff=sqlite:staff.db where there are several (default ARCFACE_GALLERY)",
    )
    .option("--create", "make galleries that are not there yet")
    .option(
      "--host <address>",
      "address to listen at; another than this machine's own needs a key",
      "127.0.0.1",
    )
    .option("--port <n>", "port to listen at; 0 takes a free one", portFlag, 8080)
    .option("--allow-urls", "fetch pictures from addresses on the open internet, too")
    .option(
      "--allow-folder <dirs...>",
      "folders whose files long work may read: people to enrol, files to import",
    )
    .option(
      "--studies <dir>",
      "folder for the pages of studies and evaluations that are asked for, of folders that --allow-folder names",
    )
    .option("--leave-jobs", 'leave long work to "arcface worker"')
    .option("--keep-jobs <days>", "days for which a job that has ended can be asked about", whole, 30)
    .option("--origin <origins...>", "let web pages of these origins ask: https://app.example")
    .option("--max-body <bytes>", "largest request, in bytes", whole, LIMITS.bodyBytes)
    .option("--max-pixels <n>", "largest picture, in pixels", whole, LIMITS.pixels)
    .option("--max-faces <n>", "most faces in one picture", whole, LIMITS.faces)
    .option(
      "--max-wait <n>",
      "pictures that wait for a worker; beyond them the answer is 503",
      whole,
      LIMITS.waiting,
    )
    .option("--timeout <seconds>", "longest time for one request", whole, LIMITS.requestMs / 1000)
    .option("--rate <n>", "requests a second for each key", whole, LIMITS.requestsPerSecond)
    .addOption(
      new Option("--log-level <level>", "what the log on standard error tells")
        .choices(["info", "warn", "error", "silent"])
        .default("info"),
    )
    .option("--config <file>", "take these flags from a YAML or JSON file, by their names without dashes")
    .addHelpText(
      "after",
      `
Without --keys it serves this machine only. Keys: "arcface serve keys create --role read --keys keys.json".

Example:
  arcface serve --gallery sqlite:people.db --create`,
    );
  addKeyFlags(addJobsFlag(addModelFlags(serve, { embeds: true }))).action(act(run));
  const keys = serve
    .command("keys")
    .description("make, list and revoke keys, which say who may ask for what")
    .addHelpText("after", "\nExample:\n  arcface serve keys create --role read --keys keys.json");
  addKeyFlags(keys.command("create"))
    .description("make a key and show it once; what is kept cannot be turned back into it")
    .addOption(new Option("--role <role>", "what it may do").choices(ROLES).makeOptionMandatory())
    .option("--gallery <name>", "only for this gallery, by its name")
    .option("--expires <date>", "good until then: 2027-01-31")
    .addHelpText(
      "after",
      "\nExample:\n  arcface serve keys create --role read --gallery staff --keys keys.json",
    )
    .action(act(createKey));
  addKeyFlags(keys.command("list"))
    .description("list keys with their roles and last use, never the keys themselves")
    .addHelpText("after", "\nExample:\n  arcface serve keys list --keys keys.json")
    .action(act(listKeys));
  addKeyFlags(keys.command("revoke <id>"))
    .description("revoke a key for good; a running service follows within a second")
    .addHelpText("after", "\nExample:\n  arcface serve keys revoke 1f2e3d4c --keys keys.json")
    .action(act(revokeKey));
}

function addKeyFlags(command: Command): Command {
  return command
    .option("--keys <file>", "file of keys, without one of which nobody may ask (default ARCFACE_KEYS)")
    .option("--json", "print JSON");
}

async function run(io: CliIo, _: ServeFlags, command: Command): Promise<number> {
  const { config } = command.opts<ServeFlags>();
  if (config !== undefined) await applyConfig(command, config);
  const flags = command.opts<ServeFlags>();
  io.mayTake?.(DRAIN_MS);
  const keys = await keysToServe(io, flags);
  const known = io.env["ARCFACE_GALLERY"];
  const named = namedAddresses(flags.gallery ?? (known ? [known] : []));
  await using open = new OpenedThings();
  const bar = progressBar(io);
  const pools = new Map<string, RecognizerPool>();
  const poolOf = async (options: RecognizerOptions): Promise<RecognizerPool> => {
    const { model, detector, flip } = options;
    const wanted = JSON.stringify([model, detector, flip]);
    const known = pools.get(wanted);
    if (known) return known;
    const pool = await RecognizerPool.open({
      ...options,
      maxPixels: flags.maxPixels,
      workers: flags.jobs,
      signal: io.signal,
      onProgress: bar.update,
      onWarning: undefined,
    });
    open.add(pool);
    pools.set(wanted, pool);
    return pool;
  };
  const own = async (): Promise<RecognizerPool> =>
    await poolOf(await recognizerOptions(flags, openStore(io), io));
  const galleries: Record<string, { gallery: Gallery; recognition: RecognizerPool }> = {};
  for (const [name, address] of named) {
    const gallery = flags.create
      ? await createOrOpen(address, async () => (await own()).pipeline)
      : await Gallery.open(address, { clock });
    open.add(gallery);
    galleries[name] = { gallery, recognition: await poolOf(await modelOf(io, gallery, flags)) };
  }
  const [first] = Object.values(galleries);
  const recognition = first && flags.model === undefined ? first.recognition : await own();
  bar.stop();
  const { createApp, listen, readPage } = await import("../../serve/index.ts");
  const app = createApp({
    recognition,
    galleries,
    keys,
    limits: limitsOf(flags),
    log: await logOf(flags),
    clock,
    now: () => performance.now(),
    version: VERSION,
    allowUrls: flags.allowUrls ?? false,
    folders: await realFolders(flags.allowFolder ?? []),
    keepJobsMs: flags.keepJobs * DAY_MS,
    ...(flags.studies !== undefined && {
      studies: await servedStudies(flags.studies, flags),
    }),
    holder: `service ${process.pid} on ${hostname()}`,
    origins: flags.origin ?? [],
    page: await readPage(),
  });
  const listening = await listen(app, flags);
  const { url } = listening;
  if (flags.json)
    io.out(JSON.stringify({ url, collections: named.map(([name]) => name), model: recognition.model }));
  else io.out(`${url} answers, with a page for people; ${url}/docs says what; Ctrl-C stops it`);
  if (keys && !(await keys.hasValid()))
    io.err(
      `nobody may ask yet: "arcface serve keys create --role admin --keys ${keys.path}" makes a key, and it counts at once`,
    );
  const working = flags.leaveJobs ? undefined : app.work(io.signal);
  await new Promise<void>((stop) => {
    if (io.signal.aborted) stop();
    io.signal.addEventListener("abort", () => stop(), { once: true });
  });
  await listening.close();
  await working;
  await keys?.close();
  return EXIT.ok;
}

/** Folders without links. Throws FaceError USAGE for one that is not there. */
async function realFolders(folders: readonly string[]): Promise<string[]> {
  return await Promise.all(
    folders.map(
      async (folder) =>
        await realpath(folder).catch((cause: unknown) => {
          throw new FaceError("USAGE", { where: "--allow-folder", expected: `a folder at ${folder}`, cause });
        }),
    ),
  );
}

/** Things that were opened, closed last first. */
class OpenedThings {
  readonly #things: AsyncDisposable[] = [];

  add(thing: AsyncDisposable): void {
    this.#things.push(thing);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const thing of this.#things.reverse()) await thing[Symbol.asyncDispose]();
  }
}

/** A gallery, made where there is none yet. */
export async function createOrOpen(
  address: string,
  pipelineOf: () => Promise<RecognizerPool["pipeline"]>,
): Promise<Gallery> {
  try {
    return await Gallery.create(address, await pipelineOf(), { clock });
  } catch (error) {
    if (!(error instanceof FaceError) || error.code !== "CONFLICT") throw error;
    return await Gallery.open(address, { clock });
  }
}

/** `staff=sqlite:staff.db`, or an address alone, which is named default. Throws FaceError USAGE. */
function namedAddresses(texts: readonly string[]): [name: string, address: string][] {
  const named = texts.map((text): [string, string] => {
    const [, name, address] = /^([a-z0-9][a-z0-9_-]{0,62})=(.+)$/s.exec(text) ?? [];
    return name === undefined ? ["default", text] : [name, address!];
  });
  const names = named.map(([name]) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice === undefined) return named;
  throw new FaceError("USAGE", {
    where: "--gallery",
    expected: "a name of its own for each of several: staff=sqlite:staff.db",
    got: `"${twice}" twice`,
  });
}

/** The keys that a service asks for; undefined where it is this machine's own and no file was named. Throws FaceError USAGE. */
async function keysToServe(io: CliIo, flags: ServeFlags): Promise<KeyRing | undefined> {
  const path = flags.keys ?? io.env["ARCFACE_KEYS"];
  const ring = path ? await KeyRing.open(path, clock) : undefined;
  if (isLoopback(flags.host) || (await ring?.hasValid())) return ring;
  throw new FaceError("USAGE", {
    where: "serve",
    expected: `a key for an address that others reach (${flags.host}): "arcface serve keys create --role read --keys FILE", then --keys FILE`,
    got: "none that is valid",
  });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function limitsOf(flags: ServeFlags): Partial<Limits> {
  return {
    bodyBytes: flags.maxBody,
    pixels: flags.maxPixels,
    faces: flags.maxFaces,
    waiting: flags.maxWait,
    requestMs: flags.timeout * 1000,
    requestsPerSecond: flags.rate,
  };
}

/** JSON lines on standard error, written at once: what was logged is there when the process is killed. */
async function logOf({ logLevel }: ServeFlags): Promise<ServiceLog> {
  const { pino } = await import("pino");
  const logger = pino({ level: logLevel, base: null }, pino.destination({ fd: 2, sync: true }));
  return {
    info: (line, message) => logger.info(line, message),
    warn: (line, message) => logger.warn(line, message),
    error: (line, message) => logger.error(line, message),
  };
}

async function createKey(
  io: CliIo,
  flags: KeyFlags & { role: Role; gallery?: string; expires?: string },
): Promise<number> {
  const expires = flags.expires === undefined ? undefined : momentOf("--expires", flags.expires);
  const ring = await ringOf(io, flags);
  const { key, secret } = await ring.create({ role: flags.role, gallery: flags.gallery, expires });
  const { sha256: _, ...shown } = key;
  if (flags.json) io.out(JSON.stringify({ ...shown, key: secret }));
  else {
    io.out(secret);
    io.err(
      `${key.id}: ${key.role}${key.gallery === null ? "" : ` of ${key.gallery}`}${key.expires === null ? "" : `, until ${key.expires}`}. This is the only time that it is shown.`,
    );
  }
  return EXIT.ok;
}

async function listKeys(io: CliIo, flags: KeyFlags): Promise<number> {
  const keys = await (await ringOf(io, flags)).list();
  for (const key of keys) {
    const { id, role, gallery, expires, revoked, lastUse } = key;
    const notes = [
      gallery === null ? role : `${role} of ${gallery}`,
      ...(expires === null ? [] : [`until ${expires.slice(0, 10)}`]),
      ...(revoked === null ? [] : [`revoked ${revoked.slice(0, 10)}`]),
      lastUse === null ? "never used" : `last used ${lastUse.slice(0, 16).replace("T", " ")}`,
    ];
    io.out(flags.json ? JSON.stringify(key) : `${id}  ${notes.join(", ")}`);
  }
  return keys.length > 0 ? EXIT.ok : EXIT.noMatch;
}

async function revokeKey(io: CliIo, id: string, flags: KeyFlags): Promise<number> {
  await (await ringOf(io, flags)).revoke(id);
  io.out(flags.json ? JSON.stringify({ id, revoked: true }) : `${id} is revoked`);
  return EXIT.ok;
}

async function ringOf(io: CliIo, flags: KeyFlags): Promise<KeyRing> {
  const path = flags.keys ?? io.env["ARCFACE_KEYS"];
  if (path) return await KeyRing.open(path, clock);
  throw new FaceError("USAGE", { where: "--keys", expected: "a file such as keys.json", got: "none" });
}

/** A port, or 0. */
export function portFlag(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("Expected a port from 0 to 65535.");
}
