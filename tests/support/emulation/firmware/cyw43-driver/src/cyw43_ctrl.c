// The Wi-Fi as MicroPython calls it, for the emulated one.
//
// The radio has power, and takes its time to come up, when the real driver (georgerobotics/cyw43-driver, cyw43_ctrl.c and
// cyw43_ll.c) gives it: on the first use of any kind, the LED's too, until deinit.
#include <string.h>

#include "cyw43.h"
#include "hardware/gpio.h"

#define POWER_UP_MS (20 + 50)   // that the real driver waits between off and on, and then for the chip
#define LOADED_MS   (150)       // after that, at least, its firmware is loaded and set up
#define SWITCH_ON_MS (50 + 50)  // after that, until it can join

cyw43_t cyw43_state;

void cyw43_init(cyw43_t *self) {
    // A locally administered address; the emulator's own has the same with another end.
    static const uint8_t mac[6] = { 0x02, 0, 0, 0, 0, 0x02 };
    memset(self, 0, sizeof(*self));
    memcpy(self->mac, mac, sizeof(mac));
    gpio_init(CYW43_PIN_WL_HOST_WAKE);
    CYW43_REGISTERS->power = 0;
}

void cyw43_deinit(cyw43_t *self) {
    if (!CYW43_REGISTERS->power) {
        return;
    }
    CYW43_THREAD_ENTER;
    if (self->up) {
        cyw43_netif_remove(self);
    }
    cyw43_init(self);
    CYW43_THREAD_EXIT;
}

// Not with CYW43_THREAD_ENTER: the chip idles meanwhile, where the real driver lets it turn in a loop.
static void ensure_up(cyw43_t *self) {
    if (!CYW43_REGISTERS->power) {
        mp_hal_delay_ms(POWER_UP_MS);
        CYW43_REGISTERS->power = 1;
        self->powered_at = mp_hal_ticks_ms();
    }
}

// Runs as PendSV, when the Wi-Fi has raised its line: the link has changed, or frames wait.
void cyw43_poll(void) {
    cyw43_t *self = &cyw43_state;
    bool linked = CYW43_REGISTERS->status == CYW43_LINK_UP;
    if (self->up) {
        struct netif *netif = &self->netif[CYW43_ITF_STA];
        if (linked && !netif_is_link_up(netif)) {
            netif_set_link_up(netif);
        } else if (!linked && netif_is_link_up(netif)) {
            netif_set_link_down(netif);
        }
    }
    size_t length;
    while ((length = CYW43_REGISTERS->rx_length) != 0) {
        cyw43_netif_receive(self, length);
    }
    CYW43_POST_POLL_HOOK
}

void cyw43_wifi_set_up(cyw43_t *self, int itf, bool up, uint32_t country) {
    (void)country;
    // Down: the real driver does nothing for a station.
    if (itf != CYW43_ITF_STA || !up || self->up) {
        return;
    }
    ensure_up(self);
    uint32_t since = mp_hal_ticks_ms() - self->powered_at;
    mp_hal_delay_ms((since < LOADED_MS ? LOADED_MS - since : 0) + SWITCH_ON_MS);
    CYW43_THREAD_ENTER;
    cyw43_netif_add(self);
    self->up = true;
    CYW43_THREAD_EXIT;
}

int cyw43_wifi_join(cyw43_t *self, size_t ssid_len, const uint8_t *ssid, size_t key_len, const uint8_t *key,
    uint32_t auth_type, const uint8_t *bssid, uint32_t channel) {
    (void)auth_type;
    (void)bssid;
    (void)channel;
    if (!self->up) {
        return -CYW43_EPERM;
    }
    if (key == NULL) {
        key_len = 0; // MicroPython leaves it undefined
    }
    if (ssid_len > sizeof(self->join.ssid) || key_len > sizeof(self->join.key)) {
        return -CYW43_EINVAL;
    }
    cyw43_wifi_leave(self, CYW43_ITF_STA);
    memset(&self->join, 0, sizeof(self->join));
    self->join.ssid_length = ssid_len;
    memcpy(self->join.ssid, ssid, ssid_len);
    self->join.key_length = key_len;
    if (key_len > 0) {
        memcpy(self->join.key, key, key_len);
    }
    CYW43_REGISTERS->join = (uint32_t)&self->join;
    return 0;
}

int cyw43_wifi_leave(cyw43_t *self, int itf) {
    (void)itf;
    ensure_up(self);
    CYW43_THREAD_ENTER;
    CYW43_REGISTERS->leave = 1;
    if (self->up) {
        netif_set_link_down(&self->netif[CYW43_ITF_STA]);
    }
    CYW43_THREAD_EXIT;
    return 0;
}

int cyw43_wifi_link_status(cyw43_t *self, int itf) {
    if (itf != CYW43_ITF_STA || !self->up) {
        return CYW43_LINK_DOWN;
    }
    int status = (int)CYW43_REGISTERS->status;
    // The link being up says nothing of an address.
    return status == CYW43_LINK_UP ? CYW43_LINK_JOIN : status;
}

int cyw43_wifi_get_mac(cyw43_t *self, int itf, uint8_t mac[6]) {
    (void)itf;
    memcpy(mac, self->mac, 6);
    return 0;
}

int cyw43_wifi_get_rssi(cyw43_t *self, int32_t *rssi) {
    if (!self->up) {
        return -CYW43_EPERM;
    }
    *rssi = (int32_t)CYW43_REGISTERS->rssi;
    return 0;
}

int cyw43_wifi_pm(cyw43_t *self, uint32_t pm) {
    self->pm = pm;
    return 0;
}

int cyw43_wifi_get_pm(cyw43_t *self, uint32_t *pm) {
    *pm = self->pm;
    return 0;
}

int cyw43_gpio_set(cyw43_t *self, int gpio, bool value) {
    ensure_up(self);
    uint32_t pins = CYW43_REGISTERS->gpio & ~(1u << gpio);
    CYW43_REGISTERS->gpio = pins | (uint32_t)value << gpio;
    return 0;
}

int cyw43_gpio_get(cyw43_t *self, int gpio, bool *value) {
    ensure_up(self);
    *value = CYW43_REGISTERS->gpio >> gpio & 1;
    return 0;
}

int cyw43_ioctl(cyw43_t *self, uint32_t cmd, size_t len, uint8_t *buf, uint32_t iface) {
    (void)iface;
    ensure_up(self);
    if (cmd == CYW43_IOCTL_GET_SSID && len >= sizeof(uint32_t) + sizeof(self->join.ssid)) {
        memcpy(buf, &self->join, sizeof(uint32_t) + sizeof(self->join.ssid));
    } else if (cmd == CYW43_IOCTL_GET_CHANNEL || cmd == CYW43_IOCTL_GET_ANTDIV || cmd == CYW43_IOCTL_GET_VAR) {
        memset(buf, 0, len);
    }
    return 0;
}

int cyw43_wifi_scan(cyw43_t *self, cyw43_wifi_scan_options_t *opts, void *env,
    int (*result_cb)(void *, const cyw43_ev_scan_result_t *)) {
    (void)opts;
    (void)env;
    (void)result_cb;
    return self->up ? 0 : -CYW43_EPERM;
}

bool cyw43_wifi_scan_active(cyw43_t *self) {
    (void)self;
    return false;
}

void cyw43_wifi_ap_set_ssid(cyw43_t *self, size_t len, const uint8_t *buf) {
}

void cyw43_wifi_ap_get_ssid(cyw43_t *self, size_t *len, const uint8_t **buf) {
    *len = 0;
    *buf = NULL;
}

void cyw43_wifi_ap_set_password(cyw43_t *self, size_t len, const uint8_t *buf) {
}

void cyw43_wifi_ap_set_auth(cyw43_t *self, uint32_t auth) {
}

uint32_t cyw43_wifi_ap_get_auth(cyw43_t *self) {
    return CYW43_AUTH_OPEN;
}

void cyw43_wifi_ap_set_channel(cyw43_t *self, uint32_t channel) {
}

void cyw43_wifi_ap_get_stas(cyw43_t *self, int *num_stas, uint8_t *macs) {
    *num_stas = 0;
}
