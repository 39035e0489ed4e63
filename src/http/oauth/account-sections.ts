import { html } from 'hono/html';

import type { Device } from '../../user/devices/device-store.ts';
import type { Html } from './page.ts';
import { PATHS } from './paths.ts';

const hidden = (formToken: string): Html => html`<input type="hidden" name="form_token" value="${formToken}" />`;

/** The name that others see. */
export function profileSection(formToken: string, displayname: string | undefined): Html {
  return html`<h2>Profile</h2>
    <form method="post">
      ${hidden(formToken)}
      <label for="displayname">Name that others see</label>
      <input id="displayname" name="displayname" autocomplete="name" maxlength="256" value="${displayname ?? ''}" />
      <button name="action" value="profile">Save the name</button>
    </form>`;
}

export function passwordSection(formToken: string, username: string): Html {
  return html`<h2>Password</h2>
    <form method="post">
      ${hidden(formToken)}
      <input type="text" name="username" autocomplete="username" value="${username}" hidden />
      <label for="password">Present password</label>
      <input id="password" name="password" type="password" autocomplete="current-password" required />
      <label for="new-password">New password</label>
      <input id="new-password" name="new_password" type="password" autocomplete="new-password" required />
      <label for="again">New password once more</label>
      <input id="again" name="again" type="password" autocomplete="new-password" required />
      <label class="choice"><input type="checkbox" name="logout" value="yes" /> Sign out all sessions</label>
      <button name="action" value="password">Change the password</button>
    </form>`;
}

export function sessionsSection(formToken: string, devices: readonly Device[], isWhole: boolean): Html {
  const items = devices.map((device) => sessionItem(device, formToken));
  return html`<h2>Sessions</h2>
    ${
      items.length === 0
        ? html`<p>There is no such session.</p>`
        : html`<ul>
            ${items}
          </ul>`
    }
    ${isWhole ? '' : html`<p><a href="${PATHS.account}">The whole account</a></p>`}`;
}

export const closingLink = (): Html =>
  html`<h2>Close the account</h2>
    <p><a href="${PATHS.account}?action=org.matrix.account_deactivate">Close this account for ever</a></p>`;

export function closingSection(formToken: string): Html {
  return html`<h2>Close the account</h2>
    <p>
      The account is gone for ever: it leaves all rooms, its sessions end, and nobody can have its name again. This
      cannot be taken back.
    </p>
    <form method="post">
      ${hidden(formToken)}
      <label class="choice">
        <input type="checkbox" name="erase" value="yes" /> Hide what I wrote from those who join my rooms later
      </label>
      <label for="closing-password">Password</label>
      <input id="closing-password" name="password" type="password" autocomplete="current-password" required />
      <button name="action" value="close">Close the account for ever</button>
    </form>
    <p><a href="${PATHS.account}">Keep the account</a></p>`;
}

export const NOT_ASKED = 'No app of yours asks for this now. Begin in the app: it opens this page again';

/** @param device which one asks for new keys; `undefined`: none does. */
export function resetSection(formToken: string, device: Device | undefined): Html {
  return html`<h2>Reset the cryptographic identity</h2>
    ${
      device === undefined
        ? html`<p>${NOT_ASKED}.</p>`
        : html`<p>
              Your session <strong>${device.displayName ?? device.deviceId}</strong> (${device.deviceId}) asks for new
              keys by which other people and your own sessions know you. Allow it only if you have just begun this
              there.
            </p>
            <p>
              Your other sessions have to be verified anew, people you talk to are told that your identity has changed,
              and encrypted messages that only the old keys lead to cannot be read any more.
            </p>
            <form method="post">
              ${hidden(formToken)}
              <button name="action" value="reset">Allow the reset</button>
            </form>`
    }
    <p><a href="${PATHS.account}">Leave the keys as they are</a></p>`;
}

export function leavingSection(formToken: string): Html {
  return html`<form method="post">
    ${hidden(formToken)}
    <button class="other" name="action" value="logout">Leave this page</button>
  </form>`;
}

function sessionItem({ deviceId, displayName, lastSeenTs, lastSeenIp }: Device, formToken: string): Html {
  const seen = lastSeenTs === undefined ? 'never' : new Date(lastSeenTs).toISOString().slice(0, 16).replace('T', ' ');
  return html`<li>
    <strong>${displayName ?? deviceId}</strong> (${deviceId}), last seen ${seen}${seen === 'never' ? '' : ' UTC'}
    ${lastSeenIp === undefined ? '' : `from ${lastSeenIp}`}
    <form method="post">
      ${hidden(formToken)}
      <input type="hidden" name="device_id" value="${deviceId}" />
      <button class="other" name="action" value="end" aria-label="Sign out ${displayName ?? deviceId}">Sign out</button>
    </form>
  </li>`;
}
