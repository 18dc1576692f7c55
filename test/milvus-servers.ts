/** A Milvus server of the tests. */
export interface MilvusServer {
  readonly name: string;
  /** The server's address; undefined when there is none. */
  readonly address: string | undefined;
  /** Says why its tests are skipped; undefined when they are not. */
  readonly missing: string | undefined;
}

/** The engine itself, and the small one that speaks its protocol. */
export const MILVUS_SERVERS: readonly MilvusServer[] = [
  serverOf("Milvus", "ARCFACE_TEST_MILVUS"),
  serverOf("Milvus Lite", "ARCFACE_TEST_MILVUS_LITE"),
];

function serverOf(name: string, variable: string): MilvusServer {
  const address = process.env[variable];
  const missing =
    address === undefined
      ? `${variable} names no server; "tools/test-servers start FILE" starts one`
      : undefined;
  return { name, address, missing };
}
