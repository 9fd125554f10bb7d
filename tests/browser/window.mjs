// A browser window for a person: an ordinary Chromium that trusts the demo, until it is closed.

import { spawn } from 'node:child_process';
import { executable, flags, prepare } from './chromium.mjs';

/** Resolves with Chromium's exit code once the window is closed. */
export async function openWindow({ url, ca, profile }) {
  const { dataDir, env } = await prepare(profile, ca);
  const args = [...flags(), `--user-data-dir=${dataDir}`, '--new-window', url];
  // Its own process group: Debian's chromium is a shell script, and all of it must end with us.
  const browser = spawn(await executable(), args, { env, stdio: 'ignore', detached: true });
  const end = () => {
    try {
      process.kill(-browser.pid, 'SIGTERM');
    } catch {
      // Already gone.
    }
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  process.once('exit', end);
  return new Promise((resolve, reject) => {
    browser.once('error', reject);
    browser.once('exit', (code) => resolve(code ?? 0));
  });
}
