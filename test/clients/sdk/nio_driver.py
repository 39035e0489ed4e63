"""
Drives matrix-nio for the tests: one request for each line of the input, `{"id", "client", "method", "params"}`, one
answer for each line of the output, `{"id", "result"}` or `{"id", "error"}`. One process serves many clients, by number.
"""

import asyncio
import base64
import io
import json
import logging
import sys

from nio import (
    AsyncClient,
    AsyncClientConfig,
    ErrorResponse,
    Event,
    InviteEvent,
    ReceiptType,
    ResizingMethod,
    RoomPreset,
    SyncResponse,
)

logging.getLogger("nio").setLevel(logging.CRITICAL)


class Refused(Exception):
    """The server said no."""


def granted(response):
    if isinstance(response, ErrorResponse):
        raise Refused(f"{response.status_code} {response.message}")
    return response


class Driver:
    """One user at one device. Each method that has no underscore is a request."""

    def __init__(self):
        self.nio = None
        self.following = None
        self.timelines = {}
        self.memberships = {}

    def _use(self, base_url):
        config = AsyncClientConfig(backoff_factor=0.05, max_timeout_retry_wait_time=1)
        self.nio = AsyncClient(base_url, config=config)
        self.nio.add_event_callback(self._on_event, Event)
        self.nio.add_event_callback(self._on_invite, InviteEvent)
        self.nio.add_response_callback(self._on_sync, SyncResponse)

    async def _on_event(self, room, event):
        timeline = self.timelines.setdefault(room.room_id, [])
        if all(seen["event_id"] != event.event_id for seen in timeline):
            timeline.append(event.source)

    async def _on_invite(self, room, event):
        self.memberships[room.room_id] = "invite"

    async def _on_sync(self, response):
        for room_id in response.rooms.join:
            self.memberships[room_id] = "join"
        for room_id in response.rooms.leave:
            self.memberships[room_id] = "leave"

    def _credentials(self):
        return {
            "userId": self.nio.user_id,
            "deviceId": self.nio.device_id,
            "accessToken": self.nio.access_token,
        }

    async def register(self, base_url, username, password):
        self._use(base_url)
        granted(await self.nio.register(username, password))
        return self._credentials()

    async def login(self, base_url, username, password):
        self._use(base_url)
        self.nio.user = username
        granted(await self.nio.login(password))
        return self._credentials()

    async def logout(self):
        granted(await self.nio.logout())

    async def start(self):
        await self.nio.run_response_callbacks([granted(await self.nio.sync(timeout=0))])
        self.following = asyncio.create_task(self.nio.sync_forever(timeout=30_000))

    async def stop(self):
        if self.following is None:
            return
        self.following.cancel()
        await asyncio.gather(self.following, return_exceptions=True)
        self.following = None

    async def close(self):
        await self.stop()
        await self.nio.close()

    async def createRoom(self, room):
        return granted(
            await self.nio.room_create(
                preset=RoomPreset(room["preset"]),
                name=room.get("name"),
                topic=room.get("topic"),
                alias=room.get("room_alias_name"),
                invite=room.get("invite", ()),
                initial_state=room.get("initial_state", ()),
            )
        ).room_id

    async def join(self, room):
        return granted(await self.nio.join(room)).room_id

    async def invite(self, room_id, user_id):
        granted(await self.nio.room_invite(room_id, user_id))

    async def leave(self, room_id):
        granted(await self.nio.room_leave(room_id))

    async def kick(self, room_id, user_id, reason):
        granted(await self.nio.room_kick(room_id, user_id, reason))

    async def ban(self, room_id, user_id, reason):
        granted(await self.nio.room_ban(room_id, user_id, reason))

    async def unban(self, room_id, user_id):
        granted(await self.nio.room_unban(room_id, user_id))

    async def sendText(self, room_id, text):
        return await self.sendEvent(room_id, "m.room.message", {"msgtype": "m.text", "body": text})

    async def sendEvent(self, room_id, kind, content):
        return granted(await self.nio.room_send(room_id, kind, content)).event_id

    async def sendState(self, room_id, kind, state_key, content):
        return granted(await self.nio.room_put_state(room_id, kind, content, state_key)).event_id

    async def redact(self, room_id, event_id, reason):
        return granted(await self.nio.room_redact(room_id, event_id, reason)).event_id

    async def setTyping(self, room_id, typing):
        granted(await self.nio.room_typing(room_id, typing))

    async def sendReceipt(self, room_id, event_id):
        granted(await self.nio.update_receipt_marker(room_id, event_id, ReceiptType.read))

    async def history(self, room_id, limit):
        events, start = [], None
        while True:
            page = granted(await self.nio.room_messages(room_id, start=start, limit=limit))
            events += [event.source for event in page.chunk]
            if page.end is None:
                return events
            start = page.end

    async def event(self, room_id, event_id):
        return granted(await self.nio.room_get_event(room_id, event_id)).event.source

    async def joinedMembers(self, room_id):
        return [member.user_id for member in granted(await self.nio.joined_members(room_id)).members]

    async def upload(self, body, kind, name):
        content = base64.b64decode(body)
        answer, _ = await self.nio.upload(io.BytesIO(content), kind, name, filesize=len(content))
        return granted(answer).content_uri

    async def download(self, mxc):
        answer = granted(await self.nio.download(mxc))
        return {"body": base64.b64encode(answer.body).decode(), "type": answer.content_type}

    async def thumbnail(self, mxc, side):
        server, media = mxc.removeprefix("mxc://").split("/")
        answer = granted(await self.nio.thumbnail(server, media, side, side, ResizingMethod.crop))
        return base64.b64encode(answer.body).decode()

    async def setDisplayName(self, name):
        granted(await self.nio.set_displayname(name))

    async def profile(self, user_id):
        answer = granted(await self.nio.get_profile(user_id))
        fields = {"displayname": answer.displayname, "avatar_url": answer.avatar_url}
        return {name: value for name, value in fields.items() if value is not None}

    async def createAlias(self, alias, room_id):
        granted(await self.nio.room_put_alias(alias, room_id))

    async def resolveAlias(self, alias):
        return granted(await self.nio.room_resolve_alias(alias)).room_id

    async def relations(self, room_id, event_id):
        return [event.source async for event in self.nio.room_get_event_relations(room_id, event_id)]

    async def threads(self, room_id):
        return [event.source async for event in self.nio.room_get_threads(room_id)]

    async def setPresence(self, presence, message):
        granted(await self.nio.set_presence(presence, message))

    async def presenceOf(self, user_id):
        answer = granted(await self.nio.get_presence(user_id))
        return {"presence": answer.presence, "message": answer.status_msg}

    async def knock(self, room_id, reason):
        return granted(await self.nio.room_knock(room_id, reason)).room_id

    async def upgrade(self, room_id, version):
        return granted(await self.nio.room_upgrade(room_id, version)).room_id

    async def readMarkers(self, room_id, event_id):
        granted(await self.nio.room_read_markers(room_id, event_id, event_id))

    async def context(self, room_id, event_id):
        answer = granted(await self.nio.room_context(room_id, event_id, limit=2))
        around = [*reversed(answer.events_before), answer.event, *answer.events_after]
        return [event.source for event in around]

    async def hierarchy(self, space_id):
        return [room["room_id"] for room in granted(await self.nio.space_get_hierarchy(space_id)).rooms]

    async def publicRooms(self, words):
        answer = granted(await self.nio.list_public_rooms(filter_generic_search_term=words))
        return [room.room_id for room in answer.public_rooms]

    async def endDevices(self, devices, password):
        challenge = await self.nio.delete_devices(devices)
        auth = {
            "type": "m.login.password",
            "user": self.nio.user_id,
            "password": password,
            "session": challenge.session,
        }
        granted(await self.nio.delete_devices(devices, auth))

    async def devices(self):
        return [device.id for device in granted(await self.nio.devices()).devices]

    async def timeline(self, room_id):
        return self.timelines.get(room_id, [])

    async def membership(self, room_id):
        return self.memberships.get(room_id)

    async def membershipOf(self, room_id, user_id):
        room = self.nio.rooms.get(room_id)
        if room is None:
            return None
        if user_id in room.invited_users:
            return "invite"
        return "join" if user_id in room.users else "leave"

    async def state(self, room_id, kind, state_key):
        answer = await self.nio.room_get_state_event(room_id, kind, state_key)
        return None if isinstance(answer, ErrorResponse) else answer.content

    async def typing(self, room_id):
        room = self.nio.rooms.get(room_id)
        return [] if room is None else room.typing_users

    async def readUpTo(self, room_id, user_id):
        room = self.nio.rooms.get(room_id)
        if room is None:
            return None
        of_main = room.threaded_read_receipts.get(user_id, {}).get("main")
        receipts = [receipt for receipt in (room.read_receipts.get(user_id), of_main) if receipt is not None]
        return max(receipts, key=lambda receipt: receipt.timestamp).event_id if receipts else None


async def answer(drivers, request):
    try:
        driver = drivers.setdefault(request["client"], Driver())
        result = await getattr(driver, request["method"])(*request["params"])
        reply = {"id": request["id"], "result": result}
    except Exception as error:  # whatever it is, the test that asked is told
        reply = {"id": request["id"], "error": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)


async def main():
    drivers, tasks = {}, set()
    reader = asyncio.StreamReader(limit=1 << 24)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        task = asyncio.create_task(answer(drivers, json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


asyncio.run(main())
