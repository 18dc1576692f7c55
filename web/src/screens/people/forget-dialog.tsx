import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Failure } from "../../parts/failure.tsx";
import { ask, type ClientAnswer, refreshCollections } from "../../service.ts";
import { counted } from "../../words.ts";
import type { Person } from "./everybody.ts";

type Receipt = ClientAnswer<"forget">;

interface ForgetDialogProps {
  readonly collection: string;
  readonly person: Person;
  /** @param forgotten true if it was done */
  readonly onClose: (forgotten: boolean) => void;
}

/** Removes a person for good: asks first, then shows what was removed and where it was searched for afterwards. */
export function ForgetDialog({ collection, person: { id, name, faces }, onClose }: ForgetDialogProps) {
  const sure = useSignal(false);
  const busy = useSignal(false);
  const failed = useSignal<unknown>(undefined);
  const receipt = useSignal<Receipt | undefined>(undefined);
  const forget = async (): Promise<void> => {
    busy.value = true;
    failed.value = undefined;
    try {
      receipt.value = await ask("forget", { collection, persons: [id] });
      void refreshCollections();
    } catch (thrown) {
      failed.value = thrown;
    }
    busy.value = false;
  };
  if (receipt.value) return <ReceiptDialog receipt={receipt.value} onClose={() => onClose(true)} />;
  return (
    <Dialog title={`Forget ${name}`} {...(!busy.value && { onClose: () => onClose(false) })}>
      <div class="stack">
        <p>
          Everything that is kept of {name} is removed: {counted(faces, "face")} with vectors and crops, the
          name, and what the log says of them. The files are searched for it afterwards.
        </p>
        <p>
          <b>This cannot be undone.</b> To take somebody out so that they can come back, delete them instead.
        </p>
        <label class="row">
          <input
            type="checkbox"
            checked={sure.value}
            onChange={({ currentTarget }) => {
              sure.value = currentTarget.checked;
            }}
          />
          I want {name} to be forgotten for good
        </label>
        {failed.value !== undefined && <Failure thrown={failed.value} />}
        <footer>
          <Button disabled={busy.value} onClick={() => onClose(false)}>
            Cancel
          </Button>
          <Button class="alarming" disabled={!sure.value || busy.value} onClick={() => void forget()}>
            {busy.value ? "Forgetting …" : "Forget for good"}
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}

function ReceiptDialog({ receipt, onClose }: { readonly receipt: Receipt; readonly onClose: () => void }) {
  const { at, people, faces, crops, logEffects, searched, notProven, finished, proven } = receipt;
  const file = useSignal<string | undefined>(undefined);
  useEffect(() => {
    const url = URL.createObjectURL(
      new Blob([JSON.stringify(receipt, undefined, 2)], { type: "application/json" }),
    );
    file.value = url;
    return () => URL.revokeObjectURL(url);
  }, [receipt]);
  const names = people.flatMap((each) => each.names);
  const bytes = searched.reduce((sum, each) => sum + each.bytes, 0);
  const hits = searched.reduce((sum, each) => sum + each.hits, 0);
  return (
    <Dialog title={`${names.join(", ")}: forgotten`} onClose={onClose}>
      <div class="stack receipt">
        <p>
          {proven
            ? "It is proven: the files were searched for every name, vector and crop, and hold none."
            : finished
              ? "It is done, but not everything could be searched."
              : "It is not finished: something of it is still found. Forget them again."}
        </p>
        <dl>
          <dt>When</dt>
          <dd>{new Date(at).toLocaleString("en")}</dd>
          <dt>Removed</dt>
          <dd>
            {counted(faces, "face")}, {counted(crops, "crop")}, {counted(logEffects, "entry", "entries")} of
            the log
          </dd>
          <dt>Searched</dt>
          <dd>
            {counted(searched.length, "file")}, {counted(bytes, "byte")}: {counted(hits, "find")}
          </dd>
        </dl>
        {notProven.length > 0 && (
          <ul class="small">
            {notProven.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        )}
        <footer>
          {file.value !== undefined && (
            <a class="button" href={file.value} download="forgotten.json">
              Keep the receipt
            </a>
          )}
          <Button look="first" onClick={onClose}>
            Close
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}
