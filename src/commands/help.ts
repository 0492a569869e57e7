/** @file `wnlstm help`: the help of a command, or a document of the package, or both if they have the same name. */

import { readFileSync } from 'node:fs';
import { bundledNames, bundledPath } from '../bundled-files.js';
import { EXIT, UserError } from '../errors.js';
import type { Configure } from '../terminal/io.js';
import { nearest } from '../text/nearest.js';

export const configure: Configure = (command, io, run) => {
  command.argument('[topic...]', 'a command or a document').action(
    run((topic: readonly string[]) => {
      const program = command.parent ?? command;
      const subject = topic.reduce<typeof program | undefined>(
        (parent, name) => parent?.commands.find((each) => each.name() === name),
        program,
      );
      const name = topic.join(' ');
      if (subject) subject.outputHelp();
      if (subject && bundledNames('document').includes(name)) io.out('');
      if (!subject || bundledNames('document').includes(name)) {
        const commands = program.commands.map((each) => each.name());
        io.out(readDocument(name, commands).trimEnd());
      }
      return EXIT.done;
    }),
  );
};

function readDocument(topic: string, commands: readonly string[]): string {
  const documents = bundledNames('document');
  if (documents.includes(topic)) return readFileSync(bundledPath('document', topic), 'utf8');
  const near = nearest(topic, [...commands, ...documents]);
  throw new UserError('E_USAGE', `There is no command or document called ${topic}${near}.`, {
    hint: `The documents are ${documents.join(', ')}. For the commands, see \`wnlstm --help\`.`,
  });
}
