// ssh2's native cipher is bound to one Node version, and fails to load silently under another: build it for
// the Node that runs the checkout.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { npm, quiet } from './npm.mjs';
import { environment, modules, pinnedHeaders } from './runtime.mjs';

const addon = join(modules, 'ssh2', 'lib', 'protocol', 'crypto', 'build', 'Release', 'sshcrypto.node');

/** Builds the cipher unless `node` can load the one that is there; says so when it cannot be built. */
export async function buildCipher(node, env, say) {
  if (!existsSync(join(modules, 'ssh2')) || (await cipherLoads(node))) return;
  // node-gyp asks the first `node` in PATH for its version and takes the headers from nodedir, whatever
  // nodedir the user has set for other work.
  const headers = pinnedHeaders() ?? dirname(dirname(node));
  const here = { ...env, ...environment(), npm_config_nodedir: headers };
  try {
    await npm(['rebuild', 'ssh2', '--no-audit', '--no-fund'], here);
  } catch (error) {
    say(error.message);
  }
  if (!(await cipherLoads(node))) {
    say(
      'no native cipher for ssh2 (it needs a C++ compiler, make and Python): tunnels run at half the speed until you install those, delete node_modules and start again',
    );
  }
}

/** True when `node` can load the cipher that was built. */
export async function cipherLoads(node) {
  if (!existsSync(addon)) return false;
  const { code } = await quiet(node, ['-e', `require(${JSON.stringify(addon)})`], {});
  return code === 0;
}
