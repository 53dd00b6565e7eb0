import { type Browser, chromium } from 'playwright-core';
import { requireProgram } from './debian.ts';

/** Debian's Chromium, or why it cannot be had; with CI=true it is there or this throws. */
export function requireBrowser() {
  return requireProgram('chromium', 'chromium');
}

/** Starts it with nothing that talks to the internet by itself. Close it at the end. */
export function startBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
