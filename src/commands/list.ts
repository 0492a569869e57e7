/** @file The list of commands. */

import type { Configure } from '../terminal/io.js';

/** The commands, in the order of the help. The code of a command is loaded only when it is called, so that help is fast. */
export const COMMANDS: readonly {
  readonly name: string;
  readonly summary: string;
  /** The document about the command, for `wnlstm help`. */
  readonly document?: string;
  readonly load: () => Promise<{ readonly configure: Configure }>;
}[] = [
  {
    name: 'train',
    summary: 'train a model, or resume its run if it was stopped',
    document: 'training',
    load: () => import('./train.js'),
  },
  {
    name: 'sweep',
    summary: 'train every run of a sweep file: arms x grid x seeds',
    document: 'sweeps',
    load: () => import('./sweep.js'),
  },
  {
    name: 'work',
    summary: 'train the runs of a planned sweep that no other process has',
    document: 'clusters',
    load: () => import('./work.js'),
  },
  {
    name: 'resume',
    summary: 'resume a run that was stopped',
    document: 'training',
    load: () => import('./resume.js'),
  },
  {
    name: 'extend',
    summary: 'train a finished run for more epochs, as a new run',
    document: 'training',
    load: () => import('./extend.js'),
  },
  {
    name: 'watch',
    summary: 'watch runs while they train: live curves and a table',
    document: 'watch',
    load: () => import('./watch.js'),
  },
  { name: 'ls', summary: 'list runs', load: () => import('./ls.js') },
  { name: 'show', summary: 'show a run and its epochs', load: () => import('./show.js') },
  {
    name: 'eval',
    summary: 'evaluate a run: confusion matrix, classes and mistakes',
    document: 'evaluate',
    load: () => import('./eval.js'),
  },
  {
    name: 'predict',
    summary: 'classify images with the weights of a run',
    document: 'evaluate',
    load: () => import('./predict.js'),
  },
  {
    name: 'reproduce',
    summary: 'train a run again and compare every bit of its results',
    document: 'guarantees',
    load: () => import('./reproduce.js'),
  },
  {
    name: 'verify',
    summary: 'check the files of runs, without training',
    document: 'guarantees',
    load: () => import('./verify.js'),
  },
  {
    name: 'diff',
    summary: 'show what differs between two runs',
    document: 'training',
    load: () => import('./diff.js'),
  },
  {
    name: 'compare',
    summary: 'compare models over seeds: intervals, tests and verdicts',
    document: 'compare',
    load: () => import('./compare.js'),
  },
  {
    name: 'plot',
    summary: 'plot the learning curves of runs',
    document: 'figures',
    load: () => import('./plot.js'),
  },
  {
    name: 'export',
    summary: 'write runs for other programs, such as TensorBoard',
    document: 'export',
    load: () => import('./export.js'),
  },
  {
    name: 'rm',
    summary: 'remove runs and sweeps',
    document: 'training',
    load: () => import('./rm.js'),
  },
  {
    name: 'init',
    summary: 'write a small project: a config, a sweep file and a README',
    document: 'training',
    load: () => import('./init.js'),
  },
  { name: 'data', summary: 'download MNIST from a mirror', load: () => import('./data.js') },
  {
    name: 'setup',
    summary: 'install TensorFlow for the tensorflow backend',
    document: 'tensorflow',
    load: () => import('./setup.js'),
  },
  {
    name: 'doctor',
    summary: 'check what works on this machine, and how to fix what does not',
    document: 'backends',
    load: () => import('./doctor.js'),
  },
  {
    name: 'bench',
    summary: 'measure the time of a training step on this machine',
    document: 'speed',
    load: () => import('./bench.js'),
  },
  {
    name: 'config',
    summary: 'print the JSON Schema of config files',
    load: () => import('./config.js'),
  },
  {
    name: 'help',
    summary: 'show the help of a command, or a document',
    load: () => import('./help.js'),
  },
];
