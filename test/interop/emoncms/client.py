"""A remote-access client of emoncms, written from its wire contract alone: user name and password over TLS, one
request at a time, and silence for what its access list does not have or its emoncms does not answer."""

import json
import queue
import sys
import urllib.parse
import urllib.request

import paho.mqtt.client as mqtt

HOST, PORT, CA, USER, PASSWORD, LOCAL, READ_KEY = sys.argv[1:8]
READ = set(
    "app/list feed/list feed/data feed/value feed/getmeta feed/timevalue feed/listwithmeta feed/fetch device/list "
    "demandshaper/get demandshaper/list input/get input/list test/test device/authcheck".split()
)
requests = queue.Queue(maxsize=1)


def connected(client, _userdata, _flags, code):
    print("connected", code, flush=True)
    client.subscribe("user/%s/request" % USER)


def received(_client, _userdata, message):
    payload = message.payload.decode()
    if payload.startswith("DISCONNECTED"):
        return
    try:
        requests.put_nowait(json.loads(payload))
    except queue.Full:
        # One at a time: whoever sends a second one loses it.
        print("lost a request", flush=True)


client = mqtt.Client("%s_python" % USER)
client.username_pw_set(USER, PASSWORD)
client.tls_set(ca_certs=CA)
client.on_connect = connected
client.on_subscribe = lambda *_: print("subscribed", flush=True)
client.on_message = received
client.connect(HOST, int(PORT), 60)
client.loop_start()

while True:
    request = requests.get()
    route = request["controller"] + "/" + request["action"]
    data = dict(request["data"]) if request["data"] else {}
    if route not in READ or "q" in data or "apikey" in data:
        print("refused", route, flush=True)
        continue
    if request["subaction"]:
        route += "/" + request["subaction"]
    data["apikey"] = READ_KEY
    url = "%s/%s.json?%s" % (LOCAL, route, urllib.parse.urlencode(data))
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            result = json.loads(answer.read())
    except (OSError, ValueError) as error:
        print("failed", error, flush=True)
        continue
    topic = "user/%s/response/%s" % (USER, request["clientId"])
    client.publish(topic, json.dumps({"request": request, "result": result}))
