export const PostgresStore: never = undefined as never;
