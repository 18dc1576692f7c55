import type { Command } from "commander";
import type { Act } from "../../act.ts";
import { askCommands } from "./ask.ts";
import { calibrateGalleryCommand } from "./calibrate.ts";
import { changeCommands } from "./change.ts";
import { checkCommand } from "./check.ts";
import { createCommand } from "./create.ts";
import { enrolCommand } from "./enrol.ts";
import { exchangeCommands } from "./exchange.ts";
import { forgetCommands } from "./forget.ts";
import { listCommands } from "./list.ts";
import { reindexCommand } from "./reindex.ts";

/** `arcface gallery create | enrol | identify | verify | search | list | log | … ` */
export function galleryCommand(program: Command, act: Act): void {
  const gallery = program
    .command("gallery")
    .description("keep people: enrol them, ask who somebody is, correct, undo, forget")
    .addHelpText(
      "after",
      `
A gallery is named by --gallery, or by ARCFACE_GALLERY:
  sqlite:people.db                                          one file
  postgres://user@host/database                             PostgreSQL with pgvector
  milvus://host:19530/collection?records=sqlite:people.db   Milvus searches, SQLite or PostgreSQL keeps

Example:
  arcface gallery create --gallery sqlite:people.db
  arcface gallery enrol --people people/ --gallery sqlite:people.db
  arcface gallery identify party.jpg --gallery sqlite:people.db`,
    );
  for (const add of [
    createCommand,
    enrolCommand,
    askCommands,
    calibrateGalleryCommand,
    listCommands,
    checkCommand,
    changeCommands,
    forgetCommands,
    exchangeCommands,
    reindexCommand,
  ]) {
    add(gallery, act);
  }
}
