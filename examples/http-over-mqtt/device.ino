// A web service behind nothing but MQTT: Porchlight's HTTP over MQTT on an ESP32 or ESP8266.
// The contract is docs/reference/http-over-mqtt.md. CI does not compile this file; device.py beside it is
// run by a test. Needs the library PubSubClient.

#include <WiFi.h>
#include <WiFiClientSecure.h>
#include <PubSubClient.h>

const char *WIFI_NAME = "…", *WIFI_PASSWORD = "…";
const char *RELAY = "relay.example.net";
const char *NAME = "shed";              // the device's name at the relay
const char *PASSWORD = "plm_…";         // made in the dashboard, on the page of the device
extern const char RELAY_CA[];           // PEM of the authority that signed the relay's certificate

WiFiClientSecure network;
PubSubClient mqtt(network);
char topic[64];

// Sends one line and, for an answer, what follows it.
void say(const String &head, const String &body = "") {
  snprintf(topic, sizeof topic, "device/%s/rpc/response", NAME);
  String message = head + body;
  mqtt.publish(topic, (const uint8_t *)message.c_str(), message.length());
}

void onMessage(char *, uint8_t *payload, unsigned length) {
  // request <id> <more|last> <deadline> <service> <method> <target>
  char line[256] = {0};
  for (unsigned i = 0; i < length && i < sizeof line - 1 && payload[i] != '\n'; i++) line[i] = payload[i];
  char id[17], more[5], service[30], method[8], target[160];
  if (sscanf(line, "request %16s %4s %*s %29s %7s %159s", id, more, service, method, target) != 5) {
    return;  // "part", "ack" and "cancel" are for those who take or send more than one message
  }
  if (strcmp(more, "last") != 0) return say(String("refuse ") + id + " too_large\n");
  if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) return say(String("refuse ") + id + " denied\n");
  if (strcmp(target, "/") != 0) return say(String("response ") + id + " last 404\n\n");
  say(String("response ") + id + " last 200\ncontent-type: application/json\n\n",
      String("{\"uptime\":") + millis() / 1000 + "}");
}

void setup() {
  WiFi.begin(WIFI_NAME, WIFI_PASSWORD);
  while (WiFi.status() != WL_CONNECTED) delay(100);
  network.setCACert(RELAY_CA);
  mqtt.setServer(RELAY, 8883);
  mqtt.setBufferSize(2048 + 64);  // the longest message by default, and its topic
  mqtt.setCallback(onMessage);
}

void loop() {
  if (mqtt.loop()) return;
  if (!mqtt.connect(NAME, NAME, PASSWORD)) return delay(5000);
  snprintf(topic, sizeof topic, "device/%s/rpc/request", NAME);
  mqtt.subscribe(topic);
  snprintf(topic, sizeof topic, "device/%s/rpc/services", NAME);
  mqtt.publish(topic, "{\"rpc\":1,\"services\":[\"web\"]}");
}
