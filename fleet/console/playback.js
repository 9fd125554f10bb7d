// One playback from start to stop: a player, its settings, and everything measured about it.

import { DashAdapter } from './dash-adapter.js';
import { HlsAdapter } from './hls-adapter.js';
import { ShakaAdapter } from './shaka-adapter.js';
import { StallMeter } from './stall-meter.js';
import { Stats, round } from './stats.js';

const ADAPTERS = { hls: HlsAdapter, dash: DashAdapter, shaka: ShakaAdapter };

export class Playback {
  constructor({ video, player, settings, title, format }) {
    const Adapter = ADAPTERS[player];
    if (!Adapter) throw new Error(`no player called ${player}`);
    this.video = video;
    this.player = player;
    this.settings = settings;
    this.title = title;
    this.url = Adapter.manifest(title, format);
    this.stats = new Stats();
    this.stalls = new StallMeter(video);
    this.adapter = new Adapter({ video, settings, stats: this.stats, contentId: `${title.group}/${title.title}` });
  }

  async start() {
    await this.adapter.load(new URL(this.url, location.href).href);
    // A browser that refuses to play leaves its own play button, which works as well.
    await this.video.play().catch((refusal) => this.stats.error(`play: ${refusal.message}`));
  }

  async stop() {
    this.stalls.stop();
    await this.adapter.destroy();
    this.video.removeAttribute('src');
    this.video.load();
  }

  get bufferSeconds() {
    const { buffered, currentTime } = this.video;
    for (let i = 0; i < buffered.length; i += 1) {
      // The first range may begin a frame late; the player counts as inside it all the same.
      if (buffered.start(i) - 0.2 <= currentTime && currentTime <= buffered.end(i)) {
        return buffered.end(i) - currentTime;
      }
    }
    return 0;
  }

  state() {
    const { video, stats, stalls } = this;
    const rendition = this.adapter.rendition();
    return {
      player: this.player,
      settings: this.settings,
      title: `${this.title.group}/${this.title.title}`,
      playing: stalls.started && !stalls.stalled && !video.paused && !video.ended,
      ended: video.ended,
      currentTime: round(video.currentTime),
      bufferSeconds: round(this.bufferSeconds),
      stalls: stalls.count,
      stallSeconds: round(stalls.seconds),
      servingHost: stats.servingHost,
      bitrate_bps: rendition?.bitrate_bps ?? null,
      rendition: rendition?.label ?? null,
      segmentsByHost: structuredClone(stats.segmentsByHost),
      errors: stats.errors.map(({ at_s, text }) => `${at_s.toFixed(1)} s: ${text}`),
      errorCount: stats.errorCount,
      switches: structuredClone(stats.switches),
      age_s: round(stats.age),
    };
  }
}
