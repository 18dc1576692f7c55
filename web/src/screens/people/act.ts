import { ClientError } from "../../../../src/serve/client/index.ts";
import { tell, tellFailure } from "../../parts/toasts.tsx";
import { ask, refreshCollections, sentenceOf } from "../../service.ts";

interface Act {
  readonly collection: string;
  /** The deed in words. */
  readonly done: string;
  readonly how: () => Promise<{ readonly sequence: number }>;
  /** After it was done, failed, or was taken back: what is shown is to be looked at again. */
  readonly again: () => void;
  /** The meaning of a refusal here, where more can be said than the service does. */
  readonly refused?: (thrown: ClientError) => string | undefined;
}

/** Changes the gallery, says so, and offers to take it back. Returns true if it was done. */
export async function act({ collection, done, how, again, refused }: Act): Promise<boolean> {
  try {
    const { sequence } = await how();
    if (sequence === 0) tell("That changed nothing: it was so already.");
    else
      tell(done, {
        undo: async () => {
          try {
            await ask("undo", { collection, sequence });
          } catch (thrown) {
            if (!isConflict(thrown)) throw thrown;
            throw new Error(
              `That cannot be taken back by itself any more: later changes build upon it. ${sentenceOf(thrown)}`,
            );
          } finally {
            again();
            void refreshCollections();
          }
        },
      });
    void refreshCollections();
    return true;
  } catch (thrown) {
    const words = thrown instanceof ClientError ? (refused?.(thrown) ?? conflictInWords(thrown)) : undefined;
    if (words === undefined) tellFailure(thrown);
    else tell(words, { alarm: true });
    return false;
  } finally {
    again();
  }
}

function conflictInWords(thrown: ClientError): string | undefined {
  if (isConflict(thrown))
    return `Somebody else changed this meanwhile, so nothing was done. This is how it stands now. ${sentenceOf(thrown)}`;
  if (thrown.status === 404)
    return "Who or what this was about is not here any more: somebody else moved, merged, deleted or forgot it. Nothing was done.";
  return undefined;
}

function isConflict(thrown: unknown): boolean {
  return thrown instanceof ClientError && thrown.status === 409;
}
