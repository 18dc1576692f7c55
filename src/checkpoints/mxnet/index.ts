export { isMxnet, readMxnet } from "./read-mxnet.ts";
