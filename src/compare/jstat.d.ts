/** @file The part of the untyped package that is used here. */
declare module 'jstat' {
  const library: {
    readonly jStat: {
      /** Quantile and distribution functions. */
      readonly studentt: { inv(probability: number, degreesOfFreedom: number): number };
      readonly normal: { cdf(x: number, mean: number, deviation: number): number };
      /** Logarithm of the gamma function. */
      readonly gammaln: (x: number) => number;
    };
  };
  export = library;
}
