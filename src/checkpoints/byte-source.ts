import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { expectNoDatabaseInUse, FaceError, reasonOf, systemCode } from "../core/index.ts";

/**
 * Bytes that can be read at any place, so that a checkpoint of hundreds of megabytes is opened by reading its
 * table of contents and each tensor only when somebody asks for it.
 *
 * Reads are synchronous: they take what the disk takes and nothing else of the program runs meanwhile.
 */
export interface ByteSource {
  /** The file's name in messages: a path, usually. */
  readonly name: string;
  readonly size: number;
  /**
   * A fresh copy that belongs to the caller, aligned for every typed array.
   *
   * Throws    FaceError BAD_FILE when the range is not inside the source, CLOSED after `close()`
   */
  read(offset: number, length: number): Uint8Array<ArrayBuffer>;
  /** A second call does nothing. */
  close(): void;
}

/** Bytes already in memory as a source. They are not copied until they are read, and must not change. */
export function bytesSource(bytes: Uint8Array, name = "bytes"): ByteSource {
  return {
    name,
    size: bytes.length,
    read(offset, length) {
      expectRange(name, bytes.length, offset, length);
      return new Uint8Array(bytes.subarray(offset, offset + length));
    },
    close() {},
  };
}

/**
 * A file as a source. Whoever opens it closes it.
 *
 * Throws    FaceError BAD_FILE when there is no such file or it cannot be read
 */
export function openFileSource(path: string): ByteSource {
  const file = open(path);
  let closed = false;
  return {
    name: path,
    size: file.size,
    read(offset, length) {
      if (closed)
        throw new FaceError("CLOSED", { where: path, expected: "an open file", got: "one that was closed" });
      expectRange(path, file.size, offset, length);
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const count = readSome(path, file.descriptor, bytes, done, offset + done);
        if (count === 0) {
          throw new FaceError("BAD_FILE", {
            where: `${path}: at offset ${offset + done}`,
            expected: `${length - done} more bytes`,
            got: "the end of a file that was cut short while open",
          });
        }
        done += count;
      }
      return bytes;
    },
    close() {
      if (closed) return;
      closed = true;
      closeSync(file.descriptor);
    },
  };
}

function open(path: string): { readonly descriptor: number; readonly size: number } {
  let descriptor: number;
  expectNoDatabaseInUse(path, "a file of weights");
  try {
    descriptor = openSync(path, "r");
  } catch (cause) {
    const got = systemCode(cause) === "ENOENT" ? "no such file" : reasonOf(cause);
    throw new FaceError("BAD_FILE", { where: path, expected: "a file that can be read", got, cause });
  }
  const stat = fstatSync(descriptor);
  if (!stat.isFile()) {
    closeSync(descriptor);
    const got = stat.isDirectory() ? "a folder" : "something else";
    throw new FaceError("BAD_FILE", { where: path, expected: "a file", got });
  }
  return { descriptor, size: stat.size };
}

function readSome(path: string, descriptor: number, into: Uint8Array, at: number, position: number): number {
  try {
    // One call reads at most 2 GiB on Linux; the caller asks again for the rest.
    return readSync(descriptor, into, at, Math.min(into.length - at, 0x40000000), position);
  } catch (cause) {
    throw new FaceError("BAD_FILE", { where: `${path}: at offset ${position}`, expected: "to read", cause });
  }
}

function expectRange(name: string, size: number, offset: number, length: number): void {
  if (Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0) {
    if (offset <= size && length <= size - offset) return;
  }
  throw new FaceError("BAD_FILE", {
    where: `${name}: at offset ${offset}`,
    expected: `${length} bytes`,
    got: `a file of ${size} bytes`,
  });
}
