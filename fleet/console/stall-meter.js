// Counts the moments in which the picture stood still although it should have moved.
//
// It watches `currentTime` instead of believing `waiting`: players nudge, seek and pause behind the
// page's back, and a viewer only sees whether the picture moves.

const TICK_MS = 100;
// Below this a viewer sees nothing, and `currentTime` itself moves in steps.
const STALL_AFTER_MS = 250;
// A title's last frame may never be reached to the millisecond; standing there is not a stall.
const END_MARGIN_S = 0.3;

export class StallMeter {
  constructor(video) {
    this.video = video;
    this.count = 0;
    this.totalMs = 0;
    this.started = false;
    this.frozenMs = 0;
    this.lastTime = video.currentTime;
    this.lastTick = performance.now();
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  /** The picture stands still right now, and has for longer than a viewer forgives. */
  get stalled() {
    return this.frozenMs > STALL_AFTER_MS;
  }

  /** A stall that is still going on counts up to now. */
  get seconds() {
    return (this.totalMs + (this.stalled ? this.frozenMs : 0)) / 1000;
  }

  tick() {
    const now = performance.now();
    const elapsed = now - this.lastTick;
    this.lastTick = now;
    const time = this.video.currentTime;
    const moved = time !== this.lastTime;
    this.lastTime = time;
    if (!this.started) {
      // Time to the first frame is start-up, not a stall.
      this.started = moved && !this.video.paused && !this.video.seeking;
      return;
    }
    if (moved || !this.shouldMove(time)) {
      this.close();
      return;
    }
    const before = this.stalled;
    this.frozenMs += elapsed;
    if (!before && this.stalled) this.count += 1;
  }

  shouldMove(time) {
    const { paused, ended, duration } = this.video;
    return !paused && !ended && !(time >= duration - END_MARGIN_S);
  }

  close() {
    if (this.stalled) this.totalMs += this.frozenMs;
    this.frozenMs = 0;
  }

  stop() {
    clearInterval(this.timer);
    this.close();
  }
}
