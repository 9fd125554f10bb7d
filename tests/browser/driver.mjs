#!/usr/bin/env node
// Drives Chromium for the demo.
//
//   node driver.mjs                                        commands on stdin, for programs
//   node driver.mjs --open URL --ca CA --profile DIR       a window for a person
//
// As a program's helper it reads one JSON object per line and answers each with one line, in order:
//
//   {"cmd":"launch","profile":DIR,"headless":true,"ca":PEM}   a fresh browser that trusts PEM
//   {"cmd":"open","url":URL}         opens (or replaces) the page, waits for window.headend.ready
//   {"cmd":"state"}                  {"ok":true,"state":window.headend.state()}
//   {"cmd":"screenshot","path":PNG}
//   {"cmd":"close_page"}
//   {"cmd":"quit"}
//
// Answers are {"ok":true,...} or {"ok":false,"error":TEXT}. A command may carry "timeout_ms".
// The browser ends with this process, whether stdin closes, a signal comes or "quit" is read.

import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Browser } from './browser.mjs';
import { openWindow } from './window.mjs';

const DEADLINE_MS = { launch: 60000, open: 30000, state: 5000, screenshot: 15000, close_page: 10000, quit: 15000 };

async function answer(browser, line) {
  try {
    const { cmd, timeout_ms, ...args } = JSON.parse(line);
    if (!Object.hasOwn(DEADLINE_MS, cmd)) throw new Error(`unknown command ${cmd}`);
    const deadline_ms = timeout_ms ?? DEADLINE_MS[cmd];
    // The command gets a little less than the whole, so that its own, better message comes first.
    const result = await within(deadline_ms, cmd, browser[cmd](args, deadline_ms * 0.95));
    return { ok: true, ...result };
  } catch (error) {
    return { ok: false, error: String(error.message ?? error).split('\n')[0] };
  }
}

function within(deadline_ms, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no result after ${deadline_ms} ms`)), deadline_ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function serveCommands() {
  const browser = new Browser();
  const leave = async (code) => {
    await within(DEADLINE_MS.quit, 'quit', browser.quit()).catch(() => {});
    process.exit(code);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.once(signal, () => leave(0));
  // The program that drives us may be gone before its answer is written.
  process.stdout.on('error', () => leave(1));
  // Leave on end of input even while a command is running.
  process.stdin.once('end', () => leave(0));
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue;
    process.stdout.write(`${JSON.stringify(await answer(browser, line))}\n`);
    if (browser.hasQuit) break;
  }
  await leave(0);
}

async function main() {
  const { values } = parseArgs({
    options: { open: { type: 'string' }, ca: { type: 'string' }, profile: { type: 'string' } },
  });
  if (!values.open) return serveCommands();
  if (!values.profile) throw new Error('--open needs --profile DIR');
  process.exitCode = await openWindow({ url: values.open, ca: values.ca, profile: values.profile });
}

main().catch((error) => {
  console.error(`driver: ${error.message}`);
  process.exit(1);
});
