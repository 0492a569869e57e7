/** @file The part of the untyped package that is used here. */
declare module 'jstat' {
  const library: {
    readonly jStat: {
      /** Quantile functions. */
      readonly studentt: { inv(probability: number, degreesOfFreedom: number): number };
      readonly normal: { inv(probability: number, mean: number, deviation: number): number };
    };
  };
  export = library;
}
