/** @file The end of the help of the program. */

/** Examples and exit codes. */
export const EPILOGUE = `
Examples:
  wnlstm train --config smoke           the smallest run
  wnlstm train --model wn --clip 0.5    the article's model
  wnlstm sweep article --dry-run        the article's runs
  wnlstm show                           the newest run

Exit codes:
  0    success
  1    a run failed, or doctor reports "Not ready"
  2    wrong usage, config or data; nothing was started
  3    verify, reproduce or compare --fail-on failed
  4    the loss of a run became infinite or NaN
  75   a sweep was stopped, or a run by SIGUSR1 or SIGUSR2
  129  stopped by SIGHUP
  130  stopped by Ctrl-C
  131  stopped by SIGQUIT
  143  stopped by SIGTERM
  152  stopped by SIGXCPU
After 75 or more, run the same command to resume.
`;
