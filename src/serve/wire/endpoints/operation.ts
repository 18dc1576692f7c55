import { z } from "zod";
import { bytes, endpoint, gives, none, nothing } from "../endpoint.ts";
import * as wire from "../schemas.ts";

/** Questions of those who run the service. */
export const OPERATION = {
  health: endpoint({
    method: "get",
    path: "/healthz",
    role: null,
    summary: "Whether the process answers.",
    params: nothing,
    query: nothing,
    body: none,
    answer: gives(wire.Ok),
  }),
  ready: endpoint({
    method: "get",
    path: "/readyz",
    role: null,
    summary: "Whether work is taken: galleries answer, and the service is not being stopped. 503 when not.",
    params: nothing,
    query: nothing,
    body: none,
    answer: gives(wire.Ready),
  }),
  metrics: endpoint({
    method: "get",
    path: "/metrics",
    role: "read",
    summary: "Figures for Prometheus.",
    params: nothing,
    query: nothing,
    body: none,
    answer: bytes("text/plain"),
  }),
  model: endpoint({
    method: "get",
    path: "/v1/model",
    role: "read",
    summary: "The pipeline that makes vectors, and its calibration with its curves.",
    params: nothing,
    query: z.strictObject({ collection: wire.collectionName.optional() }),
    body: none,
    answer: gives(wire.ModelAnswer),
  }),
} as const;
