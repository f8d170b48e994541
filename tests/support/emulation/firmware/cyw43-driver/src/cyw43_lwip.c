// The network interface of the emulated Wi-Fi: Ethernet frames between lwIP and the registers.
#include <string.h>

#include "cyw43.h"
#include "lwip/ethip6.h"
#include "lwip/etharp.h"
#include "netif/ethernet.h"

#define MTU (1500)
#define MAX_FRAME (MTU + 14)

static uint8_t frame[MAX_FRAME];

static err_t send_frame(struct netif *netif, struct pbuf *p) {
    (void)netif;
    if (p->tot_len > MAX_FRAME) {
        return ERR_BUF;
    }
    const void *data = p->payload;
    if (p->next != NULL) {
        pbuf_copy_partial(p, frame, p->tot_len, 0);
        data = frame;
    }
    CYW43_REGISTERS->tx_length = p->tot_len;
    CYW43_REGISTERS->tx = (uint32_t)data;
    return ERR_OK;
}

int cyw43_send_ethernet(cyw43_t *self, int itf, size_t len, const void *buf, bool is_pbuf) {
    (void)itf;
    if (!self->up || is_pbuf || len > MAX_FRAME) {
        return -CYW43_EINVAL;
    }
    CYW43_REGISTERS->tx_length = len;
    CYW43_REGISTERS->tx = (uint32_t)buf;
    return 0;
}

static err_t init_netif(struct netif *netif) {
    netif->linkoutput = send_frame;
    netif->output = etharp_output;
    netif->output_ip6 = ethip6_output;
    netif->mtu = MTU;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP | NETIF_FLAG_MLD6;
    memcpy(netif->hwaddr, ((cyw43_t *)netif->state)->mac, 6);
    netif->hwaddr_len = 6;
    netif->name[0] = 'w';
    netif->name[1] = '0';
    return ERR_OK;
}

void cyw43_netif_add(cyw43_t *self) {
    struct netif *netif = &self->netif[CYW43_ITF_STA];
    netif_add(netif, IP4_ADDR_ANY4, IP4_ADDR_ANY4, IP4_ADDR_ANY4, self, init_netif, ethernet_input);
    netif_set_hostname(netif, CYW43_HOST_NAME);
    netif_set_default(netif);
    netif_set_up(netif);
    dhcp_set_struct(netif, &self->dhcp_client);
    dhcp_start(netif);
    CYW43_CB_TCPIP_INIT_EXTRA(self, CYW43_ITF_STA);
}

void cyw43_netif_remove(cyw43_t *self) {
    struct netif *netif = &self->netif[CYW43_ITF_STA];
    CYW43_CB_TCPIP_DEINIT_EXTRA(self, CYW43_ITF_STA);
    dhcp_stop(netif);
    netif_remove(netif);
    memset(netif, 0, sizeof(*netif));
    memset(&self->dhcp_client, 0, sizeof(self->dhcp_client));
}

// A frame that finds no memory is lost, as on the air.
void cyw43_netif_receive(cyw43_t *self, size_t length) {
    struct pbuf *p = self->up && length <= MAX_FRAME ? pbuf_alloc(PBUF_RAW, length, PBUF_POOL) : NULL;
    if (p == NULL) {
        CYW43_REGISTERS->rx = 0;
        return;
    }
    CYW43_REGISTERS->rx = (uint32_t)frame;
    pbuf_take(p, frame, length);
    struct netif *netif = &self->netif[CYW43_ITF_STA];
    if (netif->input(p, netif) != ERR_OK) {
        pbuf_free(p);
    }
}

int cyw43_tcpip_link_status(cyw43_t *self, int itf) {
    struct netif *netif = &self->netif[CYW43_ITF_STA];
    if (itf == CYW43_ITF_STA && self->up && netif_is_up(netif) && netif_is_link_up(netif)) {
        return ip4_addr_isany(netif_ip4_addr(netif)) ? CYW43_LINK_NOIP : CYW43_LINK_UP;
    }
    return cyw43_wifi_link_status(self, itf);
}
