import type { Command } from "commander";
import type { Act } from "../../act.ts";
import { EXIT } from "../../exit-codes.ts";
import type { CliIo } from "../../io.ts";
import { count, type GalleryFlags, galleryFlags, openGallery } from "./open.ts";

/** `arcface gallery check` */
export function checkCommand(gallery: Command, act: Act): void {
  galleryFlags(gallery.command("check"))
    .description("check that everything is as it was written: checksums, the database itself, the log")
    .addHelpText(
      "after",
      `
Exit code 3 when something is not. What others change meanwhile may look like a problem; check again then.

Example:
  arcface gallery check --gallery sqlite:people.db`,
    )
    .action(act(check));
}

async function check(io: CliIo, flags: GalleryFlags): Promise<number> {
  await using gallery = await openGallery(io, flags);
  const { address } = gallery.records;
  const found = await gallery.check();
  const { people, faces, changes, problems } = found;
  const whole = problems.length === 0;
  if (flags.json) io.out(`${JSON.stringify({ gallery: address, whole, ...found })}\n`);
  else {
    for (const problem of problems) io.out(`${problem}\n`);
    io.out(
      `${address}: ${count(people, "person", "people")}, ${count(faces, "face")}, ${count(changes, "change")} looked at: ${whole ? "nothing is wrong" : count(problems.length, "problem")}\n`,
    );
  }
  return whole ? EXIT.ok : EXIT.badInput;
}
