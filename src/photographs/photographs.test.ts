import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { describe, expect, test, vi } from "vitest";
import {
  csvRows,
  labelledPhotographs,
  listPhotographs,
  passedOverSentences,
  peopleFolderSentences,
  readCsv,
  readLookAlikePairs,
  readPeopleCsv,
  readPeopleFolder,
  samplePeople,
} from "./index.ts";

// As where its decoder is not installed, which it is for tests.
vi.mock("../image/read-heic.ts", async (original) => ({
  ...(await original<typeof import("../image/read-heic.ts")>()),
  canReadHeic: () => false,
}));

const JPEG = "\xff\xd8\xff\xe0 and so on";
const HEIC = "\0\0\0\x18ftypheic\0\0\0\0mif1heic";
const BMP = `BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0`;

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "arcface list ñ-"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), Buffer.from(content, "latin1"));
  }
  return folder;
}

const namesIn = (folder: string, paths: readonly string[]): string[] =>
  paths.map((path) => relative(folder, path));

describe("what a folder means", () => {
  test("the pictures in it and below, in order of names, whatever their endings", async () => {
    const folder = await folderWith({
      "b.JPG": JPEG,
      "a/z.png": "\x89PNG\r\n\x1a\n",
      "c.jfif": JPEG,
      "d.jpe": JPEG,
      "e.mpo": JPEG,
      f: JPEG,
      "g.txt": JPEG,
    });
    const { paths, passedOver } = await listPhotographs([folder]);
    expect(namesIn(folder, paths)).toEqual([
      join("a", "z.png"),
      "b.JPG",
      "c.jfif",
      "d.jpe",
      "e.mpo",
      "f",
      "g.txt",
    ]);
    expect(passedOverSentences(passedOver)).toEqual([]);
  });

  test("what is not read is counted by its kind, by content: an iPhone's HEIC called .jpg too", async () => {
    const folder = await folderWith({
      "1.HEIC": HEIC,
      "2.jpg": HEIC,
      "3.dib": BMP,
      "notes.txt": "hello",
      "labels.csv": "a,b",
      README: "no",
    });
    const { paths, passedOver } = await listPhotographs([folder]);
    expect(paths).toEqual([]);
    expect(passedOver.kinds["HEIC"]).toEqual({ count: 2, first: join(folder, "1.HEIC") });
    const sentences = passedOverSentences(passedOver).join("\n");
    expect(sentences).toContain(
      "2 HEIC pictures passed over: HEIC is not read here, install heic-decode beside arcface-ts or convert them to JPEG or PNG",
    );
    expect(sentences).toContain(
      `1 BMP picture passed over: BMP is not read here, convert it to JPEG or PNG (${join(folder, "3.dib")})`,
    );
    expect(sentences).toContain(
      "3 files that are no picture passed over (1 without an ending, 1 .csv, 1 .txt)",
    );
  });

  test("of files that are no pictures the three commonest endings are named", () => {
    const of = (count: number) => ({ count, first: "a" });
    const others = { ".doc": of(2), ".xls": of(1), ".txt": of(3), ".csv": of(4) };
    const passedOver = { kinds: {}, others, hidden: undefined, links: undefined, unreadable: [] };
    expect(passedOverSentences(passedOver)).toEqual([
      "10 files that are no picture passed over (4 .csv, 3 .txt, 2 .doc, …)",
    ]);
  });

  test("a damaged or empty picture is listed by its ending, so that reading it can say what is wrong", async () => {
    const folder = await folderWith({ "empty.jpg": "", "text.png": "hello", "empty.txt": "" });
    expect(namesIn(folder, (await listPhotographs([folder])).paths)).toEqual(["empty.jpg", "text.png"]);
  });

  test("hidden and system files and folders are passed over, and counted where they hold pictures", async () => {
    const folder = await folderWith({
      "a.jpg": JPEG,
      ".hidden.jpg": JPEG,
      "._a.jpg": "macOS",
      ".trash/b.jpg": JPEG,
      "@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg": JPEG,
      "__MACOSX/._a.jpg": "macOS",
      "Thumbs.db": "db",
      ".DS_Store": "ds",
    });
    const { paths, passedOver } = await listPhotographs([folder]);
    expect(namesIn(folder, paths)).toEqual(["a.jpg"]);
    expect(passedOver.hidden?.count).toBe(3);
    expect(passedOver.others).toEqual({});
    expect(passedOverSentences(passedOver)).toEqual([
      `3 pictures in hidden or system files and folders passed over (the first is ${join(folder, ".hidden.jpg")})`,
    ]);
  });

  test("a file that is named counts whatever it is called, and once", async () => {
    const folder = await folderWith({ "upload.bin": "x", ".a.jpg": JPEG });
    const paths = [join(folder, "upload.bin"), join(folder, ".a.jpg")];
    expect((await listPhotographs([...paths, ...paths])).paths).toEqual(paths);
  });

  test("a camera's own file begins as TIFF does and is no TIFF: only its thumbnail would be read", async () => {
    const tiff = "MM\0*\0\0\0\x08";
    const folder = await folderWith({ "a.NEF": tiff, "b.dng": tiff, "c.tif": tiff });
    const { paths, passedOver } = await listPhotographs([folder]);
    expect(namesIn(folder, paths)).toEqual(["c.tif"]);
    expect(passedOver.kinds["raw camera"]?.count).toBe(2);
  });

  test("one file under two spellings of its path is listed once", async () => {
    const folder = await folderWith({ "a.jpg": JPEG });
    expect((await listPhotographs([`${folder}/./a.jpg`, folder])).paths).toEqual([`${folder}/./a.jpg`]);
  });

  test("links to files and folders are followed, each folder once, in circles too", async () => {
    const outside = await folderWith({ "x/1.jpg": JPEG });
    const folder = await folderWith({ "people/a.jpg": JPEG });
    await symlink(folder, join(folder, "people", "back"));
    await symlink(join(outside, "x"), join(folder, "x"));
    await symlink(join(outside, "x"), join(folder, "y"));
    await symlink(join(outside, "x", "1.jpg"), join(folder, "one.jpg"));
    const { paths, passedOver } = await listPhotographs([folder]);
    expect(namesIn(folder, paths)).toEqual(["one.jpg", join("people", "a.jpg"), join("x", "1.jpg")]);
    expect(passedOverSentences(passedOver)).toEqual([
      `2 folders reached again through a link: read once (the first is ${join(folder, "people", "back")})`,
    ]);
  });

  test("a folder given within another one that is given is no link", async () => {
    const folder = await folderWith({ "sub/a.jpg": JPEG, "b.jpg": JPEG });
    const { paths, passedOver } = await listPhotographs([join(folder, "sub"), folder]);
    expect(namesIn(folder, paths)).toEqual([join("sub", "a.jpg"), "b.jpg"]);
    expect(passedOver.links).toBeUndefined();
  });

  test("a link to itself or to nothing is listed by its ending", async () => {
    const folder = await folderWith({ "a.jpg": JPEG });
    await symlink(join(folder, "loop.jpg"), join(folder, "loop.jpg"));
    await symlink(join(folder, "nowhere"), join(folder, "gone"));
    const { paths, passedOver } = await listPhotographs([folder]);
    expect(namesIn(folder, paths)).toEqual(["a.jpg", "loop.jpg"]);
    expect(passedOver.unreadable).toEqual([{ path: join(folder, "gone"), reason: "a link to nothing" }]);
    expect((await listPhotographs([join(folder, "loop.jpg")])).paths).toEqual([join(folder, "loop.jpg")]);
  });

  test("a pipe is not waited for", async () => {
    const folder = await folderWith({ "a.jpg": JPEG });
    execFileSync("mkfifo", [join(folder, "pipe.jpg")]);
    expect(namesIn(folder, (await listPhotographs([folder])).paths)).toEqual(["a.jpg"]);
  });

  test.skipIf(process.getuid?.() === 0)(
    "a folder that may not be read is told, and the rest goes on",
    async () => {
      const folder = await folderWith({ "a.jpg": JPEG, "locked/b.jpg": JPEG });
      await chmod(join(folder, "locked"), 0);
      const { paths, passedOver } = await listPhotographs([folder]);
      await chmod(join(folder, "locked"), 0o700);
      expect(namesIn(folder, paths)).toEqual(["a.jpg"]);
      expect(passedOverSentences(passedOver)[0]).toMatch(/locked: passed over, it could not be read: EACCES/);
    },
  );

  test("a path with nothing there, among others, is told and the rest goes on", async () => {
    const folder = await folderWith({ "a.jpg": JPEG });
    const { paths, passedOver } = await listPhotographs([join(folder, "a.jpg"), join(folder, "b.jpg")]);
    expect(namesIn(folder, paths)).toEqual(["a.jpg"]);
    expect(passedOver.unreadable).toMatchObject([{ path: join(folder, "b.jpg") }]);
    expect(passedOverSentences(passedOver).join()).toContain("b.jpg: passed over, it could not be read: ");
    await expect(listPhotographs([join(folder, "b.jpg"), join(folder, "c.jpg")])).rejects.toThrow(
      /b.jpg: expected a file or a folder, got nothing there; .*c.jpg: expected a file or a folder, got nothing there$/,
    );
  });

  test("a path with nothing there is an error that names it", async () => {
    await expect(listPhotographs(["/nowhere/at all"])).rejects.toThrow(
      "/nowhere/at all: expected a file or a folder, got nothing there",
    );
  });
});

describe("a folder per person", () => {
  test("names are people's; pictures beside the folders show nobody; folders without pictures are told", async () => {
    const folder = await folderWith({
      "Bob /1.jpg": JPEG,
      "Björn/1.jpg": JPEG,
      "Björn/deep/2.jpg": JPEG,
      "stray.jpg": JPEG,
      "@eaDir/x.jpg": JPEG,
      ".trash/y.jpg": JPEG,
      "Nobody/notes.txt": "x",
    });
    await mkdir(join(folder, "Empty"));
    const found = await readPeopleFolder(folder);
    expect(labelledPhotographs(found).map(({ name, person }) => [name, person])).toEqual([
      ["Björn/1.jpg", "Björn"],
      ["Björn/deep/2.jpg", "Björn"],
      ["Bob /1.jpg", "Bob"],
    ]);
    expect(found.empty).toEqual(["Empty", "Nobody"]);
    expect(peopleFolderSentences(found)).toEqual([
      'the folder "Bob " is read as the person "Bob"',
      "2 folders without a picture passed over: Empty, Nobody",
      `1 picture beside the folders passed over: nobody is named for it (${join(folder, "stray.jpg")})`,
      `2 pictures in hidden or system files and folders passed over (the first is ${join(folder, ".trash", "y.jpg")})`,
      "1 file that is no picture passed over (1 .txt)",
    ]);
  });

  test("folders whose names are one in the eye are one person, and it is said", async () => {
    const folder = await folderWith({
      "Zo\u00eb/1.jpg": JPEG,
      "Anna/1.jpg": JPEG,
    });
    for (const name of ["Zoe\u0308", "Zo\u00eb\u200b"]) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, "2.jpg"), Buffer.from(JPEG, "latin1"));
    }
    const found = await readPeopleFolder(folder);
    expect(found.people.map(({ name, paths }) => [name, paths.length])).toEqual([
      ["Anna", 1],
      ["Zo\u00eb", 3],
    ]);
    expect(peopleFolderSentences(found)[0]).toMatch(
      /^the folders .* and .* and .* are read as one person, "Zoë"$/,
    );
  });

  test("people who are links are people", async () => {
    const pool = await folderWith({ "p1/1.jpg": JPEG, "p2/1.jpg": JPEG });
    const folder = await folderWith({});
    await symlink(join(pool, "p1"), join(folder, "Ann"));
    await symlink(join(pool, "p2"), join(folder, "Ben"));
    expect((await readPeopleFolder(folder)).people.map(({ name }) => name)).toEqual(["Ann", "Ben"]);
  });

  test("a folder without people says so, and what lay there instead", async () => {
    await expect(readPeopleFolder("/nowhere")).rejects.toThrow(
      "/nowhere: expected a folder with a folder for every person, got nothing there",
    );
    const folder = await folderWith({ "Ann/1.heic": HEIC, "b.jpg": JPEG });
    await expect(readPeopleFolder(folder)).rejects.toThrow(
      /expected a folder of pictures for every person, got 1 folder without pictures; 1 picture beside its folders; 1 HEIC picture passed over/,
    );
    await expect(readPeopleFolder(await folderWith({ "a.jpg": JPEG, "b.jpg": JPEG }))).rejects.toThrow(
      /got 2 pictures and no folders; put each person's pictures into a folder with the person's name$/,
    );
  });

  test("a sample is the same for the same seed, and leaves out who has too few", async () => {
    const folder = await folderWith(
      Object.fromEntries(["a/1", "b/1", "b/2", "c/1", "c/2", "c/3"].map((name) => [`${name}.jpg`, JPEG])),
    );
    const found = await readPeopleFolder(folder);
    const options = { people: 5, photographs: 2, min: 2, seed: 3 };
    const chosen = samplePeople(found, options);
    expect(chosen.map(({ name, paths }) => [name, paths.length]).sort()).toEqual([
      ["b", 2],
      ["c", 2],
    ]);
    expect(samplePeople(found, options)).toEqual(chosen);
  });
});

describe("CSV", () => {
  const three = [["path"], ["person"], ["group"]];

  test("fields may be quoted, hold commas, quotes and line ends; comments and empty lines do not count", () => {
    const text = '\uFEFFa, b ,c\r\n# no\n\n"x, y","say ""hi""","two\nlines"\nlast,#1,z\n';
    expect(csvRows(text, "t", three)).toEqual([
      { line: 1, fields: ["a", "b", "c"] },
      { line: 4, fields: ["x, y", 'say "hi"', "two\nlines"] },
      { line: 6, fields: ["last", "#1", "z"] },
    ]);
  });

  test("a quote that is never closed, followed by something, or inside a bare field is refused with its line", () => {
    const two = [["a"], ["b"]];
    expect(() => csvRows('a,b\nb,"c', "t", two)).toThrow("t: line 2: expected a closing quote");
    expect(() => csvRows('"a"b,c', "t", two)).toThrow(
      "t: line 1: expected the field's end after a closing quote",
    );
    expect(() => csvRows('a,b\na"b",c', "t", two)).toThrow("t: line 2: expected quotes around a whole field");
  });

  test.each([";", "\t"])("fields may be divided by %j, as some spreadsheets write them", (delimiter) => {
    const text = `path;person;group\n1,5.jpg;"Smith; Jo";x\r\n`.replaceAll(";", delimiter);
    expect(csvRows(text, "t", three)).toEqual([
      { line: 2, fields: ["1,5.jpg", `Smith${delimiter} Jo`, "x"] },
    ]);
  });

  test("a header names the columns in any order, and more of them are passed over", () => {
    expect(csvRows("Person,Age,Group,Path\nAnn,5,g,a.jpg\n", "t", three)).toEqual([
      { line: 2, fields: ["a.jpg", "Ann", "g"] },
    ]);
    expect(() => csvRows("Person,Age,Group,Path\nAnn,5\n", "t", three)).toThrow(
      't: line 2: expected path,person,group, got "Ann,5"',
    );
  });

  test("Excel's line about the delimiter is passed over; a NUL character is refused with its line", () => {
    expect(csvRows("sep=;\r\na.jpg;Ann\r\n", "t", [["path"], ["person"]])).toEqual([
      { line: 2, fields: ["a.jpg", "Ann"] },
    ]);
    expect(() => csvRows("a.jpg,Ann\nb\0.jpg,Ben\n", "t", [["path"], ["person"]])).toThrow(
      "t: line 2: expected text, got a NUL character",
    );
  });

  test("UTF-16 with its mark is read, Latin-1 is refused in a sentence", async () => {
    const folder = await folderWith({ "latin.csv": "a.jpg,Zo\xeb\n" });
    await writeFile(join(folder, "utf16.csv"), Buffer.from("\uFEFFa.jpg\tZoë\r\n", "utf16le"));
    expect(await readCsv(join(folder, "utf16.csv"), [["path"], ["person"]])).toEqual([
      { line: 1, fields: ["a.jpg", "Zoë"] },
    ]);
    await expect(readPeopleCsv(join(folder, "latin.csv"))).rejects.toThrow(
      'latin.csv: expected UTF-8 text, got another encoding: save it as "CSV UTF-8"',
    );
  });

  test("a CSV of people: paths lie beside it, names are people's, a bad line is named", async () => {
    const folder = await folderWith({});
    const file = join(folder, "people.csv");
    await writeFile(file, '\uFEFFpath,person\nb.jpg,"Smith, ""Jo"""\na.jpg,Zoe\u0308 \n');
    expect(await readPeopleCsv(file)).toEqual([
      { path: join(folder, "b.jpg"), name: "b.jpg", person: 'Smith, "Jo"' },
      { path: join(folder, "a.jpg"), name: "a.jpg", person: "Zo\u00eb" },
    ]);
    await writeFile(file, "person,person\nAna,Bo\nCy\n");
    await expect(readLookAlikePairs(file)).rejects.toThrow('line 3: expected person,person, got "Cy"');
    await writeFile(file, "a.jpg,A\u202en\n");
    await expect(readPeopleCsv(file)).rejects.toMatchObject({
      code: "BAD_FILE",
      message: expect.stringContaining("people.csv: line 1: expected a name without control"),
    });
    await expect(readPeopleCsv(join(folder, "none.csv"))).rejects.toThrow(
      "none.csv: expected a CSV file of path,person, got nothing there",
    );
  });
});
