import { dirname, join } from "node:path";

/** The user's npm settings (`.npmrc` files and `npm_config_…` variables) as pacote takes them. */
export async function npmOptions(): Promise<Record<string, unknown>> {
  const { default: Config } = await import("@npmcli/config");
  const { definitions, flatten, shorthands } = (await import("@npmcli/config/lib/definitions/index.js"))
    .default;
  const config = new Config({
    npmPath: join(dirname(process.execPath), "..", "lib", "node_modules", "npm"),
    definitions,
    flatten,
    shorthands,
    argv: [],
    warn: false,
  } as unknown as ConstructorParameters<typeof Config>[0]);
  await config.load();
  const options: Record<string, unknown> = { ...config.flat };
  // npm waits ten seconds and more before it tries again; a person waiting for one file should hear sooner.
  if (config.isDefault("fetch-retries"))
    options["retry"] = { retries: 1, factor: 2, minTimeout: 500, maxTimeout: 2000 };
  return options;
}
