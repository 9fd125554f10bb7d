// The table of appliances: what each holds, where that came from, and what it served this viewer.

import { element } from './element.js';
import { bytes } from './format.js';

const STATE_WORDS = { live: 'live', late: 'late', silent: 'silent', 'never-seen': 'never seen' };

export class ApplianceTable {
  constructor(body, colours) {
    this.body = body;
    this.colours = colours;
  }

  draw(appliances, state) {
    if (appliances.length === 0) {
      this.body.replaceChildren(element('tr', {}, element('td', { colspan: 7 }, 'The fleet knows no appliance yet.')));
      return;
    }
    this.body.replaceChildren(...appliances.map((appliance) => this.row(appliance, state)));
  }

  row(appliance, state) {
    const host = hostOf(appliance.base_url);
    const served = state?.segmentsByHost[host];
    const serving = Boolean(host) && state?.servingHost === host;
    return element('tr', { class: serving ? 'serving' : null },
      element('th', { scope: 'row' },
        element('span', { class: `swatch ${served ? this.colours.of(host) : ''}` }),
        appliance.name, serving ? ' – serving you' : null),
      element('td', {}, appliance.site),
      element('td', {}, element('span', { class: `state ${appliance.state}` }, STATE_WORDS[appliance.state] ?? appliance.state)),
      element('td', {}, ...held(appliance)),
      element('td', { class: 'number' }, bytes(appliance.bytes_held)),
      element('td', {}, origin(appliance)),
      element('td', { class: 'number' }, served ? `${served.count} segments, ${bytes(served.bytes)}` : '–'));
  }
}

function held({ objects_held, objects_wanted }) {
  if (!(objects_wanted > 0)) return ['–'];
  const share = `${objects_held} of ${objects_wanted}`;
  return [element('meter', { min: 0, max: objects_wanted, value: objects_held, 'aria-label': share }), share];
}

function origin({ bytes_from_peer, bytes_from_origin }) {
  if (!bytes_from_peer && !bytes_from_origin) return '–';
  return `peer ${bytes(bytes_from_peer ?? 0)}, origin ${bytes(bytes_from_origin ?? 0)}`;
}

function hostOf(url) {
  try {
    return new URL(url).hostname;
  } catch {
    return null;
  }
}
