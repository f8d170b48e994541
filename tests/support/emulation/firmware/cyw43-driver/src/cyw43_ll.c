// The SDK's list of source files names this one; the registers need no code.
#include "cyw43_ll.h"
