// Preloaded: kills the process (SIGKILL) at the moment when it writes to standard output for the first time.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { writeSync } = fs;
fs.writeSync = (descriptor, ...rest) => {
  if (descriptor === 1) process.kill(process.pid, "SIGKILL");
  return writeSync(descriptor, ...rest);
};
syncBuiltinESMExports();
