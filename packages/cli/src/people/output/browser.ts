import { spawn } from 'node:child_process';

/** An opener that is still running by then has opened something. */
const STARTED_MS = 2_000;

/**
 * Opens an address in the person's browser: `BROWSER`, else the system's own way. False: there is no browser here, e.g.
 * over SSH or without a desktop.
 */
export async function openInBrowser(url: string): Promise<boolean> {
  const opener = openerOf(process.env, process.platform);
  if (opener === undefined || !/^https?:\/\//.test(url)) return false;
  const [program, ...args] = opener;
  return new Promise((resolve) => {
    const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true });
    const timer = setTimeout(() => {
      child.unref();
      resolve(true);
    }, STARTED_MS);
    const settle = (opened: boolean): void => {
      clearTimeout(timer);
      resolve(opened);
    };
    child.once('error', () => settle(false));
    child.once('exit', (code) => settle(code === 0));
  });
}

/** Whether an address can be opened here at all. */
export function hasBrowser(): boolean {
  return openerOf(process.env, process.platform) !== undefined;
}

/** The command that opens an address; undefined where no screen is. */
export function openerOf(
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): readonly [program: string, ...args: string[]] | undefined {
  const own = env['BROWSER']?.trim();
  // Some set it to a list with colons, whose first is meant.
  if (own !== undefined && own !== '') {
    const [program = '', ...args] = (own.split(':')[0] ?? '').split(/\s+/);
    return [program, ...args.filter((arg) => arg !== '%s')];
  }
  if (platform === 'darwin') return ['open'];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  const screen = env['DISPLAY'] ?? env['WAYLAND_DISPLAY'] ?? '';
  return screen === '' ? undefined : ['xdg-open'];
}
