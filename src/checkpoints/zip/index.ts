export { ZipEntries } from "./inflate.ts";
export { readZip, type ZipEntry } from "./read-zip.ts";
export { writeZip, type ZipPart } from "./write-zip.ts";
