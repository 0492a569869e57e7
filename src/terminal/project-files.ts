/** @file The files of a new project, which `wnlstm init` writes. */

/** A file of a project. */
export interface ProjectFile {
  readonly name: string;
  readonly text: string;
}

/** One epoch, which takes some seconds. */
const CONFIG: ProjectFile = {
  name: 'config.json',
  text: `{
  "model": "wn",
  "units": 100,
  "lr": 0.1,
  "clip": 0.5,
  "batch": 64,
  "epochs": 1
}
`,
};

/** Runs of about a second each, with enough seeds for a small p-value. */
const SWEEP: ProjectFile = {
  name: 'sweep.json',
  text: `{
  "name": "first",
  "about": "Does weight normalisation help a small LSTM?",
  "base": { "units": 32, "lr": 0.05, "steps": 300 },
  "arms": {
    "base": { "model": "base" },
    "wn": { "model": "wn" }
  },
  "seeds": 8,
  "comparisons": [["wn", "base"]]
}
`,
};

/**
 * The three commands to run next, in the folder of the project.
 *
 * @param program the command that runs this program, such as `npx wnlstm`
 */
export function nextCommands(program: string): string[] {
  return [`train --config ${CONFIG.name}`, `sweep ${SWEEP.name}`, 'compare first'].map(
    (words) => `${program} ${words}`,
  );
}

/** All files of a project. */
export function projectFiles(program: string): ProjectFile[] {
  return [CONFIG, SWEEP, { name: 'README.md', text: readme(nextCommands(program)) }];
}

function readme(commands: readonly string[]): string {
  const purposes = ['train one model', 'train two models with eight seeds each', 'compare the two models'];
  const width = Math.max(...commands.map(({ length }) => length));
  const lines = commands.map((command, index) => `${command.padEnd(width)}   # ${purposes[index]}`);
  return `# Experiments with wnlstm

Run these commands in this folder:

\`\`\`sh
${lines.join('\n')}
\`\`\`

The first takes some seconds, the second less than a minute on most machines. Each run gets a folder in
\`runs/\`, with its loss and accuracy in CSV files. If you stop a command with Ctrl-C, the same command resumes.

- \`${CONFIG.name}\` has the settings of one run. Each setting is also a flag, such as \`--lr 0.01\`, which
  overrides the file.
- \`${SWEEP.name}\` has the models to compare, the number of seeds, and the comparisons. After the first run
  they are fixed; for another sweep, change the name too.

More commands: \`watch\` shows runs while they train, \`plot\` draws their learning curves, \`eval\` shows which digits
a run gets wrong, and \`ls\` lists runs.
\`help training\` and \`help sweeps\` explain every setting.
`;
}
