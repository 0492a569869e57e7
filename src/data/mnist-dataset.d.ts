/** @file The part of the untyped package that is used here. */
declare module 'mnist-dataset' {
  /** Fetches over http and unpacks. */
  export const gunzipUrl: (url: string) => Promise<Buffer>;
}
