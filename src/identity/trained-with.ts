import { basename, extname } from "node:path";
import type { IdentityJudge } from "./judge.ts";

/** Other names that networks go by in papers and training scripts. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  "w600k-r50": ["buffalo-l", "w600k_r50.onnx"],
  "glintr100.onnx": ["antelopev2", "antelope", "instantid", "glintr100"],
  "ir-se-50": ["psp", "e4e", "faceshifter", "irse50", "model_ir_se50.pth", "ir_se50"],
  "fr-feature-512": ["fr_feature", "fr_feature.onnx"],
  "simswap-arcface": ["simswap", "arcface_checkpoint.tar"],
};

/** True if a judge's network is the one that a name means: a card, a file, a family, or what papers call it. */
export function isCalled(judge: IdentityJudge, name: string): boolean {
  const file = basename(judge.spec.model);
  const own = [
    judge.model,
    judge.model.replace(/@[0-9a-f]+$/, ""),
    file,
    file.slice(0, file.length - extname(file).length),
    ...(judge.family === undefined ? [] : [judge.family]),
    ...(judge.match === "other" || judge.match === "any" ? [] : namesOfNetwork(judge)),
  ];
  const aliases = own.flatMap((each) => ALIASES[each] ?? []);
  const asked = plain(name);
  return [...own, ...aliases].some((each) => plain(each) === asked);
}

/** The network of the judge's protocol, where that is what it was given. */
function namesOfNetwork({ spec: { protocol } }: IdentityJudge): string[] {
  const { network } = protocol;
  return network ? [network.family, ...network.files] : [];
}

/** Small letters and digits alone: `IR-SE-50`, `ir_se_50` and `irse50` are one name. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** Sentences about judges that were the training loss; one for a name that none of them has. */
export function trainingWarnings(names: readonly string[], judges: readonly IdentityJudge[]): string[] {
  return names.flatMap((name) => {
    const biased = judges.filter((judge) => isCalled(judge, name));
    if (biased.length === 0)
      return [`none of the judges is ${name}, with which the results' maker was trained`];
    const others = judges.filter((judge) => !biased.includes(judge));
    const advice =
      others.length > 0
        ? `report ${others.map(({ model }) => model).join(" and ")}`
        : "add a judge that it was not trained with (--model)";
    return biased.map(
      ({ model }) =>
        `${model} was the training loss (--trained-with ${name}): its scores are biased, for the results' maker was rewarded for them; ${advice}`,
    );
  });
}
