/** A file with its place in what was dropped or chosen: `people/Ann/1.jpg`. */
export interface PlacedFile {
  readonly path: string;
  readonly file: File;
}

/** The files that were chosen, of a folder or one by one. */
export function chosenFiles(files: Iterable<File>): PlacedFile[] {
  return [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** The files that were dropped, and those in dropped folders. To be called in the event itself, which forgets them afterwards. */
export async function droppedFiles(dropped: DataTransfer): Promise<PlacedFile[]> {
  const entries = [...dropped.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  if (entries.length === 0) return chosenFiles(dropped.files);
  const found: PlacedFile[] = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry: FileSystemEntry, found: PlacedFile[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File | undefined>((settle) => {
      (entry as FileSystemFileEntry).file(settle, () => settle(undefined));
    });
    if (file) found.push({ path: entry.fullPath.replace(/^\//, ""), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A folder tells a hundred of its entries at a time.
    const some = await new Promise<FileSystemEntry[]>((settle) => {
      reader.readEntries(settle, () => settle([]));
    });
    if (some.length === 0) return;
    for (const each of some) await walk(each, found);
  }
}
