// Puts the page together: reads the address, fills the form, starts playbacks, keeps the view fresh.
//
//   ?player=hls|dash|shaka  &settings=shipped|stock|stock-10s  &title=group/title  &autoplay=1
//   &format=hls|dash        for shaka, which speaks both
//
// `window.headend` is for whoever drives the page: { ready, player, state() }.

import { ApplianceTable } from './appliance-table.js';
import { element } from './element.js';
import { Facts } from './facts.js';
import * as fleet from './fleet-client.js';
import { HostColours } from './host-colours.js';
import { Playback } from './playback.js';
import { askToLogIn } from './log-in.js';
import { Timeline } from './timeline.js';
import { Trust } from './trust.js';

const VIEW_EVERY_MS = 250;
const APPLIANCES_EVERY_MS = 2000;

const query = new URLSearchParams(location.search);
const form = document.getElementById('choice');
const video = document.getElementById('video');
const message = document.getElementById('message');

const colours = new HostColours();
const facts = new Facts(colours);
const timeline = new Timeline(document.getElementById('timeline'), colours);
const table = new ApplianceTable(document.getElementById('appliances'), colours);
const trust = new Trust(document.getElementById('trust'));

let titles = [];
let appliances = [];
let playback = null;

window.headend = {
  ready: false,
  get player() {
    return playback?.adapter.hls ?? playback?.adapter.player ?? null;
  },
  state() {
    return playback?.state() ?? null;
  },
};

function say(text, bad = false) {
  message.textContent = text;
  message.classList.toggle('bad', bad);
}

function preselect() {
  for (const name of ['player', 'settings', 'title']) {
    const wanted = query.get(name);
    const select = form.elements[name];
    if (wanted && [...select.options].some((option) => option.value === wanted)) select.value = wanted;
  }
}

function fillTitles() {
  form.elements.title.replaceChildren(...titles.map((item) =>
    element('option', { value: `${item.group}/${item.title}` }, item.name || item.title)));
}

/** The address always says what is playing, so that it can be sent to somebody else. */
function rememberChoice() {
  for (const name of ['player', 'settings', 'title']) query.set(name, form.elements[name].value);
  history.replaceState(null, '', `?${query}`);
}

async function play() {
  const chosen = form.elements.title.value;
  const title = titles.find((item) => `${item.group}/${item.title}` === chosen);
  if (!title) {
    say('The fleet has no title to play yet.', true);
    return;
  }
  say('');
  try {
    const last = playback;
    playback = null;
    await last?.stop();
    timeline.clear();
    playback = new Playback({
      video,
      title,
      player: form.elements.player.value,
      settings: form.elements.settings.value,
      format: query.get('format'),
    });
    await playback.start();
  } catch (error) {
    playback?.stats.error(error.message ?? error);
    say(`Playback did not start: ${error.message ?? `player error ${error.code}`}`, true);
  }
}

function refreshView() {
  if (!playback) return;
  const state = playback.state();
  facts.draw(state);
  if (!video.paused && !video.ended) {
    timeline.add({ host: state.servingHost, bufferSeconds: state.bufferSeconds, stalled: playback.stalls.stalled });
  }
}

async function refreshAppliances() {
  try {
    appliances = await fleet.appliances();
    table.draw(appliances, window.headend.state());
    await trust.check(appliances);
  } catch (error) {
    if (error instanceof fleet.NotKnown) askToLogIn();
    // The fleet may be down; playback goes on without it, and so does this page.
  }
  setTimeout(refreshAppliances, APPLIANCES_EVERY_MS);
}

async function start() {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    rememberChoice();
    play();
  });
  setInterval(refreshView, VIEW_EVERY_MS);
  refreshAppliances();
  try {
    titles = await fleet.titles();
    fillTitles();
  } catch (error) {
    if (error instanceof fleet.NotKnown) return askToLogIn();
    say(`The fleet does not say which titles it has: ${error.message}`, true);
  }
  preselect();
  // Not awaited: a playback that never gets its first byte must not keep the page from being asked.
  if (query.get('autoplay') === '1') play();
  window.headend.ready = true;
}

start();
