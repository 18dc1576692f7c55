import type { Command } from "commander";
import type { Act } from "../act.ts";
import { addLookAlikes } from "./reproduce-lookalikes.ts";
import { addMnist } from "./reproduce-mnist.ts";

/** `arcface reproduce …`: the article's experiments. */
export function reproduceCommand(program: Command, act: Act): void {
  const parent = program
    .command("reproduce")
    .description("repeat the article's experiments on your machine")
    .addHelpText("after", "\nExample:\n  arcface reproduce mnist --out mnist/");
  addMnist(parent, act);
  addLookAlikes(parent, act);
}
