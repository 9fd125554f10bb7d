// One Chromium with one page: a method per command of the driver.

import { chromium } from 'playwright-core';
import { executable, flags, prepare } from './chromium.mjs';

// A page on this machine is ready within a second or two; a slow machine gets several times that.
const ATTEMPT_MS = 10000;

export class Browser {
  context = null;
  page = null;
  hasQuit = false;

  async launch({ profile, headless = true, ca }, timeout) {
    if (this.context) throw new Error('already launched');
    if (!profile) throw new Error('launch needs a profile folder');
    const { dataDir, env } = await prepare(profile, ca);
    this.context = await chromium.launchPersistentContext(dataDir, {
      executablePath: await executable(),
      headless,
      args: flags(),
      env,
      timeout,
      viewport: headless ? { width: 1280, height: 900 } : null,
      // The driver itself decides what happens on signals.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    return { version: this.context.browser()?.version() ?? null };
  }

  async open({ url }, timeout) {
    if (!this.context) throw new Error('launch comes first');
    await this.close_page();
    this.page = await this.context.newPage();
    let lastFailure = 'none';
    this.page.on('requestfailed', (request) => {
      lastFailure = `${request.url().split('?')[0]} ${request.failure()?.errorText}`;
    });
    const deadline = Date.now() + timeout;
    // Chromium fails every request in flight when an interface of the machine comes or goes, and a
    // page that lost one of its modules to that never becomes ready: load it again.
    while (Date.now() < deadline) {
      if (await loads(this.page, url, Math.min(ATTEMPT_MS, deadline - Date.now()))) return { url: this.page.url() };
    }
    throw new Error(`the page did not become ready; last failed request: ${lastFailure}`);
  }

  async state() {
    return { state: await this.shown().evaluate(() => window.headend?.state() ?? null) };
  }

  async screenshot({ path }, timeout) {
    if (!path) throw new Error('screenshot needs a path');
    await this.shown().screenshot({ path, timeout, fullPage: true });
    return { path };
  }

  async close_page() {
    const { page } = this;
    this.page = null;
    await page?.close();
    return {};
  }

  async quit() {
    this.hasQuit = true;
    const { context } = this;
    this.context = null;
    await context?.close();
    return {};
  }

  shown() {
    if (!this.page) throw new Error('no page is open');
    return this.page;
  }
}

async function loads(page, url, timeout) {
  try {
    await page.goto(url, { timeout, waitUntil: 'domcontentloaded' });
    await page.waitForFunction(() => window.headend?.ready === true, null, { timeout, polling: 100 });
    return true;
  } catch {
    return false;
  }
}
