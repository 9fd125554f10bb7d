// The last two minutes as bars: height is the buffer, colour the serving appliance, red a stall.

const SAMPLE_MS = 500;
const SAMPLES = 240;
const HEIGHT = 100;
const MIN_SCALE_S = 12;
const SVG = 'http://www.w3.org/2000/svg';

export class Timeline {
  constructor(element, colours) {
    this.element = element;
    this.colours = colours;
    this.samples = [];
    this.lastAt = -Infinity;
    this.svg = document.createElementNS(SVG, 'svg');
    this.svg.setAttribute('viewBox', `0 0 ${SAMPLES} ${HEIGHT}`);
    this.svg.setAttribute('preserveAspectRatio', 'none');
    element.replaceChildren(this.svg);
  }

  clear() {
    this.samples = [];
    this.draw();
  }

  add({ host, bufferSeconds, stalled }) {
    const now = performance.now();
    if (now - this.lastAt < SAMPLE_MS) return;
    this.lastAt = now;
    this.samples.push({ host, bufferSeconds, stalled });
    if (this.samples.length > SAMPLES) this.samples.shift();
    this.draw();
  }

  draw() {
    const scale_s = Math.max(MIN_SCALE_S, ...this.samples.map((sample) => sample.bufferSeconds));
    const offset = SAMPLES - this.samples.length;
    const bars = this.samples.map((sample, index) => this.bar(sample, offset + index, scale_s));
    this.svg.replaceChildren(this.gridLine(5, scale_s), this.gridLine(10, scale_s), ...bars);
  }

  bar({ host, bufferSeconds, stalled }, x, scale_s) {
    const bar = document.createElementNS(SVG, 'rect');
    const height = stalled ? HEIGHT : (bufferSeconds / scale_s) * HEIGHT;
    bar.setAttribute('x', x);
    bar.setAttribute('width', 1.05);
    bar.setAttribute('y', HEIGHT - height);
    bar.setAttribute('height', height);
    bar.setAttribute('class', stalled ? 'stalled' : `bar ${host ? this.colours.of(host) : ''}`);
    return bar;
  }

  gridLine(level_s, scale_s) {
    const line = document.createElementNS(SVG, 'line');
    const y = HEIGHT - (level_s / scale_s) * HEIGHT;
    for (const [name, value] of Object.entries({ x1: 0, x2: SAMPLES, y1: y, y2: y, class: 'grid' })) {
      line.setAttribute(name, value);
    }
    return line;
  }
}
