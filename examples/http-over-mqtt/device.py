#!/usr/bin/env python3
"""A web service behind nothing but MQTT: Porchlight's HTTP over MQTT, in Python with paho.

    python3 device.py --host relay.example.net --user shed --password-file password.txt

The contract is docs/reference/http-over-mqtt.md. Needs python3-paho-mqtt (1.6 or 2.x).
"""
import argparse
import json
import pathlib
import ssl
import sys

import paho.mqtt.client as mqtt

LONGEST_MESSAGE = 16 * 1024  # what we take, as we announce it
PART = 32 * 1024  # body bytes of one message of an answer that has several
WINDOW = 8  # messages of an answer that may be on their way unacknowledged


class Answer:
    """An answer on its way: the relay acknowledges its messages, and only then may more of them go."""

    def __init__(self, body, status=200, content_type="text/plain"):
        self.status, self.content_type, self.body = status, content_type, body
        self.sent = 0  # messages


class Device:
    """Speaks the contract; `handle(method, target, fields, body)` gives an Answer, or the name of a refusal."""

    def __init__(self, client, name, handle):
        self.client, self.handle = client, handle
        self.base = f"device/{name}/rpc/"
        self.requests = {}  # id -> [first line, fields, body so far, messages]
        self.answers = {}  # id -> Answer

    def begin(self):
        """To be called after each connect."""
        self.requests.clear()
        self.answers.clear()
        self.client.subscribe(self.base + "request")
        services = {
            "rpc": 1,
            "services": ["web"],
            "agent": "device.py 1",
            "max": LONGEST_MESSAGE,
            "window": 4,
            "concurrent": 8,
        }
        self.client.publish(self.base + "services", json.dumps(services))

    def message(self, payload):
        head, _, body = payload.partition(b"\n\n")
        line, *lines = head.decode("latin-1").rstrip("\n").split("\n")
        word, request, *rest = line.split(" ")
        if word == "request":
            fields = dict(one.split(": ", 1) for one in lines)
            self.requests[request] = [rest, fields, body, 1]
            self.taken(request, rest[0])
        elif word == "part" and request in self.requests:
            self.requests[request][2] += body
            self.requests[request][3] += 1
            self.taken(request, rest[0])
        elif word == "ack" and request in self.answers:
            self.send_more(request, int(rest[0]))
        elif word == "cancel":
            self.requests.pop(request, None)
            self.answers.pop(request, None)

    def taken(self, request, more):
        (first, fields, body, messages) = self.requests[request]
        if more == "more":
            self.say(f"ack {request} {messages}\n")
            return
        del self.requests[request]
        _more, _deadline, _service, method, target = first
        answer = self.handle(method, target, fields, body)
        if isinstance(answer, str):
            self.say(f"refuse {request} {answer}\n")
            return
        self.answers[request] = answer
        self.send_more(request, 0)

    def send_more(self, request, taken):
        answer = self.answers[request]
        while answer.sent < taken + WINDOW:
            part = answer.body[answer.sent * PART : (answer.sent + 1) * PART]
            last = (answer.sent + 1) * PART >= len(answer.body)
            word = "last" if last else "more"
            if answer.sent == 0:
                head = f"response {request} {word} {answer.status}\ncontent-type: {answer.content_type}\n\n"
            else:
                head = f"part {request} {word} {answer.sent}\n\n"
            self.say(head, part)
            answer.sent += 1
            if last:
                del self.answers[request]
                return

    def say(self, head, body=b""):
        self.client.publish(self.base + "response", head.encode("latin-1") + body)


def handle(method, target, fields, body):
    """The web service itself."""
    if target == "/":
        return Answer(b"hello from python\n")
    if target == "/echo":
        return Answer(body, content_type=fields.get("content-type", "application/octet-stream"))
    if target == "/secret":
        return "denied"
    return Answer(f"nothing at {target}\n".encode("latin-1"), 404)


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--host", required=True)
    options.add_argument("--port", type=int, default=8883)
    options.add_argument("--user", required=True, help="the name of the device")
    options.add_argument("--password-file", required=True)
    options.add_argument("--ca", help="authority of the relay, when the system does not know it")
    options.add_argument("--insecure-plain", action="store_true", help="no TLS: on a trial relay on this machine")
    given = options.parse_args()

    version = [mqtt.CallbackAPIVersion.VERSION1] if hasattr(mqtt, "CallbackAPIVersion") else []
    client = mqtt.Client(*version, client_id="device.py")
    client.username_pw_set(given.user, pathlib.Path(given.password_file).read_text().strip())
    if not given.insecure_plain:
        client.tls_set(ca_certs=given.ca, tls_version=ssl.PROTOCOL_TLS_CLIENT)
    device = Device(client, given.user, handle)

    def connected(_client, _data, _flags, code):
        if code != 0:
            sys.exit(f"the relay refused the connection: {mqtt.connack_string(code)}")
        device.begin()

    client.on_connect = connected
    client.on_message = lambda _client, _data, message: device.message(message.payload)
    client.connect(given.host, given.port, keepalive=30)
    client.loop_forever()


if __name__ == "__main__":
    main()
