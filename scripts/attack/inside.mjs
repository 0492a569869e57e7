// A child process that calls the program many times without restarting, which is ten times as fast. It receives arguments
// and answers with the exit code and the output. If the library of fault.c is loaded, a call can carry a fault.
import koffi from 'koffi';
import { main } from '../../dist/cli.js';

const library = process.env.LD_PRELOAD;
const arm = library
  ? koffi
      .load(library)
      .func('void fault_arm(const char *, const char *, const char *, int, int, const char *)')
  : null;

const printed = { out: '', err: '' };
process.stdout.write = (text) => {
  printed.out += text;
  return true;
};
process.stderr.write = (text) => {
  printed.err += text;
  return true;
};

process.on('message', async ({ argv, fault }) => {
  printed.out = '';
  printed.err = '';
  let code = null;
  let thrown = '';
  try {
    if (fault) arm(fault.path, fault.only ?? '', fault.how, fault.at, fault.errno ?? 0, fault.log ?? '');
    code = await main(argv);
  } catch (error) {
    thrown = String(error?.stack ?? error);
  } finally {
    arm?.('', '', 'count', 0, 0, '');
  }
  process.send({ code, thrown, ...printed });
});
process.on('disconnect', () => process.exit());
process.on('unhandledRejection', (error) => {
  process.send({ code: null, thrown: `unhandled: ${error?.stack ?? error}`, ...printed });
});
process.send('ready');
