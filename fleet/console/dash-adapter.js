// dash.js behind the page's own small player interface: load, rendition, destroy.

import { rememberFailedHosts } from './host-memory.js';
import { loadScript } from './script-loader.js';
import { dashSettings } from './settings.js';

export class DashAdapter {
  static manifest(title) {
    return title.dash_url;
  }

  constructor({ video, settings, stats, contentId }) {
    this.video = video;
    this.settings = settings;
    this.stats = stats;
    this.contentId = contentId;
  }

  async load(url) {
    await loadScript('vendor/dash.all.min.js');
    const { MediaPlayer } = window.dashjs;
    this.player = MediaPlayer().create();
    this.player.updateSettings(dashSettings(this.settings, this.contentId));
    const { events } = MediaPlayer;
    if (this.settings === 'shipped') rememberFailedHosts(this.player, events);
    this.player.on(events.FRAGMENT_LOADING_COMPLETED, (e) => this.segment(e));
    this.player.on(events.ERROR, (e) => this.error(e.error));
    this.player.initialize(this.video, url, false);
  }

  segment({ request, response, error }) {
    if (error) {
      this.stats.error(`segment failed ${withoutQuery(request.url)}`);
      return;
    }
    if (request.type !== 'MediaSegment' || !response) return;
    this.stats.segment({ url: request.url, bytes: response.byteLength });
  }

  error(error) {
    this.stats.error(`${error.code} ${withoutQuery(error.message ?? '')}`);
  }

  rendition() {
    const shown = this.player?.getCurrentRepresentationForType('video');
    if (!shown) return null;
    return { bitrate_bps: shown.bandwidth, label: `${shown.width}×${shown.height}` };
  }

  async destroy() {
    this.player?.destroy();
  }
}

function withoutQuery(text) {
  return text.replace(/\?\S*/, '');
}
