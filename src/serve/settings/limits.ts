/** The bounds of what one service takes; each has a flag of `arcface serve`. */
export interface Limits {
  /** Bytes of a request's body. */
  readonly bodyBytes: number;
  /** Pixels of a picture. */
  readonly pixels: number;
  /** Faces of a picture that are answered for; a picture with more is refused. */
  readonly faces: number;
  /** Milliseconds in which a request's body has to arrive. */
  readonly bodyMs: number;
  /** Milliseconds after which the answer is 503 instead. */
  readonly requestMs: number;
  /** Pictures that wait for a worker; beyond it the answer is 503 at once. */
  readonly waiting: number;
  /** Pictures handed to a worker at once when several wait. */
  readonly batch: number;
  /** Requests a second of one key, on average; as many at once as come in two seconds. */
  readonly requestsPerSecond: number;
}

/** The bounds where nobody says otherwise. */
export const LIMITS: Limits = {
  bodyBytes: 32 * 2 ** 20,
  pixels: 50_000_000,
  faces: 1000,
  bodyMs: 30_000,
  requestMs: 60_000,
  waiting: 256,
  batch: 4,
  requestsPerSecond: 50,
};
