// Asks who is there, where the fleet does not know it, and begins anew once it does.

import { logIn } from './session.js';

const form = document.getElementById('log-in');

export function askToLogIn() {
  if (!form.hidden) return;
  form.hidden = false;
  form.elements.name.focus();
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const message = form.querySelector('output');
  message.textContent = '';
  try {
    await logIn(form.elements.name.value, form.elements.password.value);
    location.reload();
  } catch (error) {
    form.elements.password.value = '';
    message.textContent = error.message;
  }
});
