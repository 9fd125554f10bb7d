// How Chromium is started: which one, with which flags, in which HOME.

import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { trustAuthority } from './trust-store.mjs';

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export async function executable() {
  for (const path of [process.env.CHROMIUM, ...CANDIDATES].filter(Boolean)) {
    try {
      await access(path);
      return path;
    } catch {
      // Try the next one.
    }
  }
  throw new Error('no Chromium found (Debian: chromium); set CHROMIUM to its path');
}

export function flags() {
  return [
    // Playback must start without a click.
    '--autoplay-policy=no-user-gesture-required',
    // Appliances speak TCP; no time lost on finding out.
    '--disable-quic',
    // Nothing but the demo's own traffic, and no questions at the first start.
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // The stall meter ticks ten times a second, also in a window that lies behind another.
    '--disable-background-timer-throttling',
    '--disable-backgrounding-occluded-windows',
    '--disable-renderer-backgrounding',
    // Chromium's sandbox refuses to run as root, which is what containers and CI machines are.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ];
}

/** Makes the profile folder; returns Chromium's data folder in it and the environment to start with. */
export async function prepare(profile, ca) {
  await mkdir(profile, { recursive: true });
  if (ca) await trustAuthority(profile, ca);
  return {
    dataDir: join(profile, 'chromium'),
    env: { ...process.env, HOME: profile, XDG_CONFIG_HOME: join(profile, '.config'), XDG_CACHE_HOME: join(profile, '.cache') },
  };
}
