// @vladmandic/face-api as a peer: SSD MobileNet v1, 68 landmarks, face recognition.
import path from "node:path";
import { packageFolder, require, serve, startWasm } from "./peer.mjs";

const folder = packageFolder("@vladmandic/face-api");
const faceapi = require(path.join(folder, "dist", "face-api.node-wasm.js"));

await startWasm();

const models = path.join(folder, "model");
await faceapi.nets.ssdMobilenetv1.loadFromDisk(models);
await faceapi.nets.faceLandmark68Net.loadFromDisk(models);
await faceapi.nets.faceRecognitionNet.loadFromDisk(models);

await serve(faceapi.version, async (image) => {
  const faces = await faceapi.detectAllFaces(image).withFaceLandmarks().withFaceDescriptors();
  return faces.map(({ descriptor }) => descriptor ?? null);
});
