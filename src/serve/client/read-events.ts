/** An event of a stream: the last line of its id, and its data. */
export interface StreamEvent {
  readonly id: string | undefined;
  readonly data: string;
}

/**
 * The events of a body of `text/event-stream`, as they come.
 *
 * Source    html.spec.whatwg.org, "Interpreting an event stream"
 */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let id: string | undefined;
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      // An event that was not ended by an empty line did not come whole.
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const lines = text.split(/\r\n|\n|\r(?!$)/);
      text = lines.pop()!;
      for (const line of lines) {
        const [, field, rest = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!;
        if (field === "id") id = rest;
        else if (field === "data") data.push(rest);
        else if (line === "" && data.length > 0) {
          yield { id, data: data.join("\n") };
          data = [];
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
