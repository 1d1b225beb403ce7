/* An Arduino Uno on simavr, its wire, its clock and its pins in the hands of whoever loads this library. */
#include <stdlib.h>
#include <string.h>
#include <simavr/avr_adc.h>
#include <simavr/avr_ioport.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>

enum { FIFO = 65536, CLOCK_HZ = 16000000, MILLIVOLTS = 5000 };
enum { TCCR0A = 0x44, OCR0A = 0x47, OCR0B = 0x48 };

typedef struct {
    avr_t *avr;
    avr_irq_t *uart_in;
    uint8_t in[FIFO], out[FIFO];
    uint32_t in_at, in_end, out_end;
    int may_send;
} uno;

static void said(struct avr_irq_t *irq, uint32_t value, void *param)
{
    uno *u = param;
    (void)irq;
    if (u->out_end < FIFO)
        u->out[u->out_end++] = (uint8_t)value;
}

static void feed(uno *u)
{
    while (u->may_send && u->in_at < u->in_end)
        avr_raise_irq(u->uart_in, u->in[u->in_at++]);
    if (u->in_at == u->in_end)
        u->in_at = u->in_end = 0;
}

static void may_send(struct avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq;
    (void)value;
    ((uno *)param)->may_send = 1;
    feed(param);
}

static void must_wait(struct avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq;
    (void)value;
    ((uno *)param)->may_send = 0;
}

static void no_sleep(avr_t *avr, avr_cycle_count_t cycles)
{
    (void)avr;
    (void)cycles;
}

uno *uno_open(const char *path)
{
    elf_firmware_t firmware;
    uno *u = calloc(1, sizeof(uno));
    uint32_t flags = 0;
    memset(&firmware, 0, sizeof(firmware));
    if (elf_read_firmware(path, &firmware) || !(u->avr = avr_make_mcu_by_name("atmega328p")))
        return NULL;
    avr_init(u->avr);
    firmware.frequency = CLOCK_HZ;
    avr_load_firmware(u->avr, &firmware);
    u->avr->vcc = u->avr->avcc = u->avr->aref = MILLIVOLTS;
    u->avr->sleep = no_sleep;
    u->avr->log = LOG_ERROR;
    avr_ioctl(u->avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
    flags &= ~(uint32_t)(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POOL_SLEEP);
    avr_ioctl(u->avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    u->uart_in = avr_io_getirq(u->avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    avr_irq_register_notify(avr_io_getirq(u->avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), said, u);
    avr_irq_register_notify(avr_io_getirq(u->avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XON), may_send, u);
    avr_irq_register_notify(avr_io_getirq(u->avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XOFF), must_wait, u);
    return u;
}

void uno_send(uno *u, const uint8_t *data, uint32_t size)
{
    if (u->in_end + size > FIFO)
        size = FIFO - u->in_end;
    memcpy(u->in + u->in_end, data, size);
    u->in_end += size;
    feed(u);
}

/* Until the cycle, or until it has said something; 0 when the program has ended or crashed. */
int uno_run(uno *u, uint64_t until)
{
    uint32_t before = u->out_end;
    while (u->avr->cycle < until && u->out_end == before) {
        int state = avr_run(u->avr);
        if (state == cpu_Done || state == cpu_Crashed)
            return 0;
    }
    return 1;
}

uint64_t uno_cycle(uno *u) { return u->avr->cycle; }

uint32_t uno_take(uno *u, uint8_t *to)
{
    uint32_t size = u->out_end;
    memcpy(to, u->out, size);
    u->out_end = 0;
    return size;
}

void uno_set_analog(uno *u, int input, int millivolts)
{
    avr_raise_irq(avr_io_getirq(u->avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC0 + input), (uint32_t)millivolts);
}

/* The level of a digital pin, 0 or 1. */
int uno_pin(uno *u, int pin)
{
    avr_ioport_state_t state;
    avr_ioctl(u->avr, AVR_IOCTL_IOPORT_GETSTATE(pin < 8 ? 'D' : 'B'), &state);
    return state.port >> (pin & 7) & state.ddr >> (pin & 7) & 1;
}

/* The share of time for which pin 5 or 6 is high, 0 to 255. */
int uno_duty(uno *u, int pin)
{
    int compares = u->avr->data[TCCR0A] & (pin == 6 ? 0x80 : 0x20);
    return compares ? u->avr->data[pin == 6 ? OCR0A : OCR0B] : 255 * uno_pin(u, pin);
}

void uno_close(uno *u)
{
    avr_terminate(u->avr);
    free(u);
}
