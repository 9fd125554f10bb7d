// shaka behind the page's own small player interface: load, rendition, destroy.

import { loadScript } from './script-loader.js';
import { shakaSettings } from './settings.js';

// shaka gives up once a request has used all its attempts; the viewer would rather have it try again.
const RESTART_AFTER_S = 1;

export class ShakaAdapter {
  /** shaka speaks both; DASH is what it is most used for. `?format=hls` asks for the other. */
  static manifest(title, format) {
    return format === 'hls' ? title.hls_url : title.dash_url;
  }

  constructor({ video, settings, stats, contentId }) {
    this.video = video;
    this.settings = settings;
    this.stats = stats;
    this.contentId = contentId;
  }

  async load(url) {
    await loadScript('vendor/shaka-player.compiled.js');
    const { shaka } = window;
    shaka.polyfill.installAll();
    this.player = new shaka.Player();
    await this.player.attach(this.video);
    this.player.configure(shakaSettings(this.settings, this.contentId));
    this.player.addEventListener('downloadcompleted', (e) => this.segment(e));
    this.player.addEventListener('downloadfailed', (e) => this.failed(e));
    this.player.addEventListener('error', (e) => this.error(e.detail));
    await this.player.load(url);
  }

  segment({ requestType, context, response }) {
    const { RequestType, AdvancedRequestType } = window.shaka.net.NetworkingEngine;
    if (requestType !== RequestType.SEGMENT) return;
    if (context?.type === AdvancedRequestType.INIT_SEGMENT) return;
    this.stats.segment({ url: response.uri, bytes: response.data.byteLength });
  }

  failed({ request, error, httpResponseCode }) {
    const url = request.uris[request.attempt % request.uris.length];
    this.stats.error(`download failed ${error?.code ?? ''} ${httpResponseCode || ''} ${url.split('?')[0]}`);
  }

  error(error) {
    this.stats.error(`${error.severity === 2 ? 'fatal ' : ''}shaka error ${error.code}`);
    const network = error.category === window.shaka.util.Error.Category.NETWORK;
    if (network && this.settings === 'shipped') this.player.retryStreaming(RESTART_AFTER_S);
  }

  rendition() {
    const shown = this.player?.getVariantTracks().find((track) => track.active);
    if (!shown) return null;
    return { bitrate_bps: shown.videoBandwidth || shown.bandwidth, label: `${shown.width}×${shown.height}` };
  }

  async destroy() {
    await this.player?.destroy();
  }
}
