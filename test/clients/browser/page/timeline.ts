import { EventStatus, EventType, type MatrixClient, type MatrixEvent, RelationType, type Room } from 'matrix-js-sdk';

export interface TimelineActions {
  edit(eventId: string, body: string): void;
  react(eventId: string, key: string): void;
  remove(eventId: string): void;
}

/** pictures by `mxc:` address, fetched once: they need the access token, which an `img` element does not send */
const pictures = new Map<string, Promise<string>>();

function pictureOf(client: MatrixClient, mxc: string): Promise<string> {
  const known = pictures.get(mxc);
  if (known !== undefined) return known;
  const fetched = (async () => {
    const url = client.mxcUrlToHttp(mxc, undefined, undefined, undefined, false, true, true);
    if (url === null) throw new Error(`no address of a file: ${mxc}`);
    const response = await fetch(url, { headers: { authorization: `Bearer ${client.getAccessToken()}` } });
    if (!response.ok) throw new Error(`the picture was not given: ${response.status}`);
    return URL.createObjectURL(await response.blob());
  })();
  pictures.set(mxc, fetched);
  return fetched;
}

function span(className: string, text: string): HTMLElement {
  const made = document.createElement('span');
  made.className = className;
  made.textContent = text;
  return made;
}

function button(text: string, label: string, act: () => void): HTMLButtonElement {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  made.setAttribute('aria-label', label);
  made.addEventListener('click', act);
  return made;
}

const messageType: string = EventType.RoomMessage;

const isMessage = (event: MatrixEvent): boolean =>
  event.getType() === messageType && !event.isRelation(RelationType.Replace);

/** Draws the messages of a room, with what was said about them. */
export function showTimeline(list: HTMLElement, client: MatrixClient, room: Room, actions: TimelineActions): void {
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 40;
  const events = room
    .getLiveTimeline()
    .getEvents()
    .filter((event) => isMessage(event));
  list.replaceChildren(...events.map((event) => item(client, room, event, actions)));
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function item(client: MatrixClient, room: Room, event: MatrixEvent, actions: TimelineActions): HTMLLIElement {
  const made = document.createElement('li');
  const eventId = event.getId() ?? '';
  made.dataset['eventId'] = eventId;
  made.append(span('sender', event.sender?.name ?? event.getSender() ?? ''));
  if (event.isRedacted()) {
    made.append(span('notice', 'deleted'));
    return made;
  }
  const { body = '', msgtype, url } = event.getContent<{ body?: string; msgtype?: string; url?: string }>();
  made.append(span('body', body));
  if (event.replacingEvent() !== null) made.append(span('edited', ' (edited)'));
  if (event.status !== null && event.status !== EventStatus.SENT) made.append(span('edited', ` (${event.status})`));
  if (msgtype === 'm.image' && url !== undefined) made.append(picture(client, url, body));
  const offered = document.createElement('span');
  offered.className = 'actions';
  if (event.getSender() === client.getUserId()) {
    if (msgtype === 'm.text') offered.append(button('edit', `Edit “${body}”`, () => actions.edit(eventId, body)));
    offered.append(button('delete', `Delete “${body}”`, () => actions.remove(eventId)));
  }
  offered.append(button('👍', `Like “${body}”`, () => actions.react(eventId, '👍')));
  made.append(offered, reactions(room, eventId, actions));
  return made;
}

function picture(client: MatrixClient, mxc: string, alt: string): HTMLImageElement {
  const image = document.createElement('img');
  image.alt = alt;
  pictureOf(client, mxc).then(
    (source) => (image.src = source),
    (error: unknown) => (image.alt = `${alt}: ${String(error)}`),
  );
  return image;
}

function reactions(room: Room, eventId: string, actions: TimelineActions): HTMLElement {
  const line = document.createElement('div');
  line.className = 'reactions';
  const related = room.relations.getChildEventsForEvent(eventId, RelationType.Annotation, EventType.Reaction);
  for (const [key, events] of related?.getSortedAnnotationsByKey() ?? []) {
    if (events.size > 0)
      line.append(button(`${key} ${events.size}`, `${key} ${events.size}`, () => actions.react(eventId, key)));
  }
  return line;
}
