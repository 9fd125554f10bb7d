// The three things this page asks of the fleet that serves it.

import { token } from './session.js';

const DEADLINE_MS = 5000;

/** The fleet does not know who asks. */
export class NotKnown extends Error {}

export async function titles() {
  return (await get('/api/v1/titles')).items;
}

export async function appliances() {
  return (await get('/api/v1/appliances')).items;
}

/** The demo's certificate authority as PEM text, or null where the fleet has none to offer. */
export async function caCertificate() {
  const response = await fetch('/ca.pem', { cache: 'no-store', signal: AbortSignal.timeout(DEADLINE_MS) });
  return response.ok ? response.text() : null;
}

async function get(path) {
  const headers = { Authorization: `Bearer ${token()}` };
  const response = await fetch(path, { headers, cache: 'no-store', signal: AbortSignal.timeout(DEADLINE_MS) });
  if (response.status === 401) throw new NotKnown();
  if (!response.ok) throw new Error(`the fleet answered ${response.status} to ${path}`);
  return response.json();
}
