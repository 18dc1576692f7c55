import { comparable, type Handlers } from "../service.ts";

/** Questions of those who run the service. */
export const OPERATION: Handlers<"health" | "ready" | "metrics" | "model"> = {
  health: async () => ({ ok: true }),

  ready: async (service) => {
    const collections: Record<string, "ok" | "unreachable"> = {};
    for (const { name, gallery } of service.collections.values())
      collections[name] = await gallery.records.latest().then(
        () => "ok" as const,
        () => "unreachable" as const,
      );
    const stopping = service.isStopping();
    const ready = !stopping && Object.values(collections).every((state) => state === "ok");
    let waiting = 0;
    const recognitions = new Set([
      service.recognition,
      ...[...service.collections.values()].map((each) => each.recognition),
    ]);
    for (const recognition of recognitions) waiting += service.queueOf(recognition).waiting;
    const answer = { ready, stopping, waiting, collections };
    return ready ? answer : Response.json(answer, { status: 503 });
  },

  metrics: async ({ metrics }) => {
    const { type, text } = await metrics.text();
    return new Response(text, { headers: { "Content-Type": type } });
  },

  model: async (service, { caller, query }) => {
    const { collection } = query;
    const { model, dimension, pipeline, calibration, uncalibrated } =
      collection === undefined
        ? service.recognition
        : comparable(service, { caller, params: { collection } }).recognition;
    return {
      model,
      dimension,
      pipeline: { ...pipeline },
      calibration: calibration ? { ...calibration } : null,
      uncalibrated: uncalibrated ?? null,
    };
  },
};
