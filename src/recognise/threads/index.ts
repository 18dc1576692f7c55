/** The pool of threads that recognizers work in, for chapters above that bring workers of their own. */
export { OrderedPool } from "../ordered-pool.ts";
