export { learningRateAt, type Schedule } from "./run/schedule.ts";
