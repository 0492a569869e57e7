// Removes from dist/ what was compiled from a source that is gone, so that it is neither tested nor packed. The rest stays
// in place: a run that is going on loads its code from there.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
for (const entry of readdirSync(join(root, 'dist'), { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath ?? entry.path, entry.name); // Node 20.11 has only the older name
  const source = path.replace(join(root, 'dist'), join(root, 'src')).replace(/\.js(\.map)?$/, '.ts');
  if (!entry.isDirectory() && !existsSync(source)) rmSync(path);
}
