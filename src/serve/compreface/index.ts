export { COMPREFACE } from "./routes.ts";
