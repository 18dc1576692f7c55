export const MilvusStore: never = undefined as never;
