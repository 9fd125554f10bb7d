// By what the fleet knows who asks.
//
// A link may bring a token in its fragment (#token=…), which browsers send to nobody. It is taken
// out of the address at once and kept for as long as this tab is open.

const KEY = 'headend.token';

export function token() {
  return sessionStorage.getItem(KEY) ?? '';
}

function takeFromAddress() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const brought = fragment.get('token');
  if (!brought) return;
  sessionStorage.setItem(KEY, brought);
  history.replaceState(null, '', location.pathname + location.search);
}

takeFromAddress();
