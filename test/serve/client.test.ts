import { join } from "node:path";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { ClientError, createClient } from "../../src/serve/client/index.ts";
import { ROUTES } from "../../src/serve/client/routes.ts";
import { ENDPOINTS, type Endpoint } from "../../src/serve/wire/index.ts";
import { madeService, picture } from "./made-service.ts";

const { app } = await madeService("client");
const arcface = createClient({ url: "http://127.0.0.1:8080/", fetch: app.fetch });

test("the client's ways are those of the table", () => {
  const expected = Object.entries<Endpoint>(ENDPOINTS).map(([name, { method, path, body, answer }]) => [
    name,
    { method, path, body: body.kind, answer: answer.kind },
  ]);
  expect(ROUTES).toEqual(Object.fromEntries(expected));
});

test("it makes a person, finds them again, lists, renames and forgets them", async () => {
  const collection = "default";
  const made = await arcface.createPerson({ collection, name: "Ann", pictures: [picture("ann-000")] });
  const person = made.person!.id;
  const { pictures } = await arcface.identify({
    collection,
    pictures: [new Blob([picture("ann-005")])],
    k: 2,
  });
  const [photograph] = pictures;
  if (!photograph || "error" in photograph) throw new Error("expected faces");
  expect(photograph.faces[0]!.who.person?.name).toBe("Ann");
  const renamed = await arcface.changePerson({ collection, person, name: "Ann Example" });
  expect(renamed.person?.name).toBe("Ann Example");
  expect((await arcface.persons({ collection, name: "Ann Example" })).persons).toHaveLength(1);
  const portrait = await arcface.portrait({ collection, person });
  expect(portrait.type).toBe("image/jpeg");
  const compared = await arcface.compare({ pictures: [picture("ann-000")], vectors: [[1, 0, 0, 0]] });
  expect(compared.scores?.[0]?.cosine).toBe(1);
  const receipt = await arcface.forget({ collection, persons: [person] });
  expect(receipt.people[0]?.id).toBe(person);
});

test("a refusal is an error with the service's code, sentence and request", async () => {
  const failed = arcface.person({ collection: "default", person: 999 });
  await expect(failed).rejects.toThrow(ClientError);
  const error = (await failed.catch((thrown: unknown) => thrown)) as ClientError;
  expect(error).toMatchObject({ status: 404, code: "PERSON_UNKNOWN" });
  expect(error.requestId).toMatch(/^[0-9a-f-]{36}$/);
});

test("for a browser it is a few kilobytes, without anything of Node's or of the schemas", async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(import.meta.dirname, "..", "..", "src", "serve", "client", "index.ts")],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
  });
  expect(Object.keys(metafile.inputs).sort()).toEqual([
    "src/serve/client/client.ts",
    "src/serve/client/follow-job.ts",
    "src/serve/client/index.ts",
    "src/serve/client/read-events.ts",
    "src/serve/client/routes.ts",
  ]);
  expect(outputFiles[0]!.contents.length).toBeLessThan(7000);
});
