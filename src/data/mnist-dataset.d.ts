/** @file Types of the used function of the untyped package `mnist-dataset`. */
declare module 'mnist-dataset' {
  /** Downloads a gzip file over http and unpacks it. */
  export const gunzipUrl: (url: string) => Promise<Buffer>;
}
