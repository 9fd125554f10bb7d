// Gives one Chromium, and no other, more certificate authorities.
//
// On Linux Chromium reads additional authorities from the NSS database in its HOME, so a HOME of its
// own keeps the user's browsers untouched. Needs certutil (Debian: libnss3-tools).

import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DEADLINE_MS = 15000;
const NICKNAME = 'headend-demo-ca';

/** `home` becomes a HOME whose Chromium trusts the authorities in the PEM file `ca` for web sites. */
export async function trustAuthority(home, ca) {
  const database = join(home, '.pki', 'nssdb');
  await mkdir(database, { recursive: true });
  const certutil = (...args) => run('certutil', ['-d', `sql:${database}`, ...args], { timeout: DEADLINE_MS });
  try {
    await certutil('-N', '--empty-password').catch(alreadyThere);
    // certutil takes one certificate at a time.
    const pems = (await readFile(ca, 'utf8')).match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    for (const [at, pem] of pems.entries()) {
      const [name, file] = [`${NICKNAME}-${at}`, join(home, `authority-${at}.pem`)];
      await writeFile(file, `${pem}\n`);
      // A profile that is used again may hold the authority of an earlier demo under this name.
      await certutil('-D', '-n', name).catch(notThere);
      await certutil('-A', '-n', name, '-t', 'C,,', '-i', file);
    }
  } catch (error) {
    if (error.code === 'ENOENT') throw new Error('certutil is not installed (Debian: libnss3-tools)');
    throw new Error(`certutil: ${(error.stderr || error.message).trim()}`);
  }
}

function alreadyThere(error) {
  if (error.code === 'ENOENT') throw error;
}

function notThere(error) {
  if (error.code === 'ENOENT') throw error;
}
