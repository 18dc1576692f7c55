import { afterAll, describe, expect, test } from "vitest";
import { missing, TestSchemas } from "./postgres-schemas.ts";
import { MixedLoad } from "./serve/mixed-load.ts";
import { facePictures, killStarted, type Started, serve, stop } from "./serve/started.ts";

const P = "/v1/collections/default/persons";

describe.skipIf(missing !== undefined)(`On PostgreSQL (${missing ?? "a server"}),`, () => {
  const schemas = new TestSchemas();
  afterAll(async () => {
    killStarted();
    await schemas.drop();
  });

  const json = async ({ url }: Started, path: string, method = "GET", body?: object) => {
    const response = await fetch(`${url}${path}`, {
      method,
      ...(body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
    });
    return { status: response.status, value: (await response.json()) as Record<string, unknown> };
  };

  test("two services on one gallery see each other's changes, and either goes on when the other is killed", async () => {
    const address = schemas.fresh("exact").href;
    const args = ["--gallery", address, "--log-level", "error"];
    const first = await serve(...args, "--create");
    const second = await serve(...args);
    const pictures = await facePictures();
    const form = (fields: Record<string, string>, picture: number): FormData => {
      const data = new FormData();
      data.append("pictures", new Blob([pictures[picture]!]));
      for (const [name, value] of Object.entries(fields)) data.append(name, value);
      return data;
    };
    const made = await fetch(`${first.url}${P}`, {
      method: "POST",
      body: form({ name: "Ann", force: "true" }, 0),
    });
    const { person } = (await made.json()) as { person: { id: number } };
    const whoIsIt = async ({ url }: Started): Promise<string | undefined> => {
      const path = "/v1/collections/default/identify";
      const answer = await fetch(`${url}${path}`, { method: "POST", body: form({}, 0) });
      const { pictures: seen } = (await answer.json()) as {
        pictures: { faces: { who: { person: { name: string } | null } }[] }[];
      };
      return seen[0]!.faces[0]!.who.person?.name;
    };
    expect(await whoIsIt(second)).toBe("Ann");
    await json(second, `${P}/${person.id}`, "PATCH", { name: "Anna" });
    expect(await whoIsIt(first)).toBe("Anna");
    const both = await Promise.all(
      ["Ben", "Cleo", "Dan"].flatMap((name) =>
        [first, second].map(async (each) => (await json(each, P, "POST", { name })).status),
      ),
    );
    // Of two that make one name at once, one is told that it is taken.
    expect(both.sort()).toEqual([201, 201, 201, 409, 409, 409]);

    const loads = [first, second].map(({ url }, i) => new MixedLoad(url, pictures, `load ${i}`));
    const over = new AbortController();
    const reports = loads.map(async (load) => await load.open(2, 120_000, over.signal));
    await expect
      .poll(() => Math.min(...loads.map(({ acknowledged }) => acknowledged.length)), { timeout: 120_000 })
      .toBeGreaterThan(1);
    second.child.kill("SIGKILL");
    over.abort();
    const [kept, broken] = await Promise.all(reports);
    expect([...new Set(kept!.answers.map(({ status }) => status))].sort()).toEqual([200, 201]);
    const everybody = [person.id, ...kept!.acknowledged, ...broken!.acknowledged];
    for (const id of everybody) expect((await json(first, `${P}/${id}`)).status).toBe(200);

    const third = await serve(...args);
    first.child.kill("SIGKILL");
    await first.ended;
    for (const id of everybody) expect((await json(third, `${P}/${id}`)).status).toBe(200);
    expect((await json(third, `${P}/${person.id}`, "DELETE")).status).toBe(200);
    expect((await json(third, "/readyz")).value).toMatchObject({ ready: true });
    expect((await stop(third)).code).toBe(0);
  }, 300_000);
});
