// How this page writes numbers.

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Decimal units, as disks and links are sold. */
export function bytes(count) {
  if (!Number.isFinite(count)) return '–';
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${UNITS[unit]}`;
}

export function bitrate(bps) {
  if (!(bps > 0)) return '–';
  return bps >= 1e6 ? `${(bps / 1e6).toFixed(2)} Mb/s` : `${Math.round(bps / 1e3)} kb/s`;
}

export function seconds(value) {
  return Number.isFinite(value) ? `${value.toFixed(1)} s` : '–';
}

/** `oca1.site-a` out of `oca1.site-a.localhost:8443`: what an operator calls the machine. */
export function applianceName(host) {
  return host.replace(/:\d+$/, '').replace(/\.localhost$/, '');
}
