// The players are classic scripts that put themselves on `window`; each is fetched when first chosen.

const loaded = new Map();

export function loadScript(path) {
  if (!loaded.has(path)) {
    loaded.set(path, new Promise((resolve, reject) => {
      const script = document.createElement('script');
      script.src = new URL(path, import.meta.url).href;
      script.onload = resolve;
      script.onerror = () => {
        loaded.delete(path);
        reject(new Error(`${path} did not load; was "npm ci" run in fleet/console?`));
      };
      document.head.append(script);
    }));
  }
  return loaded.get(path);
}
