// By what the fleet knows who asks.
//
// A link may bring a token in its fragment (#token=…), which browsers send to nobody. It is taken
// out of the address at once and kept for as long as this tab is open.

const KEY = 'headend.token';
const DEADLINE_MS = 10000;

export function token() {
  return sessionStorage.getItem(KEY) ?? '';
}

/** Gives a token for a name and a password; says why where there is none. */
export async function logIn(name, password) {
  const response = await fetch('/api/v1/sessions', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name, password }),
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail);
  sessionStorage.setItem(KEY, answer.token);
}

function takeFromAddress() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const brought = fragment.get('token');
  if (!brought) return;
  sessionStorage.setItem(KEY, brought);
  history.replaceState(null, '', location.pathname + location.search);
}

takeFromAddress();
