// One colour per host, the same everywhere on the page, given out in order of appearance.

const COLOURS = 6;

export class HostColours {
  constructor() {
    this.hosts = new Map();
  }

  /** A class name; the colours themselves, for both themes, are in console.css. */
  of(host) {
    if (!this.hosts.has(host)) this.hosts.set(host, (this.hosts.size % COLOURS) + 1);
    return `host-${this.hosts.get(host)}`;
  }
}
