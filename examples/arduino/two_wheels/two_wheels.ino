/* A robot with two wheels and three distance sensors on an Arduino; its brain is at the other end of the cable.
 * Copy runtime_c/neurula_wire.h beside this file, then upload it as any sketch. docs/WIRE.md says what the messages mean. */
#include "neurula_wire.h"

const uint8_t WHEELS = 2, SENSORS = 3;
const uint8_t SPEED_PIN[WHEELS] = {5, 6};      /* PWM: left, right */
const uint8_t BACKWARD_PIN[WHEELS] = {7, 8};   /* high: the wheel turns backward */
const uint8_t SENSOR_PIN[SENSORS] = {A0, A1, A2};
const unsigned long SENSE_MS = 20, FAILSAFE_MS = 200;

static nrw_decoder decoder;
static uint8_t out[NRW_FRAME_BYTES], payload[NRW_PAYLOAD_BYTES];
static unsigned long sensed_ms, moved_ms;
static uint16_t sense_sequence, motor_sequence;
static bool subscribed, moved, stopped;
static uint32_t session;

static void send(uint8_t type, uint16_t sequence, int bytes)
{
    if (bytes >= 0)
        Serial.write(out, nrw_encode(out, type, 0, sequence, payload, (uint8_t)bytes));
}

static void turn(uint8_t wheel, int16_t value)
{
    uint16_t speed = (uint16_t)(value < 0 ? -(int32_t)value : value);
    digitalWrite(BACKWARD_PIN[wheel], value < 0 ? HIGH : LOW);
    analogWrite(SPEED_PIN[wheel], speed >= 32768u ? 255 : speed >> 7);
}

static void halt()
{
    for (uint8_t wheel = 0; wheel < WHEELS; wheel++)
        turn(wheel, 0);
    moved = false;
}

static void refuse(const nrw_frame &frame)
{
    nrw_error error = {};
    const bool greeted = session != 0 || frame.type == NRW_GREET; /* else: it has restarted, and the host shall greet it anew */
    const char *text = greeted ? "this robot has no brain of its own" : "there is no session: greet first";
    memcpy(error.code, greeted ? "F131" : "F138", 4);
    error.text = (const uint8_t *)text;
    error.text_bytes = (uint8_t)strlen(text);
    send(NRW_ERROR, frame.sequence, nrw_pack_error(payload, &error));
}

static void greet(const nrw_frame &frame)
{
    nrw_greet asked;
    nrw_hello hello = {};
    if (!nrw_unpack_greet(frame.payload, frame.payload_bytes, &asked) || asked.wire_fingerprint != NRW_FINGERPRINT) {
        refuse(frame);
        return;
    }
    if (asked.session != session) { /* another host: its values count from their own beginning */
        session = asked.session;
        motor_sequence = 0;
        subscribed = false;
        halt();
    }
    hello.session = session;
    hello.wire_fingerprint = NRW_FINGERPRINT;
    hello.failsafe_ms = FAILSAFE_MS;
    hello.slot = 255;
    hello.stopped = stopped;
    hello.board = (const uint8_t *)"two_wheels";
    hello.board_bytes = 10;
    hello.boot_reason = hello.refusal = hello.board; /* of no length: empty */
    send(NRW_HELLO, frame.sequence, nrw_pack_hello(payload, &hello));
}

static void move(const nrw_frame &frame)
{
    nrw_motor motor;
    nrw_values values;
    if (!nrw_unpack_motor(frame.payload, frame.payload_bytes, &motor) || !nrw_newer(frame.sequence, motor_sequence))
        return;
    motor_sequence = frame.sequence;
    moved_ms = millis();
    moved = true;
    values = nrw_values_of(motor.values, motor.values_bytes);
    while (!stopped && nrw_next_value(&values) > 0)
        if (values.channel < WHEELS)
            turn(values.channel, values.value);
}

static void answer(const nrw_frame &frame)
{
    nrw_subscribe wish;
    if (frame.type == NRW_GREET) {
        greet(frame);
    } else if (frame.type == NRW_PING) {
        memcpy(payload, frame.payload, frame.payload_bytes);
        send(NRW_PONG, frame.sequence, frame.payload_bytes);
    } else if (frame.type == NRW_ESTOP) {
        stopped = true;
        halt();
        send(NRW_ACK, frame.sequence, 0);
    } else if (frame.type == NRW_MOTOR && session) {
        move(frame);
    } else if (frame.type == NRW_RELEASE && session) {
        stopped = false;
        send(NRW_ACK, frame.sequence, 0);
    } else if (frame.type == NRW_SUBSCRIBE && session && nrw_unpack_subscribe(frame.payload, frame.payload_bytes, &wish)) {
        subscribed = wish.every != 0;
        send(NRW_ACK, frame.sequence, 0);
    } else if (frame.flags & NRW_FLAG_NEEDS_ACK) {
        refuse(frame);
    }
}

static void sense()
{
    int16_t seen[SENSORS];
    for (uint8_t i = 0; i < SENSORS; i++)
        seen[i] = (int16_t)(analogRead(SENSOR_PIN[i]) << 5); /* 10 bits */
    send(NRW_SENSE, ++sense_sequence, (int)(nrw_put_values(payload, 0, seen, SENSORS) - payload));
}

void setup()
{
    for (uint8_t wheel = 0; wheel < WHEELS; wheel++) {
        pinMode(SPEED_PIN[wheel], OUTPUT);
        pinMode(BACKWARD_PIN[wheel], OUTPUT);
    }
    halt();
    Serial.begin(115200);
}

void loop()
{
    nrw_frame frame;
    while (Serial.available() > 0)
        if (nrw_feed(&decoder, (uint8_t)Serial.read(), &frame))
            answer(frame);
    if (moved && millis() - moved_ms >= FAILSAFE_MS - 1)
        halt(); /* the brain has gone */
    if (subscribed && millis() - sensed_ms >= SENSE_MS) {
        sensed_ms = millis();
        sense();
    }
}
