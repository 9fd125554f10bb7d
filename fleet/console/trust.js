// Notices that this browser does not trust the appliances' certificates, and says what to do.
//
// A page cannot learn why a fetch failed. But when the fleet sees appliances alive and this browser
// reaches none of them, not even for an opaque answer, an unknown certificate authority is by far
// the likeliest reason.

import { element } from './element.js';
import { caCertificate } from './fleet-client.js';

const DEADLINE_MS = 4000;

export class Trust {
  constructor(notice) {
    this.notice = notice;
    this.trusted = false;
  }

  /** Asks until one appliance has answered; one is enough, for all have the same authority. */
  async check(appliances) {
    if (this.trusted || this.checking) return;
    const live = appliances.filter((appliance) => appliance.state === 'live' && appliance.base_url);
    if (live.length === 0) return;
    this.checking = true;
    const answers = await Promise.all(live.map(({ base_url }) => reaches(base_url)));
    this.checking = false;
    this.trusted = answers.some(Boolean);
    if (this.trusted) this.notice.hidden = true;
    else if (this.notice.hidden) await this.explain(live[0]);
  }

  async explain(appliance) {
    const pem = await caCertificate().catch(() => null);
    const fingerprint = pem && (await sha256Fingerprint(pem).catch(() => null));
    this.notice.replaceChildren(
      element('h2', {}, 'Your browser refuses the appliances'),
      element('p', {}, 'The fleet sees them alive, but this browser reaches none of them. Most likely it ',
        'does not know the certificate authority that this demo made for itself. Either:'),
      element('ul', {},
        element('li', {}, 'run ', element('code', {}, 'make demo OPEN=1'),
          ': it opens a browser of its own that trusts the demo, and leaves yours alone;'),
        element('li', {}, 'or import ', element('a', { href: '/ca.pem', download: 'headend-demo-ca.pem' }, 'the demo’s certificate'),
          ' as an authority for web sites, and remove it after the demo;'),
        element('li', {}, 'or open ', element('a', { href: appliance.base_url, target: '_blank', rel: 'noopener' }, appliance.name),
          ' and each other appliance once, and accept the warning.')),
      fingerprint && element('p', {}, 'Compare its SHA-256 fingerprint with what the demo printed: ', element('code', {}, fingerprint)),
    );
    this.notice.hidden = false;
  }
}

async function reaches(url) {
  try {
    await fetch(url, { mode: 'no-cors', cache: 'no-store', signal: AbortSignal.timeout(DEADLINE_MS) });
    return true;
  } catch {
    return false;
  }
}

/** Of the first certificate in the file, written as `openssl x509 -fingerprint -sha256` writes it. */
async function sha256Fingerprint(pem) {
  const base64 = /-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(pem)[1].replace(/\s/g, '');
  const der = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', der));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':');
}
