/* As much of Arduino as the example uses, around a wire and a clock that a test holds in its hands. */
#include <stdint.h>
#include <string.h>

#define HIGH 1
#define LOW 0
#define OUTPUT 1
enum { A0 = 14, A1, A2 };

static uint8_t pins[32], wire_in[65536], wire_out[65536];
static uint16_t readings[32], in_at, in_end, out_end;
static unsigned long now_ms;

static unsigned long millis() { return now_ms; }
static void pinMode(uint8_t, uint8_t) {}
static void digitalWrite(uint8_t pin, uint8_t level) { pins[pin] = level; }
static void analogWrite(uint8_t pin, int duty) { pins[pin] = (uint8_t)duty; }
static int analogRead(uint8_t pin) { return readings[pin]; }

static struct {
    void begin(long) {}
    int available() { return in_end - in_at; }
    int read() { return wire_in[in_at++]; }
    void write(const uint8_t *data, uint16_t size) { memcpy(wire_out + out_end, data, size); out_end = (uint16_t)(out_end + size); }
} Serial;

void setup();
void loop();

extern "C" void begin() { setup(); }
extern "C" void set_reading(int pin, int reading) { readings[pin] = (uint16_t)reading; }
extern "C" int pin_level(int pin) { return pins[pin]; }
extern "C" int run(const uint8_t *data, int size, int ms, uint8_t *answer)
{
    memcpy(wire_in, data, (size_t)size);
    in_at = 0, in_end = (uint16_t)size, out_end = 0;
    do
        loop();
    while (ms-- > 0 && ++now_ms);
    memcpy(answer, wire_out, out_end);
    return out_end;
}
