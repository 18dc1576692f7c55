import { chown } from "node:fs/promises";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { Gallery } from "../src/gallery/index.ts";
import { faceFor, STRESS_PIPELINE } from "./gallery-stress/made-vector.ts";
import { missing, server, TestSchemas } from "./postgres-schemas.ts";
import { smallDisk } from "./small-disk.ts";

const clock = (): Date => new Date(0);
/** The user that a server started by root runs as. */
const NOBODY = 65_534;

describe.skipIf(missing !== undefined)(`On PostgreSQL (${missing ?? "a server"}),`, () => {
  test("a full disk and a database that can only be read leave a gallery as it was, and are called by their names", async (ctx) => {
    const disk = await smallDisk(24);
    if ("missing" in disk) {
      ctx.skip(disk.missing);
      return;
    }
    const name = `arcface_small_${process.pid}`;
    const address = new URL(server!);
    address.pathname = `/${name}`;
    address.searchParams.set("search", "exact");
    const admin = new pg.Client(server);
    await admin.connect();
    const opened: Gallery[] = [];
    try {
      await chown(disk.path, NOBODY, NOBODY);
      await admin.query(`CREATE TABLESPACE ${name} LOCATION '${disk.path}'`);
      await admin.query(`CREATE DATABASE ${name} TABLESPACE ${name}`);
      const gallery = await Gallery.create(address.href, STRESS_PIPELINE, { clock, threshold: 0.5 });
      opened.push(gallery);
      let people = 0;
      const fill = async (): Promise<void> => {
        for (; people < 10_000; people++) {
          const faces = Array.from({ length: 50 }, (_, i) => faceFor(`${people}/${i}`));
          await gallery.enrol([{ name: `person ${people}`, faces }]);
        }
      };
      await expect(fill()).rejects.toMatchObject({
        code: "STORAGE",
        message: expect.stringContaining("room on the server's disk"),
      });
      expect(people).toBeGreaterThan(5);
      expect(await gallery.records.stats()).toMatchObject({ people, faces: 50 * people });

      await disk.enlarge(100);
      await gallery.enrol([{ name: "later", faces: [faceFor("later")] }]);
      expect((await gallery.identify(faceFor("1/3").vector)).person?.name).toBe("person 1");

      await admin.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
      const readOnly = await Gallery.open(address.href, { clock });
      opened.push(readOnly);
      await expect(readOnly.rename("later", "somebody")).rejects.toMatchObject({
        code: "STORAGE",
        message: expect.stringContaining("one that can only be read"),
      });
      expect((await readOnly.identify(faceFor("later").vector)).person?.name).toBe("later");
      expect(await readOnly.records.stats()).toMatchObject({ people: people + 1, faces: 50 * people + 1 });
    } finally {
      for (const gallery of opened) await gallery.close();
      await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await admin.query(`DROP TABLESPACE IF EXISTS ${name}`);
      await admin.end();
      await disk.remove();
    }
  }, 180_000);

  test("an address's own options do not hide the gallery's tables", async () => {
    const schemas = new TestSchemas();
    try {
      const address = schemas.fresh("exact");
      address.searchParams.set("options", "-c statement_timeout=50000");
      await using gallery = await Gallery.create(address.href, STRESS_PIPELINE, { clock, threshold: 0.5 });
      await gallery.enrol([{ name: "Ann", faces: [faceFor("ann")] }]);
      expect((await gallery.identify(faceFor("ann").vector)).person?.name).toBe("Ann");
    } finally {
      await schemas.drop();
    }
  });
});
