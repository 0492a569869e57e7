/** @file What the server and the page send to each other. Numbers that are not finite are null in JSON and NaN in binary rows. */

/** The status of a run as `wnlstm ls` shows it; `damaged` if its files cannot be read. */
export type RunStatus = 'running' | 'completed' | 'interrupted' | 'failed' | 'diverged' | 'stale' | 'damaged';

/** The CSV files of a run. */
export type RowsFile = 'steps.csv' | 'metrics.csv';
export const rowsFiles = ['steps.csv', 'metrics.csv'] as const satisfies readonly RowsFile[];

/** A value of a config. */
export type ConfigValue = string | number | null;

/** A run in the list. */
export interface RunInfo {
  /** The path of its folder, relative to the folder of all runs. It is unique. */
  readonly key: string;
  /** The name of its sweep; empty if it belongs to none. */
  readonly group: string;
  /** The name of its arm, unique in its group; null if the plan has no such arm, or the run is damaged. */
  readonly arm: string | null;
  readonly status: RunStatus;
  readonly seed: number | null;
  readonly step: number;
  /** Null if it is unknown. */
  readonly totalSteps: number | null;
  /** Steps of an epoch; null if they are unknown: for user data before the first complete epoch. */
  readonly stepsPerEpoch: number | null;
  readonly valAccuracy: number | null;
  readonly bestValAccuracy: number | null;
  readonly testAccuracy: number | null;
  /** Seconds of training; null without a summary. */
  readonly seconds: number | null;
  /** Time in ISO 8601; empty for a damaged run. */
  readonly startedAt: string;
  /** The machine, backend, device and arithmetic. */
  readonly environment: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, ConfigValue>>;
  /** Why it failed, or what is damaged; null otherwise. */
  readonly problem: string | null;
  readonly hasLog: boolean;
}

/** A sweep. */
export interface GroupInfo {
  readonly name: string;
  readonly about: string | null;
  /** The names of its arms in the order of the plan. */
  readonly arms: readonly string[];
  /** The number of runs that the plan has. */
  readonly planned: number;
  /** The estimated seconds until its runs end; null if none is training, or there is no estimate. */
  readonly secondsLeft: number | null;
  /** Why its plan cannot be read, or null. */
  readonly problem: string | null;
}

/** The event `runs`: the runs that are new or have changed. */
export interface RunsEvent {
  /** Whether `runs` is the complete list, and not only what has changed. */
  readonly complete: boolean;
  readonly runs: readonly RunInfo[];
  /** The keys of runs that are gone. */
  readonly removed: readonly string[];
  /** All sweeps. */
  readonly groups: readonly GroupInfo[];
}

/** An element of the event `rows`, which is a list: rows that were appended to a file, or all its rows if the file was replaced. */
export interface RowsEvent {
  readonly run: string;
  readonly file: RowsFile;
  /** Rises when the file is replaced; rows of another version are then void. */
  readonly version: number;
  /** The index of the first row. */
  readonly from: number;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (number | null)[])[];
}

/** The event `start`, which comes first. */
export interface StartEvent {
  /** The folder of the runs. */
  readonly folder: string;
  /** The columns of each file. */
  readonly columns: Readonly<Record<RowsFile, readonly string[]>>;
  /** The colours of arms, and the dashes of lines. */
  readonly styles: readonly { readonly color: string; readonly dash: readonly number[] }[];
}

/** The mean and band of an arm in one column. `low` and `high` are null for a single seed. */
export interface ArmCurve {
  readonly arm: string;
  readonly column: string;
  readonly seeds: number;
  readonly x: readonly number[];
  readonly mean: readonly number[];
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
}

/** The answer with the curves of a sweep's arms. */
export interface CurvesAnswer {
  readonly curves: readonly ArmCurve[];
  /** Whether every arm has its curves with all rows; otherwise a later answer has more. */
  readonly complete: boolean;
  /** The time after which to ask again, in milliseconds. */
  readonly waitMs: number;
}

/** A table of a comparison as rows of text, heading first. */
export interface TableText {
  readonly grid: readonly (readonly string[])[];
  /** The kind of each row below the heading, such as `better`. */
  readonly kinds: readonly string[];
}

/** The answer with a comparison, or the reason why there is none. */
export type ComparisonAnswer =
  | {
      readonly kind: 'comparison';
      readonly tables: readonly TableText[];
      readonly notes: readonly string[];
      readonly footnotes: readonly string[];
      /** The plot of the differences as SVG; null without pairs. */
      readonly svg: string | null;
    }
  | { readonly kind: 'none'; readonly reason: string; readonly hint: string | null };

/** The answer with the log of a run. */
export interface LogAnswer {
  readonly path: string | null;
  readonly text: string;
  /** Whether the text is only the end of the log. */
  readonly cut: boolean;
}
