// Country codes as MicroPython gives them; the emulated Wi-Fi does not use them.
#ifndef EMULATED_CYW43_COUNTRY_H
#define EMULATED_CYW43_COUNTRY_H

#define CYW43_COUNTRY(A, B, REV) ((unsigned char)(A) | ((unsigned char)(B) << 8) | ((REV) << 16))

#endif
