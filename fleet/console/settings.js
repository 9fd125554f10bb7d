// The settings Headend ships for each player, and why. `stock` is the player as its authors ship it;
// `stock-10s` the same with our buffer, which shows what the other settings are worth.
//
// What they are for: when the appliance that serves a viewer dies or falls silent, the viewer sees
// nothing, with ten seconds of video in the buffer. A dead machine refuses connections and every
// player notices at once. A silent one answers nothing: the players' own limits are 10 to 30 s,
// several times over, which is longer than any buffer. So the budget is: notice, change host and
// fetch the next segments within less than one buffer, and leave a good half of it in hand.
// Measured results are in docs/players.md.

import { pathwayFirst } from './pathway-first.js';

// Ten seconds is five segments of two seconds: enough to lose one host and even the next one, and
// little enough that a viewer who leaves has not cost much.
const BUFFER_S = 10;

// A segment's first byte comes from RAM or one disk read inside the viewer's own provider: tens of
// milliseconds. Two seconds is far outside that, and a lost SYN (retransmitted after 1 s) still
// passes.
const FIRST_BYTE_MS = 2000;

// The whole of a two-second segment, for the player that cannot time the first byte alone. One and
// a half times the segment: slower than that, the rate adaptation abandons the request by itself.
// Titles with longer segments need it in proportion.
const WHOLE_SEGMENT_MS = 3000;

/** hls.js: `new Hls(hlsSettings(...))`. */
export function hlsSettings(kind, Hls, contentId) {
  if (kind === 'stock') return {};
  const buffer = {
    maxBufferLength: BUFFER_S,
    // Without this cap hls.js goes on to 60 MB: minutes, at the bitrates of a small screen.
    maxMaxBufferLength: BUFFER_S,
  };
  if (kind === 'stock-10s') return buffer;
  return {
    ...buffer,
    fragLoadPolicy: {
      default: {
        maxTimeToFirstByteMs: FIRST_BYTE_MS,
        // hls.js has no limit for a pause in the middle, so the whole request carries it. Slow links
        // are stepped down by the rate adaptation well before.
        maxLoadTimeMs: 6000,
        // No second try at the same host: it costs another FIRST_BYTE_MS of the buffer, and the
        // next host is known to be good.
        timeoutRetry: null,
        // Nor after an error: stock retries six times with a growing pause (15 s on a 503).
        errorRetry: null,
      },
    },
    // Media playlists come from the appliances too, and after a change of pathway every rendition's
    // playlist is fetched anew. Same reasoning as for segments.
    playlistLoadPolicy: {
      default: { maxTimeToFirstByteMs: FIRST_BYTE_MS, maxLoadTimeMs: 5000, timeoutRetry: null, errorRetry: null },
    },
    // The multivariant playlist comes from the fleet and has no second place to come from: retry.
    manifestLoadPolicy: {
      default: {
        maxTimeToFirstByteMs: 5000,
        maxLoadTimeMs: 10000,
        timeoutRetry: { maxNumRetry: 2, retryDelayMs: 0, maxRetryDelayMs: 0 },
        errorRetry: { maxNumRetry: 3, retryDelayMs: 500, maxRetryDelayMs: 4000 },
      },
    },
    // Playback goes on without steering, so it may fail quickly; it is asked again after its TTL.
    steeringManifestLoadPolicy: {
      default: { maxTimeToFirstByteMs: 3000, maxLoadTimeMs: 5000, timeoutRetry: null, errorRetry: null },
    },
    // hls.js tries a dead host's other renditions first; this makes it change host. See there.
    errorController: pathwayFirst(Hls.DefaultConfig.errorController),
    // In the query: a header would make every segment a preflighted request.
    cmcd: { contentId, useHeaders: false },
  };
}

/** dash.js: `player.updateSettings(dashSettings(...))`. */
export function dashSettings(kind, contentId) {
  if (kind === 'stock') return {};
  const buffer = {
    bufferTimeDefault: BUFFER_S,
    bufferTimeAtTopQuality: BUFFER_S,
    bufferTimeAtTopQualityLongForm: BUFFER_S,
  };
  if (kind === 'stock-10s') return { streaming: { buffer } };
  return {
    streaming: {
      buffer,
      // dash.js times the whole request, connecting included; it has no limit for the first byte.
      fragmentRequestTimeout: WHOLE_SEGMENT_MS,
      // Once bytes have come, silence between them is a clearer sign than total time.
      fragmentRequestProgressTimeout: FIRST_BYTE_MS,
      manifestRequestTimeout: 5000,
      // A retry goes to the same host; only when retries are used up is the host set aside and the
      // next one asked. Stock would spend four requests of 20 s on a silent host.
      retryAttempts: { MediaSegment: 0, InitializationSegment: 0, IndexSegment: 0, MPD: 3 },
      retryIntervals: { MPD: 500 },
      // Without steering data the set-aside lasts this long (with it, dash.js uses the steering
      // TTL). Stock never forgives, and with the last host gone playback ends.
      blacklistExpiryTime: 30,
      applyContentSteering: true,
      cmcd: { enabled: true, mode: 'query', cid: contentId },
    },
  };
}

/** shaka: `player.configure(shakaSettings(...))`. */
export function shakaSettings(kind, contentId) {
  if (kind === 'stock') return {};
  if (kind === 'stock-10s') return { streaming: { bufferingGoal: BUFFER_S } };
  return {
    streaming: {
      bufferingGoal: BUFFER_S,
      retryParameters: {
        // Each attempt goes to the next host in the steering order, so attempts are cheap here and
        // a few of them walk through all three candidates.
        maxAttempts: 4,
        // The next host is another machine: waiting before asking it helps nobody.
        baseDelay: 50,
        backoffFactor: 1.5,
        fuzzFactor: 0.5,
        // Until the first bytes of the body, not just until the connection stands.
        connectionTimeout: FIRST_BYTE_MS,
        stallTimeout: FIRST_BYTE_MS,
        timeout: 20000,
      },
    },
    manifest: {
      // Media playlists come from the appliances, like segments; steering and the first playlist
      // come from the fleet, and share these limits.
      retryParameters: { maxAttempts: 4, baseDelay: 100, connectionTimeout: FIRST_BYTE_MS, stallTimeout: FIRST_BYTE_MS, timeout: 10000 },
    },
    cmcd: { enabled: true, useHeaders: false, contentId },
  };
}
