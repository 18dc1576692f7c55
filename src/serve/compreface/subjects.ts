import { personName } from "../../core/index.ts";
import { type ForeignRoute, impliedGallery } from "../foreign.ts";
import { route, textOf } from "./asked.ts";
import { everyone } from "./stored-faces.ts";

/** People. What is deleted can be brought back by an undo; forgetting is this service's own. */
export const SUBJECTS: readonly ForeignRoute[] = [
  route("GET", "recognition/subjects", "read", async (service, asked) => {
    const people = await everyone(impliedGallery(service, asked).gallery);
    return Response.json({ subjects: people.map(({ name }) => name) });
  }),
  route("POST", "recognition/subjects", "write", async (service, asked) => {
    const { gallery } = impliedGallery(service, asked);
    const subject = personName("subject", textOf(asked, "subject"));
    await gallery.enrol([{ name: subject, faces: [] }]);
    return Response.json({ subject }, { status: 201 });
  }),
  route("PUT", "recognition/subjects/:subject", "write", async (service, asked) => {
    const { gallery } = impliedGallery(service, asked);
    const [from, to] = [asked.params["subject"]!, personName("subject", textOf(asked, "subject"))];
    // A name that somebody has makes the two one there.
    if (await gallery.records.personNamed(to)) await gallery.merge([from], to);
    else await gallery.rename(from, to);
    return Response.json({ updated: true });
  }),
  route("DELETE", "recognition/subjects/:subject", "write", async (service, asked) => {
    const { result } = await impliedGallery(service, asked).gallery.deletePerson(asked.params["subject"]!);
    return Response.json({ subject: result.name });
  }),
  route("DELETE", "recognition/subjects", "admin", async (service, asked) => {
    const { gallery } = impliedGallery(service, asked);
    const people = await everyone(gallery);
    for (const { id } of people) await gallery.deletePerson(id);
    return Response.json({ deleted: people.length });
  }),
];
