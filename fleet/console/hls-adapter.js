// hls.js behind the page's own small player interface: load, rendition, destroy.

import { loadScript } from './script-loader.js';
import { hlsSettings } from './settings.js';

// After a fatal network error hls.js stops for good; the viewer would rather have it try again.
const RESTART_AFTER_MS = 1000;

export class HlsAdapter {
  static manifest(title) {
    return title.hls_url;
  }

  constructor({ video, settings, stats, contentId }) {
    this.video = video;
    this.settings = settings;
    this.stats = stats;
    this.contentId = contentId;
  }

  async load(url) {
    await loadScript('vendor/hls.min.js');
    const { Hls } = window;
    if (!Hls.isSupported()) throw new Error('this browser has no Media Source Extensions');
    this.hls = new Hls(hlsSettings(this.settings, Hls, this.contentId));
    this.hls.on(Hls.Events.FRAG_LOADED, (_, data) => this.segment(data));
    this.hls.on(Hls.Events.ERROR, (_, data) => this.error(data));
    this.hls.loadSource(url);
    this.hls.attachMedia(this.video);
  }

  segment({ frag, networkDetails }) {
    if (frag.sn === 'initSegment') return;
    // The final address: after a redirect it is not the one that was asked for.
    const url = networkDetails?.responseURL || networkDetails?.url || frag.url;
    // Not the payload's length: it may already have been handed to the demuxer's worker.
    this.stats.segment({ url, bytes: frag.stats.loaded });
  }

  error(data) {
    // hls.js cancels its own requests when it changes pathway; nothing went wrong.
    if (data.details === window.Hls.ErrorDetails.INTERNAL_ABORTED) return;
    const where = data.frag?.url ?? data.context?.url ?? data.url ?? '';
    this.stats.error(`${data.fatal ? 'fatal ' : ''}${data.details} ${withoutQuery(where)}`);
    if (!data.fatal || this.settings !== 'shipped') return;
    if (data.type === window.Hls.ErrorTypes.MEDIA_ERROR) this.hls.recoverMediaError();
    else this.restart = setTimeout(() => this.hls.startLoad(), RESTART_AFTER_MS);
  }

  rendition() {
    const level = this.hls?.levels?.[this.hls.currentLevel];
    if (!level) return null;
    return { bitrate_bps: level.bitrate, label: `${level.width}×${level.height}` };
  }

  async destroy() {
    clearTimeout(this.restart);
    this.hls?.destroy();
  }
}

function withoutQuery(url) {
  return url.split('?')[0];
}
