// What one playback has seen so far: who served which segment, when that changed, what went wrong.
// Fed by the player adapters, read by the page and by whatever drives it.

const ERRORS_KEPT = 20;
const SWITCHES_KEPT = 500;

export class Stats {
  constructor() {
    this.startedAt = performance.now();
    this.servingHost = null;
    this.segmentsByHost = {};
    this.switches = [];
    this.errors = [];
    this.errorCount = 0;
  }

  get age() {
    return (performance.now() - this.startedAt) / 1000;
  }

  /** A media segment arrived whole. Playlists and initialisation segments are not reported here. */
  segment({ url, bytes }) {
    let host;
    try {
      host = new URL(url, location.href).hostname;
    } catch {
      return;
    }
    const seen = (this.segmentsByHost[host] ??= { count: 0, bytes: 0 });
    seen.count += 1;
    seen.bytes += bytes;
    if (host === this.servingHost) return;
    this.switches.push({ at_s: round(this.age), from: this.servingHost, to: host });
    if (this.switches.length > SWITCHES_KEPT) this.switches.shift();
    this.servingHost = host;
  }

  error(text) {
    this.errorCount += 1;
    this.errors.push({ at_s: round(this.age), text: String(text).slice(0, 300) });
    if (this.errors.length > ERRORS_KEPT) this.errors.shift();
  }
}

export function round(value) {
  return Math.round(value * 1000) / 1000;
}
