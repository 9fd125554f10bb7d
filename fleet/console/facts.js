// The figures beside the picture, and the lists below the timeline.

import { element } from './element.js';
import { applianceName, bitrate, seconds } from './format.js';

const byId = (id) => document.getElementById(id);

export class Facts {
  constructor(colours) {
    this.colours = colours;
    this.shownSwitches = -1;
    this.shownErrors = -1;
    this.shownHosts = '';
  }

  draw(state) {
    const host = state.servingHost;
    byId('serving').textContent = host ? applianceName(host) : 'nobody yet';
    byId('serving').parentElement.className = `fact wide ${host ? this.colours.of(host) : ''}`;
    byId('rendition').textContent = state.rendition ?? '–';
    byId('bitrate').textContent = bitrate(state.bitrate_bps);
    byId('buffer').textContent = seconds(state.bufferSeconds);
    byId('stalls').textContent = state.stalls === 0 ? 'none' : `${state.stalls}, ${seconds(state.stallSeconds)}`;
    byId('stall-fact').className = `fact ${state.stalls > 0 ? 'bad' : ''}`;
    this.drawLists(state);
  }

  /** Redrawn only when changed, so that a reader's selection and scroll position survive. */
  drawLists({ switches, errors, errorCount, segmentsByHost }) {
    if (switches.length !== this.shownSwitches) {
      this.shownSwitches = switches.length;
      byId('switch-count').textContent = Math.max(0, switches.length - 1);
      byId('switches').replaceChildren(...switches.map(switchLine));
    }
    if (errorCount !== this.shownErrors) {
      this.shownErrors = errorCount;
      byId('error-count').textContent = errorCount;
      byId('errors').replaceChildren(...errors.map((text) => element('li', {}, text)));
    }
    const hosts = Object.keys(segmentsByHost);
    if (hosts.join() !== this.shownHosts) {
      this.shownHosts = hosts.join();
      byId('legend').replaceChildren(...hosts.map((host) => element('li', {},
        element('span', { class: `swatch ${this.colours.of(host)}` }), applianceName(host))));
    }
  }
}

function switchLine({ at_s, from, to }) {
  const what = from ? `${applianceName(from)} → ${applianceName(to)}` : `starts at ${applianceName(to)}`;
  return element('li', {}, `${at_s.toFixed(1)} s: ${what}`);
}
