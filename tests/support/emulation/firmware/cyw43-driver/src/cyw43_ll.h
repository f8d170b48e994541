// The registers of the emulated Wi-Fi, which ../../../chip/wifi.mjs plays: a real Pico W has its Wi-Fi chip on an SPI bus.
#ifndef EMULATED_CYW43_LL_H
#define EMULATED_CYW43_LL_H

#include <stdint.h>

typedef struct {
    volatile uint32_t power;     // write: 1 switches the radio on, 0 off
    volatile uint32_t status;    // read: a CYW43_LINK_ value; reading it takes back the request for attention
    volatile uint32_t join;      // write: address of a cyw43_join_t; it is read at once
    volatile uint32_t leave;     // write: anything
    volatile uint32_t tx_length; // write: length of the Ethernet frame that is sent next
    volatile uint32_t tx;        // write: its address; it is read at once
    volatile uint32_t rx_length; // read: length of the frame that waits, 0 if there is none
    volatile uint32_t rx;        // write: where it is copied to, 0 drops it
    volatile uint32_t gpio;      // read and write: the three pins of the Wi-Fi chip, the LED is bit 0
    volatile uint32_t rssi;      // read: dBm
} cyw43_registers_t;

typedef struct {
    uint32_t ssid_length;
    uint8_t ssid[32];
    uint32_t key_length;
    uint8_t key[64];
} cyw43_join_t;

#define CYW43_REGISTERS ((cyw43_registers_t *)0x50400000)

#endif
