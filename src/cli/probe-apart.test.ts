import { expect, test } from "vitest";
import { shortReason } from "./probe-apart.ts";

const WHERE =
  "/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 onnxruntime::webgpu::WebGpuContext::Initialize(const onnxruntime::webgpu::WebGpuContextConfig&)::<lambda()> adapter_result.status == wgpu::RequestAdapterStatus::Success was false. ";

test("a machine without a graphics adapter is told so in one plain sentence", () => {
  expect(shortReason(`${WHERE}Failed to get a WebGPU adapter: No supported adapters`)).toBe(
    "not here: no graphics adapter was found",
  );
});

test("any other reason keeps its words and loses its place in the engine's sources", () => {
  expect(shortReason(`${WHERE}Device lost\n  at once`)).toBe("Device lost at once");
  expect(shortReason("it computes wrongly: 1 instead of 45")).toBe("it computes wrongly: 1 instead of 45");
});
