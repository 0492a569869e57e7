// Removes files from dist/ whose source no longer exists, so that they are neither tested nor packed. All other files stay
// in place, because a running program loads its code from there.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
for (const entry of readdirSync(join(root, 'dist'), { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath ?? entry.path, entry.name); // Node 20.11 has only the older property `path`
  const source = path.replace(join(root, 'dist'), join(root, 'src')).replace(/\.js(\.map)?$/, '.ts');
  if (!entry.isDirectory() && !existsSync(source)) rmSync(path);
}
