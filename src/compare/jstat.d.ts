/** @file Types for the functions of jstat that are used here; the package has none. */
declare module 'jstat' {
  const library: {
    readonly jStat: {
      readonly studentt: { inv(probability: number, degreesOfFreedom: number): number };
      readonly normal: { cdf(x: number, mean: number, deviation: number): number };
      /** The logarithm of the gamma function. */
      readonly gammaln: (x: number) => number;
    };
  };
  export = library;
}
