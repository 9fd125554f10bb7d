// Makes hls.js leave a host that gives nothing at once, and blame no other host for it.
//
// Left alone, hls.js answers a failed segment in two ways that cost a viewer his buffer:
// - it tries every other rendition on the same host, one time-out each, before another pathway;
// - when sound and picture fail together, the first failure changes the pathway and the second is
//   booked on the *new* pathway, which is then shut out for five minutes although it is healthy.
//
// `errorController` is hls.js's own place for another policy. The two numbers are its
// NetworkErrorAction and ErrorActionFlags, which it does not export.

const SEND_ALTERNATE_TO_PENALTY_BOX = 2;
const RETRY_REQUEST = 5;
const MOVE_ALL_ALTERNATES_MATCHING_HOST = 1;

const HOST_GAVE_NOTHING = new Set([
  'fragLoadError', 'fragLoadTimeOut', 'levelLoadError', 'levelLoadTimeOut',
  'audioTrackLoadError', 'audioTrackLoadTimeOut',
]);

/** A subclass of hls.js's ErrorController, for `config.errorController`. */
export function pathwayFirst(ErrorController) {
  return class PathwayFirst extends ErrorController {
    onError(event, data) {
      super.onError(event, data);
      if (data.errorAction?.action !== SEND_ALTERNATE_TO_PENALTY_BOX) return;
      if (!HOST_GAVE_NOTHING.has(data.details)) return;
      if (this.concernsCurrentPathway(data)) {
        // With no other pathway left hls.js still falls back to the rendition it had chosen.
        data.errorAction.flags |= MOVE_ALL_ALTERNATES_MATCHING_HOST;
      } else {
        data.errorAction = askCurrentPathwayAgain();
      }
    }

    /**
     * By the host of the playlist, not of the segment: segments may well live elsewhere. Redirected
     * playlists are known by where they ended up (`details.url`).
     */
    concernsCurrentPathway(data) {
      const failed = host(data.frag?.baseurl ?? data.context?.url ?? data.url);
      const playlists = [...this.hls.levels, ...this.hls.audioTracks];
      return playlists.some(({ uri, url, details }) => failed === host(uri ?? url) || failed === host(details?.url));
    }
  };
}

function askCurrentPathwayAgain() {
  return {
    action: RETRY_REQUEST,
    flags: 0,
    retryCount: 0,
    retryConfig: { maxNumRetry: 1, retryDelayMs: 0, maxRetryDelayMs: 0 },
  };
}

function host(url) {
  try {
    return new URL(Array.isArray(url) ? url[0] : url).host;
  } catch {
    return null;
  }
}
