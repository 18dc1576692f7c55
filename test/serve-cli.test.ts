import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { samplePhotographs } from "./pack.ts";
import { arcface, jsonLines } from "./run-cli.ts";
import { killStarted, serve, stop } from "./serve/started.ts";

let folder: string;
let photographs: Record<number, string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-serve-cli-"));
  photographs = await samplePhotographs();
});
afterAll(async () => {
  killStarted();
  await rm(folder, { recursive: true, force: true });
});

async function formOf(numbers: readonly number[], fields: Record<string, string> = {}): Promise<FormData> {
  const form = new FormData();
  for (const each of numbers)
    form.append("pictures", new Blob([await readFile(photographs[each]!)]), "secret-name.jpg");
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}

test("a person is enrolled, known again by another service after a kill, and forgotten with proof", async () => {
  const gallery = `sqlite:${join(folder, "people.db")}`;
  const first = await serve("--gallery", gallery, "--create");
  const at = (url: string, path: string) => `${url}/v1/collections/default${path}`;
  const enrolled = await fetch(at(first.url, "/persons"), {
    method: "POST",
    body: await formOf([1], { name: "Ann Example", force: "true" }),
  });
  expect(enrolled.status).toBe(201);
  const { person } = (await enrolled.json()) as { person: { id: number; name: string } };
  first.child.kill("SIGKILL");
  await first.ended;
  const second = await serve("--gallery", gallery);
  const answer = await fetch(at(second.url, "/identify"), { method: "POST", body: await formOf([1]) });
  const { pictures } = (await answer.json()) as {
    pictures: { faces: { who: { person: { id: number } | null; cosine: number; verdict: object } }[] }[];
  };
  const known = pictures[0]!.faces.filter(({ who }) => who.person?.id === person.id);
  expect(known).toHaveLength(1);
  expect(known[0]!.who.cosine).toBeCloseTo(1, 5);
  expect(known[0]!.who.verdict).toHaveProperty("strangers.fpir.high");
  const forgot = await fetch(at(second.url, "/forget"), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ persons: [person.id] }),
  });
  expect(await forgot.json()).toMatchObject({ finished: true, proven: true, faces: 1, crops: 1 });
  expect(second.log()).not.toMatch(/Ann|secret-name|people\.db/);
  expect(second.log()).toContain('"endpoint":"identify"');
  const { code, ms } = await stop(second);
  expect(code).toBe(0);
  // A machine that is busy with other tests takes its time over anything; alone it takes some tenths of a second.
  expect(ms).toBeLessThan(10_000);
});

test("flags come from a file, too", async () => {
  const config = join(folder, "serve.yaml");
  await writeFile(
    config,
    `gallery: staff=sqlite:${join(folder, "staff.db")}\ncreate: true\nlog-level: silent\n`,
  );
  const started = await serve("--config", config);
  const list = (await (await fetch(`${started.url}/v1/collections`)).json()) as {
    collections: { name: string }[];
  };
  expect(list.collections.map(({ name }) => name)).toEqual(["staff"]);
  expect((await stop(started)).code).toBe(0);
  expect(started.log()).toBe("");
});

test("the commands of the image and of the unit are those of the program", async () => {
  const deploy = join(import.meta.dirname, "..", "deploy");
  const image = await readFile(join(deploy, "Dockerfile"), "utf8");
  const inImage = JSON.parse(/^CMD (.*)$/m.exec(image)![1]!) as string[];
  const unit = await readFile(join(deploy, "arcface.service"), "utf8");
  const inUnit = /^ExecStart=\/usr\/bin\/env (.*)$/m.exec(unit)![1]!.split(" ");
  const here = (words: readonly string[]): string[] =>
    words.slice(2).map((word) =>
      word
        .replace("/data", folder)
        .replace("/var/lib/arcface", folder)
        .replace(/^8080$/, "0"),
    );
  expect([inImage.slice(0, 2), inUnit.slice(0, 2)]).toEqual([
    ["arcface", "serve"],
    ["arcface", "serve"],
  ]);
  // The image listens to everybody, so it needs a key; the unit is behind a proxy.
  const keys = join(folder, "image-keys.json");
  expect((await arcface(["serve", ...here(inImage)], { ARCFACE_KEYS: keys })).code).toBe(2);
  const started = await serve(
    ...here(inUnit).filter((word, i, all) => word !== "--port" && all[i - 1] !== "--port"),
  );
  expect((await fetch(`${started.url}/readyz`)).status).toBe(200);
  // A proxy's requests come from this machine, too: nobody may ask before there is a key.
  expect((await fetch(`${started.url}/v1/model`)).status).toBe(401);
  const makesKey = /sudo -Hu arcface arcface (serve keys create .*)$/m.exec(unit)![1]!.split(" ");
  const created = await arcface(makesKey.map((word) => word.replace("/var/lib/arcface", folder)));
  await expect
    .poll(
      async () =>
        (await fetch(`${started.url}/v1/model`, { headers: { "x-api-key": created.out.trim() } })).status,
      { timeout: 10_000 },
    )
    .toBe(200);
  started.child.kill("SIGTERM");
  expect(await started.ended).toBe(0);
  expect(started.log()).toContain("nobody may ask yet");
});

test("in compose the service has the image's own command, time to answer what it accepted, and no way around the proxy", async () => {
  const text = await readFile(join(import.meta.dirname, "..", "deploy", "compose.yaml"), "utf8");
  const { services, volumes } = parse(text) as {
    services: Record<string, Record<string, unknown>>;
    volumes: object;
  };
  expect(services["arcface"]).toEqual({
    build: ".",
    restart: "unless-stopped",
    stop_grace_period: "40s",
    volumes: ["arcface:/data"],
  });
  expect(services["proxy"]!["command"]).toContain("--to arcface:8080");
  expect(Object.keys(volumes)).toEqual(["arcface", "caddy"]);
});

test("an address that others reach needs a key, which the service asks for", async () => {
  const keys = join(folder, "reached-keys.json");
  const refused = await arcface(["serve", "--host", "0.0.0.0", "--port", "0", "--keys", keys]);
  expect(refused.code).toBe(2);
  expect(refused.err).toContain("serve keys create");
  const created = await arcface(["serve", "keys", "create", "--role", "read", "--keys", keys, "--json"]);
  const [{ id, key }] = jsonLines<{ id: string; key: string }>(created) as [{ id: string; key: string }];
  const started = await serve("--host", "0.0.0.0", "--keys", keys);
  const url = started.url.replace("0.0.0.0", "127.0.0.1");
  expect((await fetch(`${url}/v1/model`)).status).toBe(401);
  const headers = { Authorization: `Bearer ${key}` };
  expect((await fetch(`${url}/v1/model`, { headers })).status).toBe(200);
  const half = fetch(`${url}/v1/detect`, { method: "POST", headers, body: await formOf([2]) });
  // Accepted before the stop is answered after it.
  await new Promise((settle) => setTimeout(settle, 200));
  const stopping = stop(started);
  expect((await half).status).toBe(200);
  expect((await stopping).code).toBe(0);
  const revoked = await arcface(["serve", "keys", "revoke", id, "--keys", keys]);
  expect(revoked.code).toBe(0);
  const [listed] = jsonLines<{ revoked: string; lastUse: string }>(
    await arcface(["serve", "keys", "list", "--keys", keys, "--json"]),
  );
  expect(Date.parse(listed!.lastUse)).toBeGreaterThan(0);
  expect(Date.parse(listed!.revoked)).toBeGreaterThan(0);
});

test("an idle service ends within two seconds of Ctrl-C or SIGTERM, whoever still holds a connection", async () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const times: number[] = [];
    // The machine may be busy with other tests: the better of three counts.
    for (let i = 0; i < 3 && Math.min(9999, ...times) > 2000; i++) {
      const started = await serve("--log-level", "silent");
      const { port } = new URL(started.url);
      const silent = connect(Number(port), "127.0.0.1");
      silent.on("error", () => undefined);
      await fetch(`${started.url}/healthz`);
      const { code, ms } = await stop(started, signal);
      silent.destroy();
      expect(code).toBe(0);
      times.push(ms);
    }
    expect(Math.min(...times)).toBeLessThan(2000);
  }
});
