// Makes dash.js remember for a while which hosts gave it nothing.
//
// dash.js sets a failed host aside for one steering TTL. With a TTL of a few seconds, which is what
// makes steering quick, it goes back to a silent host every few seconds and pays a time-out each
// time; and with two hosts silent it goes to and fro between them and never asks the third. With a
// long TTL the opposite happens: once every host is set aside it asks nobody, for good.
//
// `player.extend` is dash.js's own way to replace a method of one of its parts.

// As long as shaka does. A host that has come back can wait a minute; the others are serving.
const REMEMBER_MS = 60000;
// Between attempts when every host has failed: without it refused connections are retried without a
// pause, a thousand times a second.
const PAUSE_MS = 500;

/** Must be called before `player.initialize`: our listener has to run before dash.js picks a host. */
export function rememberFailedHosts(player, events) {
  const failures = new Failures();

  player.on(events.MANIFEST_LOADED, ({ data }) => {
    failures.offer((data?.BaseURL ?? []).map((base) => base.serviceLocation));
  });
  player.on(events.CONTENT_STEERING_REQUEST_COMPLETED, ({ currentSteeringResponseData }) => {
    failures.offer((currentSteeringResponseData?.pathwayClones ?? []).map((clone) => clone.ID));
  });
  player.on(events.FRAGMENT_LOADING_COMPLETED, ({ error, request }) => {
    if (error) failures.note(request.serviceLocation);
    else failures.forgive(request.serviceLocation);
  });
  player.extend('BlackListController', () => ({ contains: (host) => failures.excludes(host) }), true);
  player.addRequestInterceptor(async (request) => {
    if (failures.everyHostFailed()) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    return request;
  });
}

class Failures {
  constructor() {
    // Host to time, in order of time.
    this.failedAt = new Map();
    this.hosts = new Set();
  }

  /** Hosts that this title can come from. */
  offer(hosts) {
    for (const host of hosts) this.hosts.add(host);
  }

  note(host) {
    this.forgive(host);
    this.failedAt.set(host, performance.now());
  }

  forgive(host) {
    this.failedAt.delete(host);
  }

  everyHostFailed() {
    this.forgetOld();
    return this.failedAt.size > 0 && [...this.hosts].every((host) => this.failedAt.has(host));
  }

  excludes(host) {
    const everyHostFailed = this.everyHostFailed();
    if (!this.failedAt.has(host)) return false;
    // Never all of them: when every host has failed, the one that failed longest ago is next.
    return !(everyHostFailed && host === this.failedAt.keys().next().value);
  }

  forgetOld() {
    for (const [host, at] of this.failedAt) {
      if (performance.now() - at < REMEMBER_MS) return;
      this.failedAt.delete(host);
    }
  }
}
